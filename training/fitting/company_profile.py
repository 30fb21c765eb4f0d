"""The company's profile in a bundle: margin, usual rates, and the distribution of features in training."""

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
    """The company's margin in the year before the newest origin; None: costs cover too little of net sales.

    It is one figure for the whole company: a ranking cannot mix the sales of one account with the margin of another.
    """
    days = rows.snapshot.as_of_days
    newest = rows.where((days == days.max()) & rows.active) if len(rows) else rows
    sales, cover, margin = (
        newest.snapshot.feature(f"{name}_365_days") for name in ("net_sales", "cost_cover_share", "margin_share")
    )
    total = float(np.sum(np.maximum(sales, 0.0)))
    covered = float(np.nansum(np.maximum(sales, 0.0) * cover))
    has_margin = (sales > 0) & ~np.isnan(margin)
    if total <= 0 or covered / total < policy.cost_cover_share or not has_margin.any():
        return None
    share = float(np.average(margin[has_margin], weights=sales[has_margin]))
    return Margin(float(np.clip(share, 0.0, 1.0)), covered / total)


def usual_rates(
    rows: TrainingSet, origins: Origins, reference: Reference, *, active_days: int, policy: Policy
) -> UsualRates:
    """r of both clauses, each among the active customers it applies to, at T - jH with T - 365 days < close <= T.

    0 where a clause applies to no customer.
    """
    span = timedelta(days=YEAR_DAYS + origins.horizon_days)
    recent = [origin for origin in origins.spaced if origin.day > origins.until.day - span]
    active = rows.active_at(recent)
    days_to_go = due_gap_days(active.snapshot, active_days) - open_silence_days(active.snapshot)
    is_due = days_to_go < origins.horizon_days
    expected = orders_expected(active.snapshot, origins.horizon_days)
    is_predictable = expected >= policy.fading_least_orders
    churned = active.labels.churned
    declined = churned | active.labels.fading(reference.sales(active.snapshot), expected, policy)
    return UsualRates(
        before_due=_rate(churned[is_due], active.weight[is_due]),
        decline=_rate(declined[is_predictable], active.weight[is_predictable]),
    )


def _rate(happened: npt.NDArray[np.bool_], weight: Floats) -> float:
    return float(np.average(happened, weights=weight)) if len(happened) else 0.0


def usual_shares(rows: TrainingSet, origins: Origins, starts_on: date) -> TrainingDistribution | None:
    """The distribution among active customers without a call, at T - jH within a year before T; None: there is none."""
    recent = [origin for origin in origins.spaced if origins.until.day - origin.day <= timedelta(days=YEAR_DAYS)]
    chosen = (recent or origins.spaced[:1])[:: max(len(recent) // ENOUGH_ORIGINS, 1)]
    active = rows.active_at(chosen)
    if not len(active):
        return None
    customers = max(round(len(active) / len(chosen)), 1)
    history_days = (min(chosen).day - starts_on).days
    return TrainingDistribution.observed(
        active.snapshot, active.weight, names=MODEL_FEATURES, customers=customers, held_days=history_days
    )
