"""The tables of the ledger. Money is stored in ten-thousandths, instants in microseconds of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from features.ledger.schema.record_types import RELATIONS, ColumnKind, Relation

METADATA = MetaData()
"""Every table of the product's database; each package adds its own."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """An aware instant in whole microseconds since 1970, UTC."""
    return (instant - EPOCH) // MICROSECOND


class Money(TypeDecorator[Decimal]):
    """DECIMAL(18,4) as a whole number of ten-thousandths: exact on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The ten-thousandths."""
        return None if value is None else int(value.scaleb(4).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """The money."""
        return None if value is None else Decimal(value).scaleb(-4)


class Instant(TypeDecorator[datetime]):
    """An aware instant as whole microseconds since 1970, UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The instant, UTC."""
        return None if value is None else EPOCH + value * MICROSECOND


class Day(TypeDecorator[date]):
    """A calendar day as whole days since 1970-01-01."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The days."""
        return None if value is None else (value - EPOCH.date()).days

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        """The day."""
        return None if value is None else EPOCH.date() + timedelta(days=value)


LEDGER_SETTINGS = Table(
    "ledger_settings",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    comment="What the first batches decided for good: time zone and reporting currency.",
)

BATCHES = Table(
    "batches",
    METADATA,
    Column("batch_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("ingested_at", Instant, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("accepted_rows", BigInteger, nullable=False),
    Column("known_at_given_rows", BigInteger, nullable=False),
    Column("first_row_id", BigInteger),
    Column("last_row_id", BigInteger),
    Column("first_on", Day),
    Column("last_on", Day),
    Column("digest", String(64), nullable=False),
    Column("reconciliation", Text, nullable=False),
    comment="One row per command that changed something; the reconciliation as JSON.",
)

KEPT_AS: dict[ColumnKind, type[TypeEngine[Any]] | TypeEngine[Any]] = {
    ColumnKind.TEXT: Text,
    ColumnKind.MONEY: Money,
    ColumnKind.NUMBER: Money,
    ColumnKind.PRECISE: Text,
    ColumnKind.DAY: Day,
    ColumnKind.INSTANT: Instant,
    ColumnKind.YES_NO: Integer,
    ColumnKind.WORD: Text,
    ColumnKind.WORDS: Text,
}
"""The database type of each kind of value; a precise number is text, yes is 1 and no is 0."""


BY_KEY = {
    name: f"{relation.table}_by_key"
    for name, relation in RELATIONS.items()
    if not relation.is_state and name != "rates"
}
BY_KEY["order_lines"] = "order_lines_by_line"
"""The index that finds the versions of a row, of every relation with such an index."""


def _table_of(relation: Relation) -> Table:
    """The table of a relation: the origin of each row, the columns of the contract, and its visible_from."""
    table = Table(
        relation.table,
        METADATA,
        Column("row_id", BigInteger, primary_key=True, autoincrement=False),
        Column("batch_id", Integer, ForeignKey("batches.batch_id"), nullable=False),
        Column("file_no", Integer, nullable=False),
        Column("line_no", BigInteger, nullable=False),
        *(Column(column.name, KEPT_AS[column.kind], nullable=not column.required) for column in relation.columns),
        *(Column(column.name, KEPT_AS[column.kind]) for column in relation.originals),
        Column("visible_from", Instant, nullable=False),
        comment="Append-only. A row that was corrected stays; until when it was seen follows from its replacements.",
    )
    if "customer_id" in relation.content:
        Index(f"{relation.table}_by_customer", table.c.customer_id)
    if relation.name in BY_KEY:
        Index(BY_KEY[relation.name], *(table.c[name] for name in relation.key))
    return table


TABLES = {name: _table_of(relation) for name, relation in RELATIONS.items()}
"""The table of every relation, by the name of its view."""
ORDER_LINES = TABLES["order_lines"]

ORDER_REPLACEMENTS = Table(
    "order_replacements",
    METADATA,
    Column("row_id", BigInteger, ForeignKey("order_lines.row_id"), primary_key=True, autoincrement=False),
    Column("by_row_id", BigInteger, ForeignKey("order_lines.row_id"), primary_key=True, autoincrement=False),
    Column("replaced_at", Instant, nullable=False),
    comment="Append-only. Of several facts about one line the earliest instant counts.",
)

ROW_REPLACEMENTS = Table(
    "row_replacements",
    METADATA,
    Column("shelf", String(32), primary_key=True),
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("by_row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("replaced_at", Instant, nullable=False),
    comment="Append-only. The same for rows of every other kind that tell of something that happened.",
)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("batch_id", Integer, ForeignKey("batches.batch_id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("file", Text, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("original", Text, nullable=False),
    Column("digest", String(32), nullable=False),
    comment="Rows that could not be used: why, and the original as JSON.",
)

SAME_CUSTOMERS = Table(
    "same_customers",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("same_as", Text, nullable=False),
    comment="Ids that are another customer's, as somebody said it; every chain stands at its end.",
)
