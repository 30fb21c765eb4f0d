"""The season of R: the level of sales ÷ R in the same weeks of last year."""

from __future__ import annotations

import numpy as np

from features.clock import AsOf
from features.snapshot import Floats
from models.reference import Reference, Season
from training.dataset.folds import Origins
from training.dataset.training_set import TrainingSet

YEAR_DAYS = 365
LEAST_ORIGINS = 3
"""Origins needed, a horizon apart, that have a window a year earlier; with fewer there is no season."""
PULL = 0.1
"""Squared log levels that shrink the recurring part of last year's season."""


def season_at(at: AsOf, rows: TrainingSet, origins: Origins, reference: Reference) -> Season:
    """The factor on R as of a day, from the same weeks of last year.

    Last year's level counts as far as past windows followed those a year before them, all closed by ``at``. With fewer
    than three such windows there is no season.
    """
    days, level = _levels(rows.at(origins.before(at)), reference)
    apart = np.unique(rows.at(origins.chain(at)).snapshot.as_of_days)
    comparable = apart[np.isin(apart, days) & (apart - YEAR_DAYS >= days[:1].sum())] if len(days) else apart[:0]
    if len(comparable) < LEAST_ORIGINS:
        return Season()
    relative = level - np.array([np.mean(level[np.abs(days - day) <= YEAR_DAYS / 2]) for day in days])
    last_year, this_year = np.interp(comparable - YEAR_DAYS, days, relative), np.interp(comparable, days, relative)
    recurring = float(np.clip(np.sum(last_year * this_year) / (np.sum(last_year**2) + PULL), 0.0, 1.0))
    return Season(tuple((days + YEAR_DAYS).tolist()), tuple(np.exp(recurring * relative).tolist()))


def _levels(rows: TrainingSet, reference: Reference) -> tuple[Floats, Floats]:
    """As-ofs in days, ascending, and log(net sales ÷ R) at each, over customers with an order in the H days before."""
    recent_buyers = rows.where(rows.snapshot.feature("days_since_last_order") <= rows.horizon_days)
    days, place = np.unique(recent_buyers.snapshot.as_of_days, return_inverse=True)
    expected = np.bincount(place, recent_buyers.weight * reference.sales(recent_buyers.snapshot), len(days))
    observed = np.bincount(place, recent_buyers.weight * recent_buyers.labels.net_sales, len(days))
    both_positive = (expected > 0) & (observed > 0)
    return days[both_positive], np.log(observed[both_positive] / expected[both_positive])
