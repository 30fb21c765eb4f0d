"""What a bundle knows of the company: margin, usual rates and usual shares."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from features.catalog import MODEL_FEATURES
from features.policy import Policy
from features.snapshot import Floats
from features.standing.population import due_gap_days, open_silence_days
from models.feature_distributions import TrainingDistribution
from models.manifest import UsualRates
from models.margin import Margin
from models.reference import Reference, orders_expected
from training.dataset.folds import Origins
from training.dataset.training_set import TrainingSet

YEAR_DAYS = 365
ENOUGH_ORIGINS = 8


def margin_of(rows: TrainingSet, policy: Policy) -> Margin | None:
    """The company's margin over a year before the newest of some origins; None: costs cover too little of net sales.

    One answer for the whole company: sales of one account and margin of another make no ranking.
    """
    days = rows.snapshot.as_of_days
    newest = rows.where((days == days.max()) & rows.active) if len(rows) else rows
    sales, cover, margin = (
        newest.snapshot.feature(f"{name}_365_days") for name in ("net_sales", "cost_cover_share", "margin_share")
    )
    told = float(np.sum(np.maximum(sales, 0.0)))
    covered = float(np.nansum(np.maximum(sales, 0.0) * cover))
    known = (sales > 0) & ~np.isnan(margin)
    if told <= 0 or covered / told < policy.cost_cover_share or not known.any():
        return None
    share = float(np.average(margin[known], weights=sales[known]))
    return Margin(float(np.clip(share, 0.0, 1.0)), covered / told)


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


def usual_shares(rows: TrainingSet, origins: Origins, starts_on: date) -> TrainingDistribution | None:
    """Of the active customers left alone, at T - jH within a year before T; None: there is none."""
    recent = [each for each in origins.spaced if origins.until.day - each.day <= timedelta(days=YEAR_DAYS)]
    some = (recent or origins.spaced[:1])[:: max(len(recent) // ENOUGH_ORIGINS, 1)]
    seen = rows.active_at(some)
    if not len(seen):
        return None
    customers = max(round(len(seen) / len(some)), 1)
    held_days = (min(some).day - starts_on).days
    return TrainingDistribution.seen(
        seen.snapshot, seen.weight, names=MODEL_FEATURES, customers=customers, held_days=held_days
    )
