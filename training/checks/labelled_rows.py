"""Rows of a finished feature table with the outcomes after them and the knowledge before them."""

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
LEAST_OF_EACH = 8  # customers with and without an order that a window needs to be tested by itself
MOST_INSTANTS = 12
SHORT_DAYS = (7, 14)
UNKNOWN = -1e15
"""Replaces missing values: below every value, so that its rank is its own."""
AFTER = {
    "an hour later": timedelta(hours=1),
    "two hours later": timedelta(hours=2),
    "a day later": timedelta(days=1),
    "a week later": timedelta(days=7),
}
"""Usual mistakes of an instant."""


@dataclass(frozen=True)
class LabelledRows:
    """Rows of active customers at instants whose windows have closed.

    Attributes:
        clean: our own features of each row, as doubles, by name.
        at_wrong_instants: the same as of wrong instants; by mistake, then by name.
        churned: True where no order came within the horizon.
        chance: forecast of ``churned`` by a model of everything known before, learned from other customers.
        outcomes: parts of later outcomes that the past does not explain, by name.
    """

    keys: tuple[Key, ...]
    past: Residuals
    clean: Mapping[str, Floats]
    at_wrong_instants: Mapping[str, Mapping[str, Floats]]
    churned: Mask
    chance: Floats
    outcomes: Mapping[str, Floats]
    horizon_days: int

    def windows(self) -> Iterator[Mask]:
        """All rows, then those of each instant with enough customers of both outcomes."""
        yield np.ones(len(self.keys), dtype=np.bool_)
        for origin in np.unique(self.past.origin):
            rows = self.past.origin == origin
            if min(self.churned[rows].sum(), (~self.churned[rows]).sum()) >= LEAST_OF_EACH:
                yield rows


def label_rows(
    features: FeatureTable, ledger_rows: LedgerRows, policy: Policy, *, until: AsOf, horizon_days: int, active_days: int
) -> LabelledRows | None:
    """The rows of a feature table that can be tested; None: too few, or no window has closed."""
    ledger = ledger_rows.ledger("as it is")
    instants = [AsOf.of_instant(instant.replace(tzinfo=UTC), policy.zone) for instant in _instants(features)]
    closed = [at for at in instants if at.shifted(horizon_days, policy.zone) <= until and at.day > ledger.starts_on]
    if not closed:
        return None
    closed = closed[-MOST_INSTANTS:]
    all_rows = take_snapshot(ledger, closed, policy)
    has_features = np.array([key in features.place for key in keys_of(all_rows)], dtype=np.bool_)
    snapshot = all_rows.where(has_features & is_active(all_rows, active_days))
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
    ahead = _as_of_wrong(ledger_rows, closed, keys, policy, horizon_days=horizon_days, until=until)
    first, second = SHORT_DAYS
    outcomes = {
        f"orders within {first} days": labels[first].order_days,
        f"sales within {first} days": labels[first].net_sales,
        f"orders {first} to {second} days on": labels[second].order_days - labels[first].order_days,
        f"orders within {horizon_days} days": labels[horizon_days].order_days,
        f"sales within {horizon_days} days": labels[horizon_days].net_sales,
        "the size of the orders to come": ahead["a horizon later"]["order_size_last"],
        "the gaps to come": ahead["a horizon later"]["gap_last_days"],
        "how its whole history ends": ahead["at the ledger's end"]["days_since_last_order"],
    }
    unexplained = {name: past.unexplained(np.nan_to_num(values, nan=UNKNOWN)) for name, values in outcomes.items()}
    unexplained["no order within the horizon"] = churned - chance
    return LabelledRows(
        keys=tuple(keys),
        past=past,
        clean=_columns(snapshot, keys, {at.naive: at.naive for at in closed}),
        at_wrong_instants=ahead,
        churned=churned,
        chance=chance,
        outcomes=unexplained,
        horizon_days=horizon_days,
    )


def keys_of(snapshot: Snapshot) -> list[Key]:
    """Customer and instant of each row."""
    instants = snapshot.table.column("as_of").cast(pa.timestamp("us")).to_pylist()
    return list(zip(snapshot.customer_ids, instants, strict=True))


def codes_of(values: Sequence[object]) -> npt.NDArray[np.int64]:
    """A number per distinct value, from 0 up."""
    code_of = {value: code for code, value in enumerate(sorted(set(values), key=str))}
    return np.array([code_of[value] for value in values], dtype=np.int64)


def as_doubles(column: pa.Array, keys: Sequence[Key]) -> Floats | None:
    """A column as doubles, days and instants as days after the row's own; None: texts."""
    if not pa.types.is_temporal(column.type) or pa.types.is_duration(column.type) or pa.types.is_time(column.type):
        return numbers(column)
    moments = column.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False).astype("datetime64[us]")
    own = np.array([instant for _, instant in keys], dtype="datetime64[us]")
    days = (moments - own) / np.timedelta64(1, "D")
    return np.where(np.isnat(moments), np.nan, days.astype(np.float64))


def _as_of_wrong(
    ledger_rows: LedgerRows,
    instants: Sequence[AsOf],
    keys: Sequence[Key],
    policy: Policy,
    *,
    horizon_days: int,
    until: AsOf,
) -> dict[str, dict[str, Floats]]:
    """Our own features of each row, made with each usual mistake of the instant."""
    ledger, zone = ledger_rows.ledger("as it is"), policy.zone
    instants_by_mistake = {
        mistake: {at: AsOf.of_instant(at.instant + offset, zone) for at in instants}
        for mistake, offset in AFTER.items()
    }
    instants_by_mistake["a horizon later"] = {at: at.shifted(horizon_days, zone) for at in instants}
    instants_by_mistake["at the ledger's end"] = dict.fromkeys(instants, until)
    snapshot = take_snapshot(
        ledger, sorted({at for mistaken in instants_by_mistake.values() for at in mistaken.values()}), policy
    )
    columns_by_mistake = {
        mistake: _columns(snapshot, keys, {at.naive: later.naive for at, later in mistaken.items()})
        for mistake, mistaken in instants_by_mistake.items()
    }
    hindsight = take_snapshot(with_hindsight(ledger_rows).ledger("with hindsight"), instants, policy)
    columns_by_mistake["with later bookings and corrections"] = _columns(
        hindsight, keys, {at.naive: at.naive for at in instants}
    )
    return columns_by_mistake


def _columns(snapshot: Snapshot, keys: Sequence[Key], instant_of: Mapping[datetime, datetime]) -> dict[str, Floats]:
    """The snapshot's columns in the order of keys, each key at another instant."""
    place = {key: row for row, key in enumerate(keys_of(snapshot))}
    rows = pa.array([place.get((customer, instant_of[instant])) for customer, instant in keys], pa.int64())
    table = snapshot.table.drop_columns(["customer_id", "as_of"])
    columns = {name: as_doubles(table.column(name).combine_chunks().take(rows), keys) for name in table.column_names}
    return {name: values for name, values in columns.items() if values is not None}


def _instants(features: FeatureTable) -> list[datetime]:
    return sorted({instant for _, instant in features.place})
