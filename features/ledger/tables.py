"""Here you find the tables of what happened. Money is kept in ten-thousandths, instants in microseconds of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

METADATA = MetaData()
"""Every table of the product's database; each room adds its own."""

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
    comment="What the first batch of orders decided for good: time zone and reporting currency.",
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

ORDER_LINES = Table(
    "order_lines",
    METADATA,
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("batch_id", Integer, ForeignKey("batches.batch_id"), nullable=False),
    Column("file_no", Integer, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("visible_from", Instant, nullable=False),
    Column("amount", Money, nullable=False),
    Column("order_id", Text),
    Column("line_id", Text),
    Column("product_id", Text),
    Column("category", Text),
    Column("quantity", Money),
    Column("unit_price", Money),
    Column("cost", Money),
    Column("discount", Money),
    Column("currency", String(3), nullable=False),
    Column("department", Text),
    Column("manager_id", Text),
    Column("promised_on", Day),
    Column("delivered_on", Day),
    comment="Append-only. A line that was corrected stays; order_replacements says until when it was seen.",
)

ORDER_REPLACEMENTS = Table(
    "order_replacements",
    METADATA,
    Column("row_id", BigInteger, ForeignKey("order_lines.row_id"), primary_key=True, autoincrement=False),
    Column("by_row_id", BigInteger, ForeignKey("order_lines.row_id"), primary_key=True, autoincrement=False),
    Column("replaced_at", Instant, nullable=False),
    comment="Append-only. Of several facts about one line the earliest instant counts.",
)

CUSTOMER_VERSIONS = Table(
    "customer_versions",
    METADATA,
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("batch_id", Integer, ForeignKey("batches.batch_id"), nullable=False),
    Column("file_no", Integer, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("name", Text),
    Column("parent_id", Text),
    Column("department", Text),
    Column("manager_id", Text),
    Column("visible_from", Instant, nullable=False),
    comment="Append-only. A version is seen until the next one of the same customer becomes visible.",
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
