"""Whether chances meant what they said at a cutoff, and their intervals held; by the lines of docs/design.md 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats
from training.metrics import scoring as metrics

Flags = npt.NDArray[np.bool_]

MOST_GAP = 0.02
"""Of mean predicted and observed rate, where 1,000 and more were judged; else their binomial interval."""
ENOUGH_JUDGED = 1000
MOST_ERROR_OVER_PERFECT = 0.01
SEASON_STEP = 0.05
"""By more the rate moves from the last closed window's only where a season or a break is behind it."""
DECILES, LEAST_IN_CELL = 10, 50
NINETY, NINETY_FIVE = 1.645, 1.96  # normal quantiles, two-sided


@dataclass(frozen=True)
class CalibrationFigures:
    """What was forecast of one cutoff's customers, and what came.

    Attributes:
        last_rate: the observed rate of the window that closed last before; NaN: none did.
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
        """The rate left that of the last closed window, and the ledger could not know why."""
        return abs(self.observed - self.last_rate) > SEASON_STEP and not self.has_year_before

    @property
    def mean_kept(self) -> bool:
        """The gap is at most 0.02 where 1,000 and more were judged, or within what chance alone makes of it."""
        within_chance = abs(self.gap) <= NINETY_FIVE * self.deviation
        return within_chance or (self.customers >= ENOUGH_JUDGED and abs(self.gap) <= MOST_GAP)

    @property
    def error_kept(self) -> bool:
        """The calibration error is at most 0.01 over what a perfect forecast shows in 95 of 100 cases."""
        return self.error <= self.perfect_error + MOST_ERROR_OVER_PERFECT


@dataclass(frozen=True)
class Cell:
    """A tenth of a cutoff's customers by chance: mean forecast and bounds, and the rate that came."""

    customers: int
    chance: float
    low: float
    high: float
    observed: float

    @property
    def covered(self) -> bool:
        """The rate lies in the bounds, each half widened by what so few customers make of it (90 %)."""
        noise = NINETY**2 * self.chance * (1 - self.chance) / self.customers
        below = np.sqrt((self.chance - self.low) ** 2 + noise)
        above = np.sqrt((self.high - self.chance) ** 2 + noise)
        return bool(self.chance - below <= self.observed <= self.chance + above)


def cells_of(chance: Floats, low: Floats, high: Floats, churned: Flags) -> tuple[Cell, ...]:
    """The tenths of one cutoff that hold 50 customers and more."""
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
