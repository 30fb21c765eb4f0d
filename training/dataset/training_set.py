"""The training set: features at many origins, and the outcome after each."""

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
        labels: the outcomes, row by row.
        assignments: by our lists in the window.
        active: True where the customer was active at the origin; only these rows are learned from and judged.
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
        """The weight of each row in every fit, calibration and score; 1 for all rows where no list called a customer.

        Above 1 for held-out customers; 0 for called ones, since their outcome is not the one without a call.
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
        """The active, uncalled customers of some origins: weight above 0."""
        rows = np.isin(self.origin, [micros_of(origin) for origin in origins])
        return self.where(rows & self.active & (self.weight > 0))

    @property
    def has_called_input(self) -> bool:
        """Too few customers were held out, so that called ones are learned from too, marked by an input."""
        return bool(self.assignments.called.any()) and self.held_out_customers < LEAST_HELD_OUT

    @property
    def held_out_customers(self) -> int:
        """Customers held out in any window."""
        held_out = self.snapshot.where(self.assignments.held_out)
        return len(set(held_out.customer_ids))

    def with_called(self, origins: Sequence[AsOf]) -> TrainingSet:
        """The active customers of some origins, with the called ones: ASSIGNED marks them, and each row counts once."""
        rows = self.where(np.isin(self.origin, [micros_of(origin) for origin in origins]) & self.active)
        called = rows.assignments.called
        table = rows.snapshot.table.append_column(ASSIGNED, pa.array(called.astype(np.float64)))
        counted = Assignments(np.zeros(len(rows), dtype=np.bool_), rows.assignments.held_out_chance)
        return replace(rows, snapshot=replace(rows.snapshot, table=table), assignments=counted)

    @property
    def calls_note(self) -> str:
        """The effect of calls on this training, in a sentence; empty where no window had one."""
        called = int(self.assignments.called[self.active].sum())
        if not called:
            return ""
        windows = f"{called:,} {'window' if called == 1 else 'windows'} in which a customer was called from a list"
        count = self.held_out_customers
        held_out = "1 customer was" if count == 1 else f"{count} customers were"
        if self.has_called_input:
            return (
                f" Training includes {windows}, marked by an input that every score sets to 'no call': only {held_out} "
                f"held out, and {LEAST_HELD_OUT} are needed to stand in for those called."
            )
        return f" Training leaves out {windows}: {held_out} held out in their place."

    def reference(self, origins: Sequence[AsOf]) -> Reference:
        """R with the carries of some origins' windows, over customers with an order in the H days before, by weight."""
        rows = self.at(origins)
        silence = rows.snapshot.feature("days_since_last_order")
        recent_buyers = rows.where(silence <= self.horizon_days)
        return Reference.fitted(
            self.horizon_days,
            plain_reference(recent_buyers.snapshot, self.horizon_days) * recent_buyers.weight,
            recent_buyers.snapshot.feature("days_since_first_order"),
            next_sales=recent_buyers.labels.net_sales * recent_buyers.weight,
        )


def training_set(ledger: Ledger, origins: Origins, active_days: int, policy: Policy) -> TrainingSet:
    """Features and labels at every close origin; all features in one statement, all labels in another."""
    everybody = take_snapshot(ledger, origins.close, policy)
    buyers = everybody.where(~np.isnan(everybody.feature("days_since_last_order")))
    labels = labels_of(ledger, buyers, origins.horizon_days, until=origins.until, policy=policy)
    return TrainingSet(
        buyers,
        labels,
        assignments_of(ledger, buyers, origins.horizon_days, until=origins.until, policy=policy),
        is_active(buyers, active_days),
        _origin_of(buyers),
        origins.horizon_days,
    )


def known_at(rows: TrainingSet, ledger: Ledger, origins: Origins, at: AsOf, policy: Policy) -> TrainingSet:
    """The rows with windows closed by an instant, labelled as known then: later rows change nothing."""
    closed = origins.before(at)
    closed_rows = rows.at(closed)
    snapshot = replace(closed_rows.snapshot, as_ofs=tuple(sorted(closed)))
    return replace(
        closed_rows,
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
