"""Here you find the ledger as features read it: order lines and customer versions, each with its visibility."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from features.errors import CallfirstError
from features.ledger.non_products import is_product

MONEY = pa.decimal128(18, 4)
INSTANT = pa.timestamp("us")  # UTC, written without a zone

ORDER_LINES = pa.schema(
    [
        pa.field("row_id", pa.int64(), nullable=False),  # order of arrival in the store
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("ordered_at", INSTANT, nullable=False),  # happened-at
        pa.field("order_day", pa.date32(), nullable=False),  # its calendar day, business time zone
        pa.field("visible_from", INSTANT, nullable=False),  # known-at
        pa.field("amount", MONEY, nullable=False),  # reporting currency, net of discount; negative: return
        pa.field("order_id", pa.string()),
        pa.field("line_id", pa.string()),
        pa.field("product_id", pa.string()),
        pa.field("category", pa.string()),
        pa.field("quantity", MONEY),
        pa.field("unit_price", MONEY),
        pa.field("cost", MONEY),  # of the whole line
        pa.field("discount", MONEY),  # of the whole line, already taken off the amount
        pa.field("currency", pa.string(), nullable=False),
        pa.field("department", pa.string()),
        pa.field("manager_id", pa.string()),
        pa.field("promised_on", pa.date32()),
        pa.field("delivered_on", pa.date32()),
    ]
)
"""The columns of an order line, in the mirror and in memory. A line is a return when its amount is below 0."""

REPLACEMENTS = pa.schema(
    [pa.field("row_id", pa.int64(), nullable=False), pa.field("replaced_at", INSTANT, nullable=False)]
)
"""Which order line is no longer seen from which instant on; of several the earliest counts."""

CUSTOMERS = pa.schema(
    [
        pa.field("row_id", pa.int64(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("parent_id", pa.string()),
        pa.field("department", pa.string()),
        pa.field("manager_id", pa.string()),
        pa.field("visible_from", INSTANT, nullable=False),
        pa.field("replaced_at", INSTANT),  # the next version's visible_from
    ]
)
"""One row per version of a customer."""


class LedgerError(CallfirstError):
    """A ledger that cannot be used as asked."""


class EmptyLedgerError(LedgerError):
    """There is nothing in the ledger yet."""

    def __init__(self) -> None:
        super().__init__("The ledger holds no order lines yet.", "Load some: callfirst ingest orders FILE.")


class AsOfBeforeLedgerError(LedgerError):
    """Nothing was known at the as-of asked for."""

    def __init__(self, asked: date, starts_on: date) -> None:
        super().__init__(
            f"Nothing is known at {asked}: the ledger begins on {starts_on}.",
            "Choose an as-of after that day.",
        )


@dataclass(frozen=True)
class Ledger:
    """Order lines and customers that have been checked, ready to be asked as of any instant.

    Attributes:
        order_lines: a table of ORDER_LINES, or Parquet files of that schema.
        replacements: a table of REPLACEMENTS.
        customers: a table of CUSTOMERS.
        starts_on: first order day (or return day).
        ends_on: last one.
        currency: ISO 4217 of every amount; XXX where the ledger names none.
        digest: SHA-256, hex, of what is in it.
        known_at_proven: every order line came with a known-at of its own.
        non_product_codes: product ids that are no product, as the policy says.
    """

    order_lines: pa.Table | tuple[Path, ...]
    replacements: pa.Table
    customers: pa.Table
    starts_on: date
    ends_on: date
    currency: str
    digest: str
    known_at_proven: bool
    non_product_codes: tuple[str, ...] = ()

    def open(self, *, memory: str = "4GB", threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with the views ``order_lines`` (ORDER_LINES, and the three below) and ``customers``.

        ``replaced_at``: when it stopped to be seen. ``makes_order``: above 0 and of a product. ``is_return``: below 0
        and of a product.
        Close it after use. ``memory`` bounds DuckDB's own memory; it spills to disk beyond.
        """
        connection = duckdb.connect(config={"memory_limit": memory})
        connection.execute("SET TimeZone = 'UTC'")
        if threads:
            connection.execute(f"SET threads = {int(threads)}")
        connection.register("replacements", self.replacements)
        connection.register("customers", self.customers)
        if isinstance(self.order_lines, pa.Table):
            connection.register("lines", self.order_lines)
        else:
            connection.read_parquet([str(path) for path in self.order_lines]).create_view("lines")
        product = is_product(self.non_product_codes)
        connection.execute(
            f"""CREATE TEMP VIEW order_lines AS
            SELECT l.*, r.replaced_at, amount > 0 AND {product} AS makes_order, amount < 0 AND {product} AS is_return
            FROM lines l LEFT JOIN
                (SELECT row_id, min(replaced_at) AS replaced_at FROM replacements GROUP BY row_id) r USING (row_id)"""
        )
        return connection
