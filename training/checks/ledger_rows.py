"""A ledger's rows in memory by relation, and the operations that perturbations are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.relations import RelationRows
from features.ledger.schema.arrow import CUSTOMERS, INSTANT, OTHERS, REPLACEMENTS
from features.ledger.schema.record_types import RECORD_TYPES, RELATIONS, Relation

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

CUSTOMER_COLUMNS = ("customer_id", "parent_id", "referred_by")
"""Columns that name a customer."""
INNER = {
    "order_lines": {"delivered_on": ""},
    "complaints": {"answered_at": "answered_on", "closed_at": "closed_on"},
    "payments": {"paid_on": ""},
}
"""Columns that are filled in after the row happened, with the column of their business day."""
SOMETHING = 100
"""A number where there is no row to copy."""
A_WORD = {"event": "buyer_changed"}
"""Values of required texts then, where not every text is valid."""
ROW_ID, VISIBLE_FROM, REPLACED = "row_id", "visible_from", "replaced_at"


@dataclass(frozen=True)
class Layer:
    """The time columns of a relation.

    Attributes:
        happened, day: columns of happened-at and of its business day; empty: rows are states, valid from their
            known-at on.
        inner: column that is filled in later → column of its business day.
        own_ids: columns that identify a row.
    """

    name: str
    happened: str
    day: str
    inner: Mapping[str, str]
    own_ids: tuple[str, ...]


def _layer(relation: Relation) -> Layer:
    record_type = RECORD_TYPES[relation.kind]
    ids = () if relation.is_state else tuple(name for name in relation.key if name.endswith("_id"))
    return Layer(
        relation.name,
        record_type.happened_at,
        record_type.days.get(record_type.happened_at, ""),
        INNER.get(relation.name, {}),
        ids,
    )


LAYERS: Mapping[str, Layer] = {name: _layer(relation) for name, relation in RELATIONS.items()}
"""Every relation of the contract."""


@dataclass(frozen=True)
class LedgerRows:
    """The rows of a ledger by relation, each table with the relation's columns and ``replaced_at``."""

    rows: Mapping[str, pa.Table]
    origin: Ledger

    @classmethod
    def of(cls, ledger: Ledger) -> LedgerRows:
        """The ledger's rows."""
        rows = {}
        with ledger.open() as connection:
            for name, relation in RELATIONS.items():
                ours = {shown: ours for ours, shown in relation.renamed.items()}
                columns = ", ".join(relation.renamed.get(field.name, field.name) for field in relation.schema)
                statement = f"SELECT {columns}, {REPLACED} FROM {name} ORDER BY {ROW_ID}"
                table = connection.sql(statement).to_arrow_table()
                rows[name] = table.rename_columns(
                    [ours.get(name_shown, name_shown) for name_shown in table.column_names]
                )
        return cls(rows, ledger)

    def of_customers(self, customers: Sequence[str]) -> LedgerRows:
        """The rows of some customers, and the rows without a customer."""
        return replace(
            self, rows={name: rows.filter(pa.array(is_of(rows, customers))) for name, rows in self.rows.items()}
        )

    def ledger(self, name: str) -> Ledger:
        """The rows as a ledger with a digest of its own; its first and last day are those of its rows."""
        lines = self._relation_rows("order_lines")
        days = pc.min_max(self.rows["order_lines"].column("order_day")).as_py()
        return replace(
            self.origin,
            order_lines=lines.rows,
            replacements=lines.replacements,
            customers=self.rows["customers"].select(CUSTOMERS.names).cast(CUSTOMERS),
            starts_on=days["min"],
            ends_on=days["max"],
            digest=hashlib.sha256(f"{self.origin.digest} {name}".encode()).hexdigest(),
            others={name: self._relation_rows(name) for name in OTHERS if self.rows[name].num_rows},
        )

    def _relation_rows(self, name: str) -> RelationRows:
        table, schema = self.rows[name], RELATIONS[name].schema
        replaced = table.filter(pc.is_valid(table.column(REPLACED)))
        return RelationRows(
            table.select(schema.names).cast(schema), replaced.select(REPLACEMENTS.names).cast(REPLACEMENTS)
        )


def flags(values: pa.ChunkedArray) -> Mask:
    """The booleans, with missing as False."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def at_or_after(table: pa.Table, column: str, as_of: AsOf) -> Mask:
    """Rows with an instant or day in a column that has not passed; a day passes when the next one begins."""
    kind = table.schema.field(column).type
    limit: date | datetime = as_of.day if pa.types.is_date(kind) else as_of.naive
    return flags(pc.greater_equal(table.column(column), pa.scalar(limit, kind)))


def is_of(table: pa.Table, customers: Iterable[str]) -> Mask:
    """Rows of some customers, and rows without a customer."""
    if "customer_id" not in table.column_names:
        return np.ones(table.num_rows, dtype=np.bool_)
    ids = table.column("customer_id")
    return flags(pc.or_(pc.is_in(ids, pa.array(list(customers), pa.string())), pc.is_null(ids)))


def is_visible(layer: Layer, table: pa.Table, as_of: AsOf) -> Mask:
    """Rows visible at the instant; commitments are not among them."""
    unknown = at_or_after(table, VISIBLE_FROM, as_of)
    if layer.happened:
        unknown |= at_or_after(table, layer.happened, as_of)
    replaced = flags(pc.less(table.column(REPLACED), pa.scalar(as_of.naive, INSTANT)))
    return np.asarray(~unknown & ~replaced)


def known_customers(ledger_rows: LedgerRows, as_of: AsOf) -> list[str]:
    """Customers with an order line or a version visible at the instant, in the order of their ids."""
    known: set[str] = set()
    for name in ("order_lines", "customers"):
        table = ledger_rows.rows[name]
        known |= set(table.column("customer_id").filter(pa.array(is_visible(LAYERS[name], table, as_of))).to_pylist())
    return sorted(known)


def newest_of(layer: Layer, table: pa.Table, as_of: AsOf, customers: Sequence[str]) -> Places:
    """The place of each customer's newest row visible at the instant; of another customer's if none; -1: no row."""
    visible = np.flatnonzero(is_visible(layer, table, as_of))
    if not len(visible):
        return np.full(len(customers), -1)
    if "customer_id" not in table.column_names:
        return np.full(len(customers), visible[-1])
    moments = table.column(layer.happened or VISIBLE_FROM).cast(pa.timestamp("us")).to_numpy()[visible]
    ordered = visible[np.argsort(moments, kind="stable")]
    newest = dict(zip(table.column("customer_id").take(pa.array(ordered)).to_pylist(), ordered.tolist(), strict=True))
    return np.array([newest.get(customer, ordered[-1]) for customer in customers], dtype=np.int64)


def new_rows(layer: Layer, table: pa.Table, customers: Sequence[str], as_of: AsOf) -> pa.Table:
    """A copy of each customer's newest row, to be moved; it is not known, open or replaced yet."""
    places = newest_of(layer, table, as_of, customers)
    rows = table.take(pa.array(places, mask=places < 0))
    if "customer_id" in rows.column_names:
        rows = with_column(rows, "customer_id", pa.array(customers, pa.string()))
    for name in (*layer.inner, *(day for day in layer.inner.values() if day), REPLACED):
        rows = with_column(rows, name, pa.nulls(rows.num_rows, rows.schema.field(name).type))
    for field in RELATIONS[layer.name].schema:
        if pa.types.is_string(field.type) and not field.nullable:
            rows = with_column(rows, field.name, pc.fill_null(rows.column(field.name), A_WORD.get(field.name, "XXX")))
    return rows


def moved(layer: Layer, rows: pa.Table, *, happens: datetime, known: datetime, zone: ZoneInfo) -> pa.Table:
    """The rows as if they had happened at a moment, on its business day, and become known at another."""
    rows = with_column(rows, VISIBLE_FROM, _same(known, rows))
    if not layer.happened:
        return rows
    day = AsOf.of_instant(happens.replace(tzinfo=UTC), zone).day
    is_day = pa.types.is_date(rows.schema.field(layer.happened).type)
    rows = with_column(rows, layer.happened, _same(day if is_day else happens, rows))
    return with_column(rows, layer.day, _same(day, rows)) if layer.day else rows


def scaled(rows: pa.Table, times: float) -> pa.Table:
    """The rows with every number multiplied."""
    for field in rows.schema:
        if pa.types.is_decimal(field.type):
            values = pc.fill_null(rows.column(field.name).cast(pa.float64()), SOMETHING).to_numpy()
            rows = with_column(rows, field.name, _numbers(values * times, field.type))
    return rows


def relabelled(layer: Layer, rows: pa.Table) -> pa.Table:
    """The rows with other texts, booleans and parents, but with the same customers and keys."""
    unchanged = {"customer_id", *RELATIONS[layer.name].key, "currency"}
    for field in rows.schema:
        if field.name in CUSTOMER_COLUMNS[1:]:
            others = np.roll(np.arange(rows.num_rows), 1)
            rows = with_column(rows, field.name, rows.column("customer_id").take(pa.array(others)))
        elif pa.types.is_string(field.type) and field.name not in unchanged:
            other = pc.binary_join_element_wise(pc.fill_null(rows.column(field.name), "none"), "other", " ")
            rows = with_column(rows, field.name, other)
        elif pa.types.is_boolean(field.type):
            rows = with_column(rows, field.name, pc.invert(pc.fill_null(rows.column(field.name), False)))
    return rows


def handed_on(rows: pa.Table) -> pa.Table:
    """The rows, each with the customer of the row before."""
    if "customer_id" not in rows.column_names:
        return rows
    around = pa.array(np.roll(np.arange(rows.num_rows), 1))
    return with_column(rows, "customer_id", rows.column("customer_id").take(around))


def arrived(layer: Layer, rows: pa.Table, *, after: pa.Table) -> pa.Table:
    """The rows as if they had arrived after all rows of a table, with ids of their own."""
    rows = with_row_ids(rows, after=after)
    for name in layer.own_ids:
        fresh = [f"{name} {row_id}" for row_id in rows.column(ROW_ID).to_pylist()]
        rows = with_column(rows, name, pa.array(fresh, pa.string()))
    return rows


def with_row_ids(rows: pa.Table, *, after: pa.Table) -> pa.Table:
    """The rows as if they had arrived after all rows of a table, as further versions of the same things."""
    last = pc.max(after.column(ROW_ID)).as_py() or 0
    return with_column(rows, ROW_ID, pa.array(np.arange(last + 1, last + 1 + rows.num_rows)))


def with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table with other values in a column, cast to the column's type."""
    place = table.column_names.index(name)
    kind = table.schema.field(name).type
    return table.set_column(place, pa.field(name, kind), values.cast(kind))


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows of tables with the same columns, all of them nullable."""
    loose = pa.schema([pa.field(field.name, field.type) for field in tables[0].schema])
    return pa.concat_tables([pa.table(table.columns, schema=loose) for table in tables]).combine_chunks()


def _numbers(values: npt.NDArray[np.float64], kind: pa.DataType) -> pa.Array:
    bounded = np.clip(np.round(values, 4), -1e13, 1e13)
    return pa.array(bounded).cast(kind, safe=False)


def _same(value: date | datetime, rows: pa.Table) -> pa.Array:
    kind = pa.timestamp("us") if isinstance(value, datetime) else pa.date32()
    return pa.array([value] * rows.num_rows, kind)
