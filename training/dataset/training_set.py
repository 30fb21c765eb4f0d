"""What a model learns from: features at many origins, and what came after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import ASSIGNED, Floats, Snapshot, take_snapshot
from features.standing.population import is_active
from models.reference import Reference, plain_reference
from training.dataset.assignments import LEAST_HELD_OUT, Assignments, assignments_of
from training.dataset.folds import Origins
from training.dataset.labels import Labels, labels_of

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingSet:
    """Rows of a snapshot with their labels; every customer that ever ordered, active or not.

    Attributes:
        snapshot: features, a row per (origin, customer).
        labels: what came after, row by row.
        assignments: what our lists did with the customer in the window.
        active: True where the customer was active at the origin: who is learned from and judged.
        origin: each row's origin, microseconds since 1970 UTC.
    """

    snapshot: Snapshot
    labels: Labels
    assignments: Assignments
    active: Mask
    origin: npt.NDArray[np.int64]
    horizon_days: int

    def __len__(self) -> int:
        return len(self.snapshot)

    @property
    def weight(self) -> Floats:
        """How much each row counts in whatever is fitted, calibrated or judged; 1 for all where no list called anybody.

        Above 1 for who was held out from a call, 0 for who was called: what came then is not what had come without.
        """
        return self.assignments.weight

    def where(self, mask: Mask) -> TrainingSet:
        """The rows for which ``mask`` is true."""
        return TrainingSet(
            self.snapshot.where(mask),
            Labels(self.labels.order_days[mask], self.labels.net_sales[mask]),
            self.assignments.where(mask),
            self.active[mask],
            self.origin[mask],
            self.horizon_days,
        )

    def at(self, origins: Sequence[AsOf]) -> TrainingSet:
        """The rows of some origins."""
        return self.where(np.isin(self.origin, [micros_of(origin) for origin in origins]))

    def active_at(self, origins: Sequence[AsOf]) -> TrainingSet:
        """The active customers of some origins who were left alone: of a weight above 0."""
        rows = np.isin(self.origin, [micros_of(origin) for origin in origins])
        return self.where(rows & self.active & (self.weight > 0))

    @property
    def called_are_told_apart(self) -> bool:
        """Too few were held out to stand for the called: what comes after a call is learned too, by an input for it."""
        return bool(self.assignments.called.any()) and self.held_out_customers < LEAST_HELD_OUT

    @property
    def held_out_customers(self) -> int:
        """Customers held out in any window."""
        held_out = self.snapshot.where(self.assignments.held_out)
        return len(set(held_out.customer_ids))

    def with_called(self, origins: Sequence[AsOf]) -> TrainingSet:
        """The active customers of some origins, the called too: ASSIGNED tells them apart, and each counts once."""
        rows = self.where(np.isin(self.origin, [micros_of(origin) for origin in origins]) & self.active)
        called = rows.assignments.called
        table = rows.snapshot.table.append_column(ASSIGNED, pa.array(called.astype(np.float64)))
        counted = Assignments(np.zeros(len(rows), dtype=np.bool_), rows.assignments.held_out_chance)
        return replace(rows, snapshot=replace(rows.snapshot, table=table), assignments=counted)

    @property
    def calls_note(self) -> str:
        """What calls mean for this training, in a sentence; empty where no window had one."""
        called = int(self.assignments.called[self.active].sum())
        if not called:
            return ""
        windows = f"{called:,} windows in which a list had the customer called"
        many = self.held_out_customers
        held_out = "1 customer was" if many == 1 else f"{many} customers were"
        if self.called_are_told_apart:
            return (
                f" {windows} are learned from with an input that says so, set to 'no call' in every score: only "
                f"{held_out} held out, and {LEAST_HELD_OUT} are needed to stand for the called."
            )
        return f" {windows} are left out; {held_out} held out in their place."

    def reference(self, origins: Sequence[AsOf]) -> Reference:
        """R with the carries of some origins' windows, over customers with an order day in the H days before each.

        Each counts by its weight.
        """
        rows = self.at(origins)
        silence = rows.snapshot.feature("days_since_last_order")
        judged = rows.where(silence <= self.horizon_days)
        return Reference.fitted(
            self.horizon_days,
            plain_reference(judged.snapshot, self.horizon_days) * judged.weight,
            judged.snapshot.feature("days_since_first_order"),
            next_sales=judged.labels.net_sales * judged.weight,
        )


def training_set(ledger: Ledger, origins: Origins, active_days: int, policy: Policy) -> TrainingSet:
    """Features and labels at every close origin; all features in one statement, all labels in another."""
    past = take_snapshot(ledger, origins.close, policy)
    bought = past.where(~np.isnan(past.feature("days_since_last_order")))
    labels = labels_of(ledger, bought, origins.horizon_days, until=origins.until, policy=policy)
    return TrainingSet(
        bought,
        labels,
        assignments_of(ledger, bought, origins.horizon_days, until=origins.until, policy=policy),
        is_active(bought, active_days),
        _origin_of(bought),
        origins.horizon_days,
    )


def known_at(rows: TrainingSet, ledger: Ledger, origins: Origins, at: AsOf, policy: Policy) -> TrainingSet:
    """The rows whose windows are closed by an instant, labelled as was known then: later rows change nothing."""
    closed = origins.before(at)
    past = rows.at(closed)
    snapshot = replace(past.snapshot, as_ofs=tuple(sorted(closed)))
    return replace(
        past,
        labels=labels_of(ledger, snapshot, origins.horizon_days, until=at, policy=policy),
        assignments=assignments_of(ledger, snapshot, origins.horizon_days, until=at, policy=policy),
    )


def customer_codes(snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """One number per customer, equal over origins."""
    encoded = snapshot.table.column("customer_id").combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64)


def _origin_of(snapshot: Snapshot) -> npt.NDArray[np.int64]:
    instants = snapshot.table.column("as_of").to_numpy().astype("datetime64[us]")
    return np.asarray(instants.astype(np.int64))


def micros_of(as_of: AsOf) -> int:
    """An instant as ``TrainingSet.origin`` has it."""
    return int(np.datetime64(as_of.naive, "us").astype(np.int64))
