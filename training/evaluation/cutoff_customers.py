"""Customers of an evaluation at a cutoff and their outcomes, by the formulas of docs/design.md 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats, Snapshot, take_snapshot
from models.reference import Reference, plain_reference
from training.dataset.assignments import assignments_of
from training.dataset.labels import labels_of
from training.dataset.training_set import TrainingSet
from training.fitting.company_profile import YEAR_DAYS
from training.selection.build import TrainedModel

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CutoffCustomers:
    """Customers with an order day in the H days before the cutoff and no call from our lists in the window after it.

    Attributes:
        snapshot: their features as of the cutoff. everybody: the same for all customers that ever ordered.
        carried: R as docs/design.md 6 has it, with the carries of the windows closed by the cutoff.
        churned: no order day in [cutoff, cutoff + H), as known later. net_sales: sales less returns there.
        last_rate: the observed rate of the last closed window; NaN: there is none.
        has_year_before: the ledger holds the window one year earlier.
    """

    cutoff: AsOf
    snapshot: Snapshot
    everybody: Snapshot
    carried: Reference
    churned: Flags
    net_sales: Floats
    last_rate: float
    has_year_before: bool

    @property
    def reference(self) -> Floats:
        """R of each customer."""
        return self.carried.sales(self.snapshot)

    @property
    def shortfall(self) -> Floats:
        """max(R - net sales, 0) of each customer."""
        return np.maximum(self.reference - self.net_sales, 0.0)


def customers_at_cutoff(trained: TrainedModel, ledger: Ledger, policy: Policy) -> CutoffCustomers:
    """The customers at the T of a model, with the outcomes that the ledger holds today.

    Raises:
        HorizonOutlastsLedgerError: that window is not closed yet.
    """
    scope = trained.scope
    horizon, cutoff = scope.horizon_days, scope.until
    end = AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone)
    all_customers = take_snapshot(ledger, [cutoff], policy)
    silence = all_customers.feature("days_since_last_order")
    recent = all_customers.where(silence <= horizon)
    labels = labels_of(ledger, recent, horizon, until=end, policy=policy)
    uncalled = assignments_of(ledger, recent, horizon, until=end, policy=policy).weight > 0
    windows = None if trained.context is None else recent_buyers(trained.context.rows, trained.origins.chain(cutoff))
    needed = max(horizon, scope.active_days)
    return CutoffCustomers(
        cutoff=cutoff,
        snapshot=recent.where(uncalled),
        everybody=all_customers.where(~np.isnan(silence)),
        carried=Reference(horizon) if windows is None else _carried(windows),
        churned=labels.churned[uncalled],
        net_sales=labels.net_sales[uncalled],
        last_rate=_last_rate(windows, trained.origins.chain(cutoff)[:1]),
        has_year_before=(cutoff.day - timedelta(days=YEAR_DAYS) - scope.starts_on).days >= needed,
    )


def recent_buyers(rows: TrainingSet, origins: Sequence[AsOf]) -> TrainingSet:
    """The uncalled rows of some origins with an order day in the H days before."""
    at_origins = rows.at(origins)
    silence = at_origins.snapshot.feature("days_since_last_order")
    return at_origins.where((silence <= rows.horizon_days) & (at_origins.weight > 0))


def _last_rate(windows: TrainingSet | None, newest: Sequence[AsOf]) -> float:
    churned = np.empty(0) if windows is None else windows.at(newest).labels.churned
    return float(churned.mean()) if len(churned) else float("nan")


def _carried(windows: TrainingSet) -> Reference:
    return Reference.fitted(
        windows.horizon_days,
        plain_reference(windows.snapshot, windows.horizon_days),
        windows.snapshot.feature("days_since_first_order"),
        next_sales=windows.labels.net_sales,
    )
