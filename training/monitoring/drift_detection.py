"""Drift detection: customers now against those in training, and chances against outcomes.

Called customers are left out and held-out ones stand for them, since a change by a call is no drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot, take_snapshot
from features.standing.population import is_active
from models.bundle import Bundle
from training.dataset.assignments import assignments_of
from training.dataset.labels import customers_at, labels_of
from training.monitoring.data_arrival import missing_days, stopped_feeds
from training.monitoring.drift import BaseRate, Drift
from training.monitoring.feature_drift import FeatureDrift, WeightedSnapshot, feature_drift_of

YEAR_DAYS = 364
"""The same weeks a year ago begin on the same weekday."""
DEVIATIONS, LEAST_MOVE = 3.0, 0.03
"""Allowed difference of a base rate: a number of deviations, and at least this much."""
INTERVAL_DEVIATIONS = 1.645
"""Half a 90 % interval, in deviations."""
MISSING_WITHIN_DAYS = 30


def look_for_drift(ledger: Ledger, bundle: Bundle, as_of: AsOf, policy: Policy) -> Drift:
    """The changes since the bundle was trained, as seen at the as-of.

    Raises:
        AsOfBeforeLedgerError: nothing is known at the as-of.
        OtherCatalogueError: the bundle has another catalogue of features.
    """
    usual = bundle.usual_shares
    year_before = as_of.shifted(-YEAR_DAYS, policy.zone)
    holds_last_year = (year_before.day - ledger.starts_on).days >= max(bundle.horizon_days, bundle.active_days)
    shifts: tuple[FeatureDrift, ...] | None = None
    if usual is not None and holds_last_year:
        now, last_year = (
            _uncalled_customers(ledger, as_of, bundle, policy),
            _uncalled_customers(ledger, year_before, bundle, policy),
        )
        shifts = feature_drift_of(now, last_year, usual)
    return Drift(
        as_of_day=as_of.day,
        model_version=bundle.version,
        shifts=shifts,
        base_rate=_base_rate(ledger, bundle, as_of, policy),
        stopped=stopped_feeds(ledger, as_of, policy),
        missing=missing_days(ledger, as_of, MISSING_WITHIN_DAYS, policy),
    )


def _uncalled_customers(ledger: Ledger, at: AsOf, bundle: Bundle, policy: Policy) -> WeightedSnapshot:
    """The active customers of an instant without a call from a list in the horizon before it."""
    active = _active(take_snapshot(ledger, [at], policy), bundle)
    before = customers_at(active.customer_ids, at.shifted(-bundle.horizon_days, policy.zone), ledger)
    assigned = assignments_of(ledger, before, bundle.horizon_days, until=at, policy=policy)
    uncalled = ~assigned.called
    return WeightedSnapshot(active.where(uncalled), assigned.weight[uncalled], (at.day - ledger.starts_on).days)


def _base_rate(ledger: Ledger, bundle: Bundle, as_of: AsOf, policy: Policy) -> BaseRate | None:
    end = min(as_of, AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone))
    newest = _window(ledger, bundle, end, until=as_of, policy=policy)
    if newest is None:
        return None
    year_before = _window(ledger, bundle, end.shifted(-YEAR_DAYS, policy.zone), until=as_of, policy=policy)
    return BaseRate(
        begins_on=end.shifted(-bundle.horizon_days, policy.zone).day,
        closed_on=end.day,
        customers=newest.customers,
        expected=newest.expected,
        seen=newest.seen,
        allowed=newest.allowed,
        last_year=None if year_before is None else year_before.seen - year_before.expected,
    )


@dataclass(frozen=True)
class _Window:
    customers: int
    expected: float
    seen: float
    allowed: float


def _window(ledger: Ledger, bundle: Bundle, closes: AsOf, *, until: AsOf, policy: Policy) -> _Window | None:
    """Expected and observed rates of active, uncalled customers in a window; None: the ledger does not hold it."""
    origin = closes.shifted(-bundle.horizon_days, policy.zone)
    if (origin.day - ledger.starts_on).days < max(bundle.horizon_days, bundle.active_days) or bundle.churn is None:
        return None
    active = _active(take_snapshot(ledger, [origin], policy), bundle)
    assigned = assignments_of(ledger, active, bundle.horizon_days, until=until, policy=policy)
    rows, weight = active.where(~assigned.called), assigned.weight[~assigned.called]
    if not len(rows):
        return None
    churned = labels_of(ledger, rows, bundle.horizon_days, until=until, policy=policy).churned
    scores = bundle.score(rows)
    chance, low, high = (
        float(np.average(scores.column(name).to_numpy(), weights=weight))
        for name in ("churn_probability", "churn_low", "churn_high")
    )
    customers = float(weight.sum() ** 2 / (weight**2).sum())
    level_deviation = (high - low) / 2 / INTERVAL_DEVIATIONS
    deviation = float(np.sqrt(chance * (1 - chance) / customers + level_deviation**2))
    return _Window(
        len(rows), chance, float(np.average(churned, weights=weight)), max(DEVIATIONS * deviation, LEAST_MOVE)
    )


def _active(snapshot: Snapshot, bundle: Bundle) -> Snapshot:
    return snapshot.where(is_active(snapshot, bundle.active_days))
