"""Here you find how log-odds become chances that mean what they say, and how sure a chance is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from features.snapshot import Floats


@dataclass(frozen=True)
class Sigmoid:
    """intercept + slope × log-odds; the slope is above 0, so the order of customers stays.

    Source: Platt 1999, Probabilistic outputs for support vector machines.
    """

    intercept: float
    slope: float

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds."""
        return self.intercept + self.slope * log_odds

    def record(self) -> dict[str, Any]:
        """The two numbers."""
        return {"kind": "sigmoid", **asdict(self)}


@dataclass(frozen=True)
class Isotonic:
    """Straight lines through (knots, values), both rising; beyond the ends they go on with ``end_slope`` (above 0).

    Source: Zadrozny & Elkan 2002, Transforming classifier scores; joined by lines so that no two customers are tied.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    end_slope: float

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds."""
        inside: Floats = np.interp(log_odds, self.knots, self.values)
        below = np.minimum(log_odds - self.knots[0], 0.0)
        above = np.maximum(log_odds - self.knots[-1], 0.0)
        return inside + self.end_slope * (below + above)

    def record(self) -> dict[str, Any]:
        """Knots, values and the slope beyond them."""
        return {"kind": "isotonic", **asdict(self)}


Curve = Sigmoid | Isotonic


@dataclass(frozen=True)
class Calibrator:
    """A curve, and how its level moves with the as-of, as base rates do over seasons and years.

    Attributes:
        curve: alike at every as-of.
        days: as-ofs, days since 1970 (UTC), rising; none where the level stays.
        offsets: log-odds added at each of them; straight lines between, the nearest one's beyond the ends.
    """

    curve: Curve
    days: tuple[float, ...] = ()
    offsets: tuple[float, ...] = ()

    def apply(self, log_odds: Floats, as_of_days: Floats) -> Floats:
        """Calibrated log-odds; a row's depend on its own log-odds and as-of alone."""
        level = np.interp(as_of_days, self.days, self.offsets) if self.days else 0.0
        return self.curve.apply(log_odds) + level

    def record(self) -> dict[str, Any]:
        """The curve's record, and the level by day."""
        return {"curve": self.curve.record(), "days": self.days, "offsets": self.offsets}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Calibrator:
        """The calibrator a record describes.

        Raises:
            KeyError, ValueError: the record is none of ours.
        """
        return cls(_curve_of(record["curve"]), tuple(record["days"]), tuple(record["offsets"]))


UNCHANGED = Calibrator(Sigmoid(0.0, 1.0))


def _curve_of(record: dict[str, Any]) -> Curve:
    match record["kind"]:
        case "sigmoid":
            return Sigmoid(float(record["intercept"]), float(record["slope"]))
        case "isotonic":
            return Isotonic(tuple(record["knots"]), tuple(record["values"]), float(record["end_slope"]))
    raise ValueError(f"no curve is of kind {record['kind']!r}")


@dataclass(frozen=True)
class IntervalMap:
    """For a calibrated log-odds: between which rates the customers with this score ended, at 90 of 100 new origins.

    Attributes:
        grid: calibrated log-odds, rising.
        low, high: rates, one per grid point; straight lines between.
        origins: contest origins it was learned from.
    """

    grid: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    origins: int

    def apply(self, log_odds: Floats, chance: Floats) -> tuple[Floats, Floats]:
        """Low and high rate of each row; the chance itself always lies between."""
        low = np.minimum(np.interp(log_odds, self.grid, self.low), chance)
        high = np.maximum(np.interp(log_odds, self.grid, self.high), chance)
        return low, high

    def record(self) -> dict[str, Any]:
        """The grid and both rates."""
        return asdict(self)

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> IntervalMap:
        """The map a record describes."""
        return cls(tuple(record["grid"]), tuple(record["low"]), tuple(record["high"]), int(record["origins"]))
