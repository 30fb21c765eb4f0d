"""Here you find the ledger as features read it: the rows of every kind, each with its visibility."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from features.errors import CallfirstError
from features.ledger.columns import CUSTOMERS_SHELF, SHELVES
from features.ledger.non_products import is_product
from features.small_work import SMALL_ROWS, small_work

INSTANT = pa.timestamp("us")  # UTC, written without a zone

ORDER_LINES = SHELVES["order_lines"].schema
"""The columns of an order line, in the mirror and in memory. A line is a return when its amount is below 0."""

REPLACEMENTS = pa.schema(
    [pa.field("row_id", pa.int64(), nullable=False), pa.field("replaced_at", INSTANT, nullable=False)]
)
"""Which row is no longer seen from which instant on; of several the earliest counts."""

CUSTOMERS = CUSTOMERS_SHELF.schema.append(pa.field("replaced_at", INSTANT))
"""One row per version of a customer; replaced_at is the next version's visible_from."""


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
class KindRows:
    """The rows of one shelf, and which of them are no longer seen.

    Attributes:
        rows: a table of the shelf's schema, or Parquet files of it.
        replacements: a table of REPLACEMENTS.
    """

    rows: pa.Table | tuple[Path, ...]
    replacements: pa.Table


OTHERS = tuple(name for name in SHELVES if name not in ("order_lines", "customers"))
"""The views of a ledger beside order lines and customers."""


@dataclass(frozen=True)
class Ledger:
    """The rows of every kind that have been checked, ready to be asked as of any instant.

    Attributes:
        order_lines: a table of ORDER_LINES, or Parquet files of that schema.
        replacements: a table of REPLACEMENTS.
        customers: a table of CUSTOMERS.
        starts_on: first order day (or return day).
        ends_on: last one.
        currency: ISO 4217 of every amount; XXX where the ledger names none.
        digest: SHA-256, hex, of what is in it.
        known_at_proven: every row came with a known-at of its own.
        non_product_codes: product ids that are no product, as the policy says.
        others: view → its rows (see OTHERS); none: the ledger holds no such rows.
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
    others: Mapping[str, KindRows] = field(default_factory=dict)

    def open(self, *, memory: str = "4GB", threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with a view per shelf, empty where the ledger holds no such rows.

        ``replaced_at``: when a row stopped to be seen. Of order lines, ``makes_order``: above 0 and of a product;
        ``is_return``: below 0 and of a product.
        Close it after use. ``memory`` bounds DuckDB's own memory; it spills to disk beyond.
        """
        if self._is_small:
            connection = small_work()
            _lay_out_empty_shelves(connection)
        else:
            connection = duckdb.connect(config={"memory_limit": memory})
            connection.execute("SET TimeZone = 'UTC'")
            if threads:
                connection.execute(f"SET threads = {int(threads)}")
        connection.register("customers", self.customers)
        product = is_product(self.non_product_codes)
        meaning = f", amount > 0 AND {product} AS makes_order, amount < 0 AND {product} AS is_return"
        _view(connection, "order_lines", KindRows(self.order_lines, self.replacements), beside=meaning)
        for name in OTHERS:
            if name in self.others:
                _view(connection, name, self.others[name])
            elif not self._is_small:
                _view(connection, name, _none(name))
        return connection

    def holds(self, view: str, column: str) -> bool:
        """Whether a view of order lines or OTHERS may know a value of a column; of files it always may."""
        if view == "order_lines":
            rows = self.order_lines
        elif view in self.others:
            rows = self.others[view].rows
        else:
            return False
        if not isinstance(rows, pa.Table):
            return bool(rows)
        shown = {ours: theirs for theirs, ours in SHELVES[view].renamed.items()}
        return bool(rows.column(shown.get(column, column)).null_count < len(rows))

    @property
    def _is_small(self) -> bool:
        """Whether all of it lies in memory and is so little that a database of its own would take longer."""
        every = [self.order_lines, self.customers, *(held.rows for held in self.others.values())]
        return all(isinstance(rows, pa.Table) for rows in every) and sum(map(len, every)) <= SMALL_ROWS


_laying_out = threading.Lock()
_laid_out = threading.Event()


def _lay_out_empty_shelves(connection: duckdb.DuckDBPyConnection) -> None:
    """An empty table for each of OTHERS, found where a ledger holds nothing of it; made once, for all small work."""
    if _laid_out.is_set():
        return
    with _laying_out:
        for name in () if _laid_out.is_set() else OTHERS:
            _view(connection, name, _none(name))
            connection.execute(f"CREATE TABLE IF NOT EXISTS memory.main.{name} AS FROM temp.{name}")
            connection.execute(f"DROP VIEW temp.{name}")
        _laid_out.set()


def _none(name: str) -> KindRows:
    return KindRows(SHELVES[name].schema.empty_table(), REPLACEMENTS.empty_table())


def _view(connection: duckdb.DuckDBPyConnection, name: str, held: KindRows, *, beside: str = "") -> None:
    """The rows stand in a view of that name, with ``replaced_at`` and what is asked for ``beside``."""
    if isinstance(held.rows, pa.Table):
        connection.register(f"{name}_rows", held.rows)
    else:
        connection.read_parquet([str(path) for path in held.rows]).create_view(f"{name}_rows")
    renamed = ", ".join(f"{ours} AS {shown}" for ours, shown in SHELVES[name].renamed.items())
    columns = f"l.* RENAME ({renamed})" if renamed else "l.*"
    if not len(held.replacements):
        never = "CAST(NULL AS TIMESTAMP) AS replaced_at"
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {columns}, {never}{beside} FROM {name}_rows l")
        return
    connection.register(f"{name}_replacements", held.replacements)
    connection.execute(
        f"""CREATE TEMP VIEW {name} AS
        SELECT {columns}, r.replaced_at{beside} FROM {name}_rows l LEFT JOIN (
            SELECT row_id, min(replaced_at) AS replaced_at FROM {name}_replacements GROUP BY row_id) r USING (row_id)"""
    )
