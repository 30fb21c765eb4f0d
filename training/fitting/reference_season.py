"""What the same weeks of last year say of how much of R the company's accounts will bring."""

from __future__ import annotations

import numpy as np

from features.clock import AsOf
from features.snapshot import Floats
from models.reference import Reference, Season
from training.dataset.folds import Origins
from training.dataset.training_set import TrainingSet

YEAR_DAYS = 365
LEAST_ORIGINS = 3
"""Origins a horizon apart with a window a year earlier; under so many there is no season to speak of."""
PULL = 0.1
"""Squared log levels by which the part of last year's season that comes again is drawn to nothing."""


def season_at(at: AsOf, rows: TrainingSet, origins: Origins, reference: Reference) -> Season:
    """How many times R the company's accounts bring as of a day, by the same weeks of last year.

    Last year's level is taken as far as past windows followed those a year before them, all closed by ``at``; without
    three such windows there is no season.
    """
    days, level = _levels(rows.at(origins.before(at)), reference)
    apart = np.unique(rows.at(origins.chain(at)).snapshot.as_of_days)
    followed = apart[np.isin(apart, days) & (apart - YEAR_DAYS >= days[:1].sum())] if len(days) else apart[:0]
    if len(followed) < LEAST_ORIGINS:
        return Season()
    relative = level - np.array([np.mean(level[np.abs(days - day) <= YEAR_DAYS / 2]) for day in days])
    before, then = np.interp(followed - YEAR_DAYS, days, relative), np.interp(followed, days, relative)
    again = float(np.clip(np.sum(before * then) / (np.sum(before**2) + PULL), 0.0, 1.0))
    return Season(tuple((days + YEAR_DAYS).tolist()), tuple(np.exp(again * relative).tolist()))


def _levels(rows: TrainingSet, reference: Reference) -> tuple[Floats, Floats]:
    """As-ofs in days, rising, and the logarithm of what was brought ÷ R at each, over the judged."""
    judged = rows.where(rows.snapshot.feature("days_since_last_order") <= rows.horizon_days)
    days, place = np.unique(judged.snapshot.as_of_days, return_inverse=True)
    told = np.bincount(place, judged.weight * reference.sales(judged.snapshot), len(days))
    seen = np.bincount(place, judged.weight * judged.labels.net_sales, len(days))
    known = (told > 0) & (seen > 0)
    return days[known], np.log(seen[known] / told[known])
