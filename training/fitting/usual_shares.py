"""Here you find what the customers looked like that a model learns from, for drift to be told by."""

from __future__ import annotations

from datetime import date, timedelta

from features.catalog import MODEL_FEATURES
from models.feature_distributions import UsualShares
from training.dataset.folds import Origins
from training.dataset.training_set import TrainingSet

YEAR_DAYS = 365
ENOUGH_ORIGINS = 8


def usual_shares(rows: TrainingSet, origins: Origins, starts_on: date) -> UsualShares | None:
    """Of the active customers left alone, at T - jH within a year before T; None: there is none."""
    recent = [each for each in origins.spaced if origins.until.day - each.day <= timedelta(days=YEAR_DAYS)]
    some = (recent or origins.spaced[:1])[:: max(len(recent) // ENOUGH_ORIGINS, 1)]
    seen = rows.active_at(some)
    if not len(seen):
        return None
    customers = max(round(len(seen) / len(some)), 1)
    held_days = (min(some).day - starts_on).days
    return UsualShares.seen(seen.snapshot, seen.weight, names=MODEL_FEATURES, customers=customers, held_days=held_days)
