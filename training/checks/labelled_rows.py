"""The rows of finished features that can be looked at, with what came after them and what went before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.catalog import MODEL_FEATURES
from features.clock import AsOf
from features.policy import Policy
from features.snapshot import Floats, Snapshot, take_snapshot
from features.standing.population import is_active
from training.checks.feature_tables import FeatureTable, Key, numbers
from training.checks.ledger_rows import LedgerRows
from training.checks.perturbations import with_hindsight
from training.checks.residuals import Residuals
from training.dataset.labels import labels_of

Mask = npt.NDArray[np.bool_]

LEAST_ROWS = 60
LEAST_OF_EACH = 8  # customers who ordered, and who did not, before a window is looked at by itself
MOST_INSTANTS = 12
SHORT_DAYS = (7, 14)
UNKNOWN = -1e15
"""Stands for what is unknown: below every value, so that its rank tells it apart."""
AFTER = {
    "an hour later": timedelta(hours=1),
    "two hours later": timedelta(hours=2),
    "a day later": timedelta(days=1),
    "a week later": timedelta(days=7),
}
"""By how much an instant is usually mistaken."""


@dataclass(frozen=True)
class LabelledRows:
    """Rows of active customers at instants whose windows have closed.

    Attributes:
        clean: our own features of each row, as doubles, by name.
        wrong: the same as of wrong instants; by what is wrong with them, then by name.
        churned: whether no order came within the horizon.
        chance: what a model of everything known before says of that, learnt from other customers.
        comes: what comes and the past does not explain, by what it is.
    """

    keys: tuple[Key, ...]
    past: Residuals
    clean: Mapping[str, Floats]
    wrong: Mapping[str, Mapping[str, Floats]]
    churned: Mask
    chance: Floats
    comes: Mapping[str, Floats]
    horizon_days: int

    def windows(self) -> Iterator[Mask]:
        """All rows, then those of each instant with enough customers of both outcomes."""
        yield np.ones(len(self.keys), dtype=np.bool_)
        for origin in np.unique(self.past.origin):
            rows = self.past.origin == origin
            if min(self.churned[rows].sum(), (~self.churned[rows]).sum()) >= LEAST_OF_EACH:
                yield rows


def label_rows(
    features: FeatureTable, world: LedgerRows, policy: Policy, *, until: AsOf, horizon_days: int, active_days: int
) -> LabelledRows | None:
    """The rows of features that can be looked at; None: too few, or no window that has closed."""
    ledger = world.ledger("as it is")
    instants = [AsOf.of_instant(each.replace(tzinfo=UTC), policy.zone) for each in _instants(features)]
    closed = [at for at in instants if at.shifted(horizon_days, policy.zone) <= until and at.day > ledger.starts_on]
    if not closed:
        return None
    closed = closed[-MOST_INSTANTS:]
    every = take_snapshot(ledger, closed, policy)
    there = np.array([key in features.place for key in keys_of(every)], dtype=np.bool_)
    snapshot = every.where(there & is_active(every, active_days))
    if len(snapshot) < LEAST_ROWS:
        return None
    labels = {
        days: labels_of(ledger, snapshot, days, until=until, policy=policy) for days in {*SHORT_DAYS, horizon_days}
    }
    churned = labels[horizon_days].churned
    if min(churned.sum(), (~churned).sum()) < LEAST_OF_EACH:
        return None
    keys = keys_of(snapshot)
    past = Residuals(
        snapshot.matrix(MODEL_FEATURES), codes_of([key[0] for key in keys]), codes_of([key[1] for key in keys])
    )
    chance = past.forecast(churned.astype(np.float64), "cross_entropy")
    ahead = _as_of_wrong(world, closed, keys, policy, horizon_days=horizon_days, until=until)
    first, second = SHORT_DAYS
    comes = {
        f"orders within {first} days": labels[first].order_days,
        f"sales within {first} days": labels[first].net_sales,
        f"orders {first} to {second} days on": labels[second].order_days - labels[first].order_days,
        f"orders within {horizon_days} days": labels[horizon_days].order_days,
        f"sales within {horizon_days} days": labels[horizon_days].net_sales,
        "the size of the orders to come": ahead["a horizon later"]["order_size_last"],
        "the gaps to come": ahead["a horizon later"]["gap_last_days"],
        "how its whole history ends": ahead["at the ledger's end"]["days_since_last_order"],
    }
    rests = {name: past.unexplained(np.nan_to_num(values, nan=UNKNOWN)) for name, values in comes.items()}
    rests["no order within the horizon"] = churned - chance
    return LabelledRows(
        keys=tuple(keys),
        past=past,
        clean=_columns(snapshot, keys, {at.naive: at.naive for at in closed}),
        wrong=ahead,
        churned=churned,
        chance=chance,
        comes=rests,
        horizon_days=horizon_days,
    )


def keys_of(snapshot: Snapshot) -> list[Key]:
    """Customer and instant of each row."""
    instants = snapshot.table.column("as_of").cast(pa.timestamp("us")).to_pylist()
    return list(zip(snapshot.customer_ids, instants, strict=True))


def codes_of(values: Sequence[object]) -> npt.NDArray[np.int64]:
    """A number per different value, from 0 up."""
    known = {value: code for code, value in enumerate(sorted(set(values), key=str))}
    return np.array([known[value] for value in values], dtype=np.int64)


def as_doubles(column: pa.Array, keys: Sequence[Key]) -> Floats | None:
    """A column as doubles, days and instants as days after the row's own; None: texts."""
    if not pa.types.is_temporal(column.type) or pa.types.is_duration(column.type) or pa.types.is_time(column.type):
        return numbers(column)
    moments = column.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False).astype("datetime64[us]")
    own = np.array([instant for _, instant in keys], dtype="datetime64[us]")
    days = (moments - own) / np.timedelta64(1, "D")
    return np.where(np.isnat(moments), np.nan, days.astype(np.float64))


def _as_of_wrong(
    world: LedgerRows, instants: Sequence[AsOf], keys: Sequence[Key], policy: Policy, *, horizon_days: int, until: AsOf
) -> dict[str, dict[str, Floats]]:
    """Our own features of each row, as who mistakes the instant would make them."""
    ledger, zone = world.ledger("as it is"), policy.zone
    moved = {what: {at: AsOf.of_instant(at.instant + by, zone) for at in instants} for what, by in AFTER.items()}
    moved["a horizon later"] = {at: at.shifted(horizon_days, zone) for at in instants}
    moved["at the ledger's end"] = dict.fromkeys(instants, until)
    taken = take_snapshot(ledger, sorted({at for each in moved.values() for at in each.values()}), policy)
    found = {
        what: _columns(taken, keys, {at.naive: later.naive for at, later in each.items()})
        for what, each in moved.items()
    }
    hindsight = take_snapshot(with_hindsight(world).ledger("with hindsight"), instants, policy)
    found["with later bookings and corrections"] = _columns(hindsight, keys, {at.naive: at.naive for at in instants})
    return found


def _columns(snapshot: Snapshot, keys: Sequence[Key], instant_of: Mapping[datetime, datetime]) -> dict[str, Floats]:
    """The snapshot's columns in the order of keys, each key at another instant."""
    place = {key: row for row, key in enumerate(keys_of(snapshot))}
    rows = pa.array([place.get((customer, instant_of[instant])) for customer, instant in keys], pa.int64())
    table = snapshot.table.drop_columns(["customer_id", "as_of"])
    columns = {name: as_doubles(table.column(name).combine_chunks().take(rows), keys) for name in table.column_names}
    return {name: values for name, values in columns.items() if values is not None}


def _instants(features: FeatureTable) -> list[datetime]:
    return sorted({instant for _, instant in features.place})
