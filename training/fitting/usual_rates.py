"""Here you find how often the events behind "at risk" usually happen, over windows closed in the last year."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt

from features.policy import Policy
from features.snapshot import Floats
from features.standing.population import due_gap_days, open_silence_days
from models.manifest import UsualRates
from models.reference import Reference, orders_expected
from training.dataset.folds import Origins
from training.dataset.training_set import TrainingSet

YEAR_DAYS = 365


def usual_rates(
    rows: TrainingSet, origins: Origins, reference: Reference, *, active_days: int, policy: Policy
) -> UsualRates:
    """r of both clauses among the active customers each applies to, at T - jH with T - 365 days < close <= T.

    0 where a clause applied to nobody.
    """
    span = timedelta(days=YEAR_DAYS + origins.horizon_days)
    recent = [each for each in origins.spaced if each.day > origins.until.day - span]
    seen = rows.active_at(recent)
    days_to_go = due_gap_days(seen.snapshot, active_days) - open_silence_days(seen.snapshot)
    is_due = days_to_go < origins.horizon_days
    expected = orders_expected(seen.snapshot, origins.horizon_days)
    is_telling = expected >= policy.fading_least_orders
    churned = seen.labels.churned
    declined = churned | seen.labels.fading(reference.sales(seen.snapshot), expected, policy)
    return UsualRates(
        before_due=_rate(churned[is_due], seen.weight[is_due]),
        decline=_rate(declined[is_telling], seen.weight[is_telling]),
    )


def _rate(happened: npt.NDArray[np.bool_], weight: Floats) -> float:
    return float(np.average(happened, weights=weight)) if len(happened) else 0.0
