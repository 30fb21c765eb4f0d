"""Calibration of chances at a cutoff and coverage of their intervals, by the limits of docs/design.md 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats
from training.metrics import scoring as metrics

Flags = npt.NDArray[np.bool_]

MOST_GAP = 0.02
"""Allowed gap of mean predicted and observed rate from 1,000 customers on; below that, the binomial interval."""
ENOUGH_JUDGED = 1000
MOST_ERROR_OVER_PERFECT = 0.01
SEASON_STEP = 0.05
"""A larger move of the rate since the last closed window means a season or a break."""
DECILES, LEAST_IN_CELL = 10, 50
NINETY, NINETY_FIVE = 1.645, 1.96  # normal quantiles, two-sided


@dataclass(frozen=True)
class CalibrationFigures:
    """Predicted and observed rates of one cutoff's customers.

    Attributes:
        last_rate: the observed rate of the last window closed before; NaN: there is none.
        has_year_before: the ledger holds the window one year earlier.
    """

    customers: int
    predicted: float
    observed: float
    deviation: float
    error: float
    perfect_error: float
    last_rate: float
    has_year_before: bool

    @classmethod
    def of(
        cls, chance: Floats, churned: Flags, *, last_rate: float, has_year_before: bool, seed: int
    ) -> CalibrationFigures:
        """The calibration of one cutoff's chances."""
        return cls(
            customers=len(chance),
            predicted=float(chance.mean()),
            observed=float(churned.mean()),
            deviation=float(np.sqrt(np.sum(chance * (1 - chance)))) / len(chance),
            error=metrics.calibration_error(chance, churned),
            perfect_error=metrics.perfect_calibration_error(chance, seed),
            last_rate=last_rate,
            has_year_before=has_year_before,
        )

    @property
    def gap(self) -> float:
        """Mean predicted less observed."""
        return self.predicted - self.observed

    @property
    def is_across_season_change(self) -> bool:
        """The rate moved away from that of the last closed window, and the ledger holds no year that explains it."""
        return abs(self.observed - self.last_rate) > SEASON_STEP and not self.has_year_before

    @property
    def mean_kept(self) -> bool:
        """The gap is at most 0.02 from 1,000 customers on, or within what chance alone explains."""
        within_chance = abs(self.gap) <= NINETY_FIVE * self.deviation
        return within_chance or (self.customers >= ENOUGH_JUDGED and abs(self.gap) <= MOST_GAP)

    @property
    def error_kept(self) -> bool:
        """The calibration error is at most 0.01 above the 95th percentile of a perfect forecast's."""
        return self.error <= self.perfect_error + MOST_ERROR_OVER_PERFECT


@dataclass(frozen=True)
class Cell:
    """A tenth of a cutoff's customers by chance: mean forecast, its bounds, and the observed rate."""

    customers: int
    chance: float
    low: float
    high: float
    observed: float

    @property
    def covered(self) -> bool:
        """The rate lies in the bounds, each half widened by the chance of this number of customers (90 %)."""
        noise = NINETY**2 * self.chance * (1 - self.chance) / self.customers
        below = np.sqrt((self.chance - self.low) ** 2 + noise)
        above = np.sqrt((self.high - self.chance) ** 2 + noise)
        return bool(self.chance - below <= self.observed <= self.chance + above)


def cells_of(chance: Floats, low: Floats, high: Floats, churned: Flags) -> tuple[Cell, ...]:
    """The tenths of one cutoff that hold at least 50 customers."""
    tenths = np.array_split(np.argsort(chance, kind="stable"), DECILES)
    return tuple(
        Cell(
            len(rows),
            float(chance[rows].mean()),
            float(low[rows].mean()),
            float(high[rows].mean()),
            float(churned[rows].mean()),
        )
        for rows in tenths
        if len(rows) >= LEAST_IN_CELL
    )


def coverage(cells: Sequence[Cell]) -> float:
    """Share of cells whose bounds held; NaN: there is no cell."""
    return float(np.mean([cell.covered for cell in cells])) if cells else float("nan")
