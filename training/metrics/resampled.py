"""Figures of forecasts over origins, and their values on resampled customers.

A figure is the mean over origins; all forecasts share the same draws. A draw is stored as the number of times each row
is in it, so that nothing is sorted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats
from models.ranking import order_of
from training.metrics.scoring import LEAST_TOP, TOP_SHARES

Ints = npt.NDArray[np.int64]

TOP_PART = 1.5
"""Rows tried first, as a multiple of the largest top."""


class Figure(StrEnum):
    """The figures that judge a forecast."""

    AUC = "AUC"
    BRIER = "Brier"
    MONEY_FOUND = "money found"

    @property
    def sign(self) -> int:
        """1 where a larger figure is better, -1 where a smaller one is."""
        return -1 if self is Figure.BRIER else 1


@dataclass(frozen=True)
class OriginOutcomes:
    """The outcomes after one origin, row by row."""

    ids: Sequence[str]
    churned: npt.NDArray[np.bool_]
    shortfall: Floats

    def __len__(self) -> int:
        return len(self.ids)


Statistic = Callable[[Ints], float]
"""A figure of one origin from the number of times each row counts; NaN where it is undefined."""


def counted(figure: Figure, outcomes: OriginOutcomes, forecast: Floats) -> Statistic:
    """The figure of one forecast (a chance; for money found a value at risk) at one origin."""
    match figure:
        case Figure.AUC:
            return _auc(outcomes, forecast)
        case Figure.BRIER:
            squared_error = (forecast - outcomes.churned) ** 2
            return lambda counts: float(counts @ squared_error) / float(counts.sum()) if counts.any() else float("nan")
        case Figure.MONEY_FOUND:
            return _money_found(outcomes, forecast)


def over_draws(
    statistics: Mapping[str, Sequence[Statistic]], rows: Sequence[Ints], draws: Iterable[Ints]
) -> dict[str, Floats]:
    """By forecast: its figure over all rows, then over each draw.

    Args:
        statistics: by forecast, one per origin. rows: the row numbers of each origin. draws: the row numbers drawn.
    """
    total = sum(len(origin_rows) for origin_rows in rows)
    results: dict[str, list[float]] = {name: [] for name in statistics}
    for drawn in chain([np.arange(total)], draws):
        times = np.bincount(drawn, minlength=total)
        counts = [times[origin_rows] for origin_rows in rows]
        for name, figures in statistics.items():
            results[name].append(_mean([figure(count) for figure, count in zip(figures, counts, strict=True)]))
    return {name: np.array(values) for name, values in results.items()}


def _mean(figures: Sequence[float]) -> float:
    defined = [figure for figure in figures if not np.isnan(figure)]
    return float(np.mean(defined)) if defined else float("nan")


def _auc(outcomes: OriginOutcomes, chance: Floats) -> Statistic:
    order = np.argsort(chance, kind="stable")
    churned = outcomes.churned[order]
    starts = np.flatnonzero(np.diff(chance[order], prepend=-np.inf))  # equal chances are one step

    def figure(counts: Ints) -> float:
        repeats = counts[order]
        stopped = np.add.reduceat(np.where(churned, repeats, 0), starts)
        went_on = np.add.reduceat(np.where(churned, 0, repeats), starts)
        pairs = float(stopped.sum()) * float(went_on.sum())
        if pairs == 0:
            return float("nan")
        lower = np.cumsum(went_on) - went_on
        return float(np.sum(stopped * (lower + 0.5 * went_on))) / pairs

    return figure


def _money_found(outcomes: OriginOutcomes, value_at_risk: Floats) -> Statistic:
    sizes = np.array([max(LEAST_TOP, int(share * len(outcomes))) for share in TOP_SHARES])
    ranked_top = _tops(order_of(value_at_risk, outcomes.ids), outcomes.shortfall, sizes)
    best_top = _tops(np.argsort(-outcomes.shortfall, kind="stable"), outcomes.shortfall, sizes)

    def figure(counts: Ints) -> float:
        best = best_top(counts)
        return float(np.mean(ranked_top(counts) / best)) if best[0] > 0 else float("nan")

    return figure


def _tops(order: npt.NDArray[np.intp], shortfall: Floats, sizes: Ints) -> Callable[[Ints], Floats]:
    """The shortfall in the first rows of an order, by number of rows (ascending), where rows may repeat.

    A row counts once on average, so that a part a little larger than the largest size is nearly always enough.
    """
    part = order[: int(TOP_PART * sizes[-1])]

    def tops(counts: Ints) -> Floats:
        for rows in (part, order):
            repeats = counts[rows]
            reached = np.cumsum(repeats)
            if reached[-1] >= sizes[-1]:
                break
        lost = shortfall[rows]
        last = np.minimum(np.searchsorted(reached, sizes), len(rows) - 1)
        return np.asarray(np.cumsum(repeats * lost)[last] - np.maximum(reached[last] - sizes, 0) * lost[last])

    return tops
