"""The contract as data: every record type with its columns, its key and its relations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from features.ledger.schema.column import ARROW_TYPES, MONEY, SQL_TYPES, ColumnKind, ColumnSpec, name_key
from features.ledger.schema.company import EVENT_COLUMNS, PAYMENT_COLUMNS, RATE_COLUMNS
from features.ledger.schema.customers import CUSTOMER_COLUMNS, MANAGER_COLUMNS, PERSON_COLUMNS
from features.ledger.schema.interactions import (
    CALL_COLUMNS,
    COMPLAINT_COLUMNS,
    CONTACT_COLUMNS,
    OUTCOME_COLUMNS,
    SURVEY_COLUMNS,
)
from features.ledger.schema.orders import ORDER_COLUMNS

__all__ = [
    "CUSTOMERS_RELATION",
    "CUSTOMER_COLUMNS",
    "ORDERS_TYPE",
    "ORDER_COLUMNS",
    "PEOPLE",
    "RECORD_TYPES",
    "RELATIONS",
    "SQL_TYPES",
    "ColumnKind",
    "ColumnSpec",
    "Order",
    "RecordType",
    "Relation",
    "name_key",
]


ORIGINAL = "_in_currency"
"""How the name of a column ends that keeps money as its sender wrote it."""


@dataclass(frozen=True)
class Relation:
    """One table of the ledger: a view for features, a folder of the mirror, a table of the database.

    Attributes:
        name: of the view.
        folder: of the mirror.
        table: of the database.
        kind: name of the record type.
        columns: of the contract, without known-at.
        key: columns; rows with the same values in them are versions of each other.
        is_state: a row holds until the next one of its key is known; else it is an event.
        renamed: column of the contract → its name in the view, where that differs.
        originals: what intake keeps beside converted money: ``X_in_currency`` as X was, empty where nothing was
            converted.
    """

    name: str
    folder: str
    table: str
    kind: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    is_state: bool
    renamed: Mapping[str, str] = field(default_factory=dict)
    originals: tuple[ColumnSpec, ...] = ()

    @property
    def content(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in (*self.columns, *self.originals))

    @property
    def content_as_sent(self) -> tuple[str, ...]:
        """SQL of its columns, with money as the sender wrote it; rows that agree in all of them say the same."""
        originals = {column.name for column in self.originals}
        return tuple(
            f"coalesce({name}{ORIGINAL}, {name})" if f"{name}{ORIGINAL}" in originals else name
            for name in (column.name for column in self.columns)
        )

    @property
    def schema(self) -> pa.Schema:
        """The columns in mirror and memory: row_id, the contract's, each instant's business day, and visible_from."""
        fields = [pa.field("row_id", pa.int64(), nullable=False)]
        for column in (*self.columns, *self.originals):
            fields.append(pa.field(column.name, ARROW_TYPES[column.kind], nullable=not column.required))
            if column.day:
                fields.append(pa.field(column.day, pa.date32(), nullable=not column.required))
        return pa.schema([*fields, pa.field("visible_from", ARROW_TYPES[ColumnKind.INSTANT], nullable=False)])


@dataclass(frozen=True)
class Order:
    """Two dates of a row that contradict each other where the later one comes first.

    Attributes:
        earlier, later: columns of dates.
        may_be_one_day: they do not contradict on one day; else the later is the first day after.
    """

    earlier: str
    later: str
    may_be_one_day: bool = True


@dataclass(frozen=True)
class RecordType:
    """The contract of one kind of rows.

    Attributes:
        name: as in the command ``ingest``.
        columns: of the contract.
        relations: where its rows are stored; the first holds all rows but those that describe only a person.
        happened_at: the column with the instant of the event; empty: the rows are states.
        money: the column whose sum is reconciled per currency; empty: none.
        converted: every column of money, in the row's currency when it comes, in the reporting currency when kept.
        is_public: a row counts as known when it happened, whenever it came in.
        is_sale: its rows are sales and returns of products; they may cancel each other, and are checked and reported in
            more detail.
        in_order: dates that must not contradict each other.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    relations: tuple[Relation, ...]
    happened_at: str = ""
    money: str = ""
    in_order: tuple[Order, ...] = ()
    converted: tuple[str, ...] = ()
    is_public: bool = False
    is_sale: bool = False

    @property
    def relation(self) -> Relation:
        """The first of its relations."""
        return self.relations[0]

    @property
    def is_state(self) -> bool:
        """Whether a row holds until the next one of its key is known."""
        return not self.happened_at

    def column(self, name: str) -> ColumnSpec:
        """One of its columns."""
        return next(column for column in self.columns if column.name == name)

    @property
    def days(self) -> Mapping[str, str]:
        """Instant → name of its business day, which stands beside it."""
        return {column.name: column.day for column in self.columns if column.day}


def _without_known_at(columns: tuple[ColumnSpec, ...]) -> tuple[ColumnSpec, ...]:
    return tuple(column for column in columns if column.name != "known_at")


def _events(
    name: str, columns: tuple[ColumnSpec, ...], key: tuple[str, ...], *, happened_at: str,
    money: str = "", view: str = "", in_order: tuple[Order, ...] = (), converted: tuple[str, ...] = (),
    is_public: bool = False, is_sale: bool = False,
) -> RecordType:  # fmt: skip
    """A record type whose rows are events."""
    originals = tuple(ColumnSpec(f"{money}{ORIGINAL}", MONEY, f"{money} in the row's currency") for money in converted)
    relation = Relation(
        view or name, name, view or name, name, _without_known_at(columns), key, is_state=False, originals=originals
    )  # fmt: skip
    return RecordType(name, columns, (relation,), happened_at, money, in_order, converted, is_public, is_sale)


PEOPLE = Relation(
    "people", "people", "person_versions", "customers",
    tuple(column for column in CUSTOMER_COLUMNS if column.name in ("customer_id", *PERSON_COLUMNS)),
    ("customer_id", "person"), is_state=True,
    renamed={"person_role": "role", "person_level": "level", "person_birthday": "birthday"},
)  # fmt: skip
CUSTOMERS_RELATION = Relation(
    "customers", "customers", "customer_versions", "customers",
    tuple(column for column in _without_known_at(CUSTOMER_COLUMNS) if column.name not in PERSON_COLUMNS),
    ("customer_id",), is_state=True,
)  # fmt: skip
MANAGERS = Relation(
    "managers", "managers", "manager_versions", "managers",
    _without_known_at(MANAGER_COLUMNS), ("manager_id",), is_state=True,
)  # fmt: skip

RECORD_TYPES: Mapping[str, RecordType] = {
    record_type.name: record_type
    for record_type in (
        _events(
            "orders", ORDER_COLUMNS, ("order_id", "line_id"), happened_at="ordered_at", money="amount",
            view="order_lines", converted=("amount", "cost", "discount"), is_sale=True,
        ),
        RecordType("customers", CUSTOMER_COLUMNS, (CUSTOMERS_RELATION, PEOPLE)),
        _events(
            "contacts", CONTACT_COLUMNS, ("contact_id",), happened_at="contacted_at",
            in_order=(Order("listed_on", "contacted_at"),),
        ),
        _events(
            "complaints", COMPLAINT_COLUMNS, ("complaint_id",), happened_at="opened_at",
            in_order=(Order("opened_at", "answered_at"), Order("opened_at", "closed_at")),
        ),
        _events("surveys", SURVEY_COLUMNS, ("survey_id",), happened_at="answered_at"),
        _events(
            "payments", PAYMENT_COLUMNS, ("payment_id",), happened_at="invoiced_at", money="amount",
            in_order=(Order("invoiced_at", "paid_on"),), converted=("amount",),
        ),
        _events(
            "events", EVENT_COLUMNS, ("event_id",), happened_at="happened_at",
            in_order=(Order("happened_at", "until_on", may_be_one_day=False),),
        ),
        RecordType(
            "managers", MANAGER_COLUMNS, (MANAGERS,),
            in_order=(Order("absent_from_on", "absent_until_on", may_be_one_day=False),),
        ),
        _events(
            "calls", CALL_COLUMNS, ("call_id",), happened_at="called_at", in_order=(Order("listed_on", "called_at"),)
        ),
        _events("outcomes", OUTCOME_COLUMNS, ("outcome_id",), happened_at="happened_at"),
        _events("rates", RATE_COLUMNS, ("currency", "rated_on"), happened_at="rated_on", is_public=True),
    )
}  # fmt: skip
"""The record types that can be ingested, by name."""

ORDERS_TYPE = RECORD_TYPES["orders"]
"""Order lines, the record type of a source read where it lies."""

RELATIONS: Mapping[str, Relation] = {
    relation.name: relation for record_type in RECORD_TYPES.values() for relation in record_type.relations
}
"""Every table of the ledger, by the name of its view."""
