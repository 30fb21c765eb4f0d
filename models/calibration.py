"""Calibration of log-odds, and how sure a calibrated chance is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.snapshot import Floats

NINETY_PERCENT = 1.645
"""Standard deviations on either side of the mean that hold 90 %."""


@dataclass(frozen=True)
class Sigmoid:
    """intercept + slope × log-odds; the slope is above 0, so that the order of customers stays.

    Source: Platt 1999, Probabilistic outputs for support vector machines.
    """

    intercept: float
    slope: float
    kind: Literal["sigmoid"] = "sigmoid"

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds."""
        return self.intercept + self.slope * log_odds


@dataclass(frozen=True)
class Isotonic:
    """Straight lines through (knots, values), both rising; beyond the ends lines of ``end_slope`` (above 0).

    Source: Zadrozny & Elkan 2002, Transforming classifier scores; joined by lines so that no customers are tied.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    end_slope: float
    kind: Literal["isotonic"] = "isotonic"

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds."""
        inside: Floats = np.interp(log_odds, self.knots, self.values)
        below = np.minimum(log_odds - self.knots[0], 0.0)
        above = np.maximum(log_odds - self.knots[-1], 0.0)
        return inside + self.end_slope * (below + above)


Curve = Sigmoid | Isotonic


@dataclass(frozen=True)
class Spread:
    """How far the rate among customers of one score may end from the chance, at a future origin; all in log-odds.

    Attributes:
        days: as-ofs, days since 1970 (UTC), rising; empty where no forecast was ever tested.
        level: standard deviation of the base rate on these days; linear in between, the nearest value beyond the ends.
        level_in_a_year: the same on the newest day if the ledger were a year longer.
        scatter: standard deviation of a score's rate around the curve.
        tilt: standard deviation of the slope, per unit of calibrated log-odds from ``centre``.
        origins: number of origins it was learned from.
    """

    days: tuple[float, ...] = ()
    level: tuple[float, ...] = ()
    level_in_a_year: float = 0.0
    scatter: float = 0.0
    tilt: float = 0.0
    centre: float = 0.0
    origins: int = 0

    def bounds(self, log_odds: Floats, as_of_days: Floats) -> tuple[Floats, Floats]:
        """Log-odds between which 90 of 100 new origins end, for calibrated log-odds; each row on its own."""
        level = np.interp(as_of_days, self.days, self.level) if self.days else np.zeros(len(as_of_days))
        return self._around(log_odds, level)

    def in_a_year(self, log_odds: Floats) -> tuple[Floats, Floats]:
        """The same on the day the newest window closed, if the ledger began a year earlier."""
        return self._around(log_odds, np.full(len(log_odds), self.level_in_a_year))

    def _around(self, log_odds: Floats, level: Floats) -> tuple[Floats, Floats]:
        tilt = self.tilt * (log_odds - self.centre)
        half = NINETY_PERCENT * np.sqrt(level * level + self.scatter * self.scatter + tilt * tilt)
        return log_odds - half, log_odds + half


@dataclass(frozen=True)
class Calibrator:
    """A curve, and a level that moves with the as-of, as base rates do over seasons and years.

    Attributes:
        curve: the same at every as-of.
        days: as-ofs, days since 1970 (UTC), rising; empty where the level is constant.
        offsets: log-odds added on these days; linear in between, the nearest value beyond the ends.
        spread: how far a rate may end from the chance.
    """

    curve: Curve
    spread: Spread
    days: tuple[float, ...] = ()
    offsets: tuple[float, ...] = ()

    def apply(self, log_odds: Floats, as_of_days: Floats) -> Floats:
        """Calibrated log-odds; those of a row depend only on its own log-odds and as-of."""
        level = np.interp(as_of_days, self.days, self.offsets) if self.days else 0.0
        return self.curve.apply(log_odds) + level


UNTRIED = Spread(scatter=0.85)
"""Of a forecast that was never tested: how far base rates are assumed to move before any was observed."""
UNCHANGED = Calibrator(Sigmoid(0.0, 1.0), UNTRIED)
