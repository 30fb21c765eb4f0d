"""Figures of forecasts over origins, and how they come out when customers are drawn anew.

A figure is the mean over origins; all forecasts see the same draws. A draw is kept as how often each row is in it, so
that nothing is sorted twice.
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
"""Times the largest top: rows that are looked at before all are."""


class Figure(StrEnum):
    """What forecasts are judged by."""

    AUC = "AUC"
    BRIER = "Brier"
    MONEY_FOUND = "money found"

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self is Figure.BRIER else 1


@dataclass(frozen=True)
class OriginOutcomes:
    """What came after one origin, row by row."""

    ids: Sequence[str]
    churned: npt.NDArray[np.bool_]
    shortfall: Floats

    def __len__(self) -> int:
        return len(self.ids)


Statistic = Callable[[Ints], float]
"""A figure of a scene in which each row stands so many times; NaN where it cannot be told."""


def counted(figure: Figure, scene: OriginOutcomes, told: Floats) -> Statistic:
    """The figure of one forecast (a chance; for money found a value at risk) at one origin."""
    match figure:
        case Figure.AUC:
            return _auc(scene, told)
        case Figure.BRIER:
            off = (told - scene.churned) ** 2
            return lambda counts: float(counts @ off) / float(counts.sum()) if counts.any() else float("nan")
        case Figure.MONEY_FOUND:
            return _money_found(scene, told)


def over_draws(
    told: Mapping[str, Sequence[Statistic]], rows: Sequence[Ints], draws: Iterable[Ints]
) -> dict[str, Floats]:
    """By forecast: its figure over all rows, then over each draw.

    ``told`` holds a counted figure per scene, ``rows`` the row numbers of each scene, a draw the row numbers drawn.
    """
    total = sum(len(each) for each in rows)
    found: dict[str, list[float]] = {name: [] for name in told}
    for drawn in chain([np.arange(total)], draws):
        times = np.bincount(drawn, minlength=total)
        counts = [times[each] for each in rows]
        for name, figures in told.items():
            found[name].append(_mean([figure(each) for figure, each in zip(figures, counts, strict=True)]))
    return {name: np.array(each) for name, each in found.items()}


def _mean(figures: Sequence[float]) -> float:
    known = [each for each in figures if not np.isnan(each)]
    return float(np.mean(known)) if known else float("nan")


def _auc(scene: OriginOutcomes, chance: Floats) -> Statistic:
    order = np.argsort(chance, kind="stable")
    churned = scene.churned[order]
    starts = np.flatnonzero(np.diff(chance[order], prepend=-np.inf))  # equal chances are one step

    def figure(counts: Ints) -> float:
        stands = counts[order]
        left = np.add.reduceat(np.where(churned, stands, 0), starts)
        stayed = np.add.reduceat(np.where(churned, 0, stands), starts)
        pairs = float(left.sum()) * float(stayed.sum())
        if pairs == 0:
            return float("nan")
        lower = np.cumsum(stayed) - stayed
        return float(np.sum(left * (lower + 0.5 * stayed))) / pairs

    return figure


def _money_found(scene: OriginOutcomes, value_at_risk: Floats) -> Statistic:
    sizes = np.array([max(LEAST_TOP, int(share * len(scene))) for share in TOP_SHARES])
    found = _tops(order_of(value_at_risk, scene.ids), scene.shortfall, sizes)
    most = _tops(np.argsort(-scene.shortfall, kind="stable"), scene.shortfall, sizes)

    def figure(counts: Ints) -> float:
        best = most(counts)
        return float(np.mean(found(counts) / best)) if best[0] > 0 else float("nan")

    return figure


def _tops(order: npt.NDArray[np.intp], shortfall: Floats, sizes: Ints) -> Callable[[Ints], Floats]:
    """The shortfall in the first so many of an order, by size (rising), where each row stands so many times.

    Rows stand once on average, so that a part a little larger than the largest size nearly always holds it.
    """
    part = order[: int(TOP_PART * sizes[-1])]

    def tops(counts: Ints) -> Floats:
        for rows in (part, order):
            stands = counts[rows]
            reached = np.cumsum(stands)
            if reached[-1] >= sizes[-1]:
                break
        lost = shortfall[rows]
        last = np.minimum(np.searchsorted(reached, sizes), len(rows) - 1)
        return np.asarray(np.cumsum(stands * lost)[last] - np.maximum(reached[last] - sizes, 0) * lost[last])

    return tops
