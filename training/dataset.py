"""Here you find what a model learns from: features at many origins, and what came after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.population import is_active
from features.snapshot import Snapshot, take_snapshot
from models.reference import Reference, plain_reference
from training.folds import Origins
from training.labels import Labels, labels_of

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingSet:
    """Rows of a snapshot with their labels; every customer that ever ordered, active or not.

    Attributes:
        snapshot: features, a row per (origin, customer).
        labels: what came after, row by row.
        active: True where the customer was active at the origin: who is learned from and judged.
        origin: each row's origin, microseconds since 1970 UTC.
    """

    snapshot: Snapshot
    labels: Labels
    active: Mask
    origin: npt.NDArray[np.int64]
    horizon_days: int

    def __len__(self) -> int:
        return len(self.snapshot)

    def where(self, mask: Mask) -> TrainingSet:
        """The rows for which ``mask`` is true."""
        labels = Labels(self.labels.order_days[mask], self.labels.net_sales[mask])
        return TrainingSet(self.snapshot.where(mask), labels, self.active[mask], self.origin[mask], self.horizon_days)

    def at(self, origins: Sequence[AsOf]) -> TrainingSet:
        """The rows of some origins."""
        return self.where(np.isin(self.origin, [_micros(origin) for origin in origins]))

    def active_at(self, origins: Sequence[AsOf]) -> TrainingSet:
        """The active customers of some origins."""
        rows = np.isin(self.origin, [_micros(origin) for origin in origins])
        return self.where(rows & self.active)

    def reference(self, origins: Sequence[AsOf]) -> Reference:
        """R with the carries of some origins' windows, over customers with an order day in the H days before each."""
        rows = self.at(origins)
        silence = rows.snapshot.feature("days_since_last_order")
        judged = rows.where(silence <= self.horizon_days)
        return Reference.fitted(
            self.horizon_days,
            plain_reference(judged.snapshot, self.horizon_days),
            judged.snapshot.feature("days_since_first_order"),
            next_sales=judged.labels.net_sales,
        )


def training_set(ledger: Ledger, origins: Origins, active_days: int, policy: Policy) -> TrainingSet:
    """Features and labels at every close origin; all features in one statement, all labels in another."""
    past = take_snapshot(ledger, origins.close, policy)
    bought = past.where(~np.isnan(past.feature("days_since_last_order")))
    labels = labels_of(ledger, bought, origins.horizon_days, until=origins.until, policy=policy)
    return TrainingSet(bought, labels, is_active(bought, active_days), _origin_of(bought), origins.horizon_days)


def known_at(rows: TrainingSet, ledger: Ledger, origins: Origins, at: AsOf, policy: Policy) -> TrainingSet:
    """The rows whose windows are closed by an instant, labelled as was known then: later bookings change nothing."""
    closed = origins.before(at)
    past = rows.at(closed)
    snapshot = replace(past.snapshot, as_ofs=tuple(sorted(closed)))
    return replace(past, labels=labels_of(ledger, snapshot, origins.horizon_days, until=at, policy=policy))


def customer_codes(snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """One number per customer, equal over origins."""
    encoded = snapshot.table.column("customer_id").combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64)


def _origin_of(snapshot: Snapshot) -> npt.NDArray[np.int64]:
    instants = snapshot.table.column("as_of").to_numpy().astype("datetime64[us]")
    return np.asarray(instants.astype(np.int64))


def _micros(as_of: AsOf) -> int:
    return int(np.datetime64(as_of.naive, "us").astype(np.int64))
