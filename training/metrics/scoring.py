"""Scores of forecasts and rankings, by the formulas of docs/design.md 6.

``weight`` is that of each row (see ``TrainingSet.weight``); None: all rows weigh the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from features.snapshot import Floats
from models.ranking import order_of

Flags = npt.NDArray[np.bool_]

BINS = 10
TOP_SHARES = (0.01, 0.05, 0.20)
LEAST_TOP = 5
PERFECT_DRAWS = 500
LEAST_OUTCOMES = 50
"""Customers without a call that a figure needs; with fewer it would be chance (docs/design.md 6)."""


def auc(chance: Floats, happened: Flags, weight: Floats | None = None) -> float:
    """Share of (happened, not happened) pairs in which the former had the higher chance; NaN with one outcome only."""
    if happened.all() or not happened.any():
        return float("nan")
    return float(roc_auc_score(happened, chance, sample_weight=weight))


def brier(chance: Floats, happened: Flags, weight: Floats | None = None) -> float:
    """Mean squared difference of chance and outcome; 0 is perfect."""
    return float(np.average((chance - happened) ** 2, weights=weight))


def log_loss(chance: Floats, happened: Flags, weight: Floats | None = None) -> float:
    """Mean negative log-likelihood in nats; 0 is perfect. Chances are inside (0, 1)."""
    return float(-np.average(np.where(happened, np.log(chance), np.log1p(-chance)), weights=weight))


def calibration_error(chance: Floats, happened: Flags, weight: Floats | None = None) -> float:
    """Mean |mean chance - observed rate| over 10 equal-count bins of ascending chance, weighted by their customers."""
    return _Bins.of(chance, weight).error(happened)


def perfect_calibration_error(chance: Floats, seed: int, weight: Floats | None = None) -> float:
    """95th percentile of the calibration error that a perfect forecast with these chances would show."""
    draws, bins = np.random.default_rng(seed), _Bins.of(chance, weight)
    errors = [bins.error(draws.random(len(chance)) < chance) for _ in range(PERFECT_DRAWS)]
    return float(np.quantile(errors, 0.95))


@dataclass(frozen=True)
class _Bins:
    """Rows in bins of equal count by ascending chance, with weights and mean chance; sorted once for all draws."""

    rows: list[npt.NDArray[np.intp]]
    weights: list[Floats]
    chances: list[float]
    total: float

    @classmethod
    def of(cls, chance: Floats, weight: Floats | None) -> _Bins:
        row_weights = np.ones(len(chance)) if weight is None else weight
        order = np.argsort(chance, kind="stable")
        rows = np.array_split(order, min(BINS, len(order)))
        weights = [row_weights[of_bin] for of_bin in rows]
        chances = [float(np.average(chance[of_bin], weights=w)) for of_bin, w in zip(rows, weights, strict=True)]
        return cls(rows, weights, chances, float(row_weights.sum()))

    def error(self, happened: Flags) -> float:
        bins = zip(self.rows, self.weights, self.chances, strict=True)
        gaps = [abs(chance - float(np.average(happened[rows], weights=w))) * float(w.sum()) for rows, w, chance in bins]
        return sum(gaps) / self.total


def money_found(value_at_risk: Floats, shortfall: Floats, customer_ids: Sequence[str]) -> float:
    """Shortfall in the top of the ranking ÷ the best possible: mean over the top 1, 5 and 20 %, at least 5 customers.

    NaN where nothing was lost.
    """
    if not len(shortfall) or shortfall.max() <= 0:
        return float("nan")
    ranked = shortfall[order_of(value_at_risk, customer_ids)]
    best = np.sort(shortfall)[::-1]
    tops = [max(LEAST_TOP, int(share * len(shortfall))) for share in TOP_SHARES]
    return float(np.mean([ranked[:top].sum() / best[:top].sum() for top in tops]))


def pooled_money_found(
    value_at_risk: Floats, shortfall: Floats, customer_ids: Sequence[str], origin: npt.NDArray[np.int64]
) -> float:
    """Money found at each origin, averaged over the origins where anything was lost."""
    ids = np.asarray(customer_ids, dtype=np.str_)
    shares = [
        money_found(value_at_risk[rows], shortfall[rows], ids[rows].tolist())
        for rows in (origin == instant for instant in np.unique(origin))
    ]
    defined = [share for share in shares if not np.isnan(share)]
    return float(np.mean(defined)) if defined else float("nan")
