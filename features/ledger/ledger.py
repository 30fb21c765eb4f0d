"""The ledger as features read it: the rows of every kind, each with its visibility."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from features.ledger.connections import SMALL_ROWS, picking, small_work
from features.ledger.customer_range import EVERYBODY, CustomerRange
from features.ledger.relations import RelationRows
from features.ledger.schema.arrow import OTHERS, REPLACEMENTS
from features.ledger.schema.record_types import RELATIONS
from features.ledger.sql import is_product

MEANT_BY = ("amount", "product_id")
"""The columns that say whether a line makes an order or is a return."""


_laying_out = threading.Lock()
_laid_out = threading.Event()


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
    others: Mapping[str, RelationRows] = field(default_factory=dict)

    def open(
        self, *, memory: str = "4GB", threads: int | None = None, within: CustomerRange = EVERYBODY
    ) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with a view per shelf, empty where the ledger holds no such rows.

        ``replaced_at``: when a row stopped to be seen. Of order lines, ``makes_order``: above 0 and of a product;
        ``is_return``: below 0 and of a product.
        Close it after use. ``memory`` bounds DuckDB's own memory; it spills to disk beyond. ``within``: whose rows it
        must have; others' may be there too.
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
        product = is_product(self.non_product_codes)  # MEANT_BY
        meaning = f", amount > 0 AND {product} AS makes_order, amount < 0 AND {product} AS is_return"
        _view(connection, "order_lines", self._lines, within, beside=meaning)
        for name in OTHERS:
            if name in self.others:
                _view(connection, name, self.others[name], within)
            elif not self._is_small:
                _view(connection, name, _none(name), EVERYBODY)
        return connection

    def of_customers(self, customer_ids: Sequence[str], columns: Mapping[str, Collection[str]]) -> Ledger:
        """The ledger of some customers: what lies in files is read into memory, each file once.

        ``columns``: of which views what is read; of other views, and in other columns, it holds nothing.
        """
        wanted = pa.array(customer_ids, pa.string())
        with picking() as connection:
            connection.register("wanted", pa.table({"customer_id": wanted}))
            lines = self._lines.of_wanted(connection, "order_lines", {*columns["order_lines"], *MEANT_BY})
            others = {
                name: held.of_wanted(connection, name, columns[name])
                for name, held in self.others.items()
                if name in columns
            }
        return replace(
            self,
            order_lines=lines.rows,
            replacements=lines.replacements,
            customers=self.customers.filter(pc.is_in(self.customers.column("customer_id"), wanted)),
            others=others,
        )

    def holds(self, view: str, column: str) -> bool:
        """Whether a view of order lines or OTHERS may know a value of a column."""
        held = self._lines if view == "order_lines" else self.others.get(view)
        shown = {ours: theirs for theirs, ours in RELATIONS[view].renamed.items()}
        return held is not None and shown.get(column, column) in held.known_columns

    @cached_property
    def _lines(self) -> RelationRows:
        return RelationRows(self.order_lines, self.replacements)

    @property
    def _is_small(self) -> bool:
        """Whether all of it lies in memory and is so little that a database of its own would take longer."""
        every = [self.order_lines, self.customers, *(held.rows for held in self.others.values())]
        return all(isinstance(rows, pa.Table) for rows in every) and sum(map(len, every)) <= SMALL_ROWS


def _lay_out_empty_shelves(connection: duckdb.DuckDBPyConnection) -> None:
    """An empty table for each of OTHERS, found where a ledger holds nothing of it; made once, for all small work."""
    if _laid_out.is_set():
        return
    with _laying_out:
        for name in () if _laid_out.is_set() else OTHERS:
            _view(connection, name, _none(name), EVERYBODY)
            connection.execute(f"CREATE TABLE IF NOT EXISTS memory.main.{name} AS FROM temp.{name}")
            connection.execute(f"DROP VIEW temp.{name}")
        _laid_out.set()


def _none(name: str) -> RelationRows:
    return RelationRows(RELATIONS[name].schema.empty_table(), REPLACEMENTS.empty_table())


def _view(
    connection: duckdb.DuckDBPyConnection, name: str, held: RelationRows, within: CustomerRange, *, beside: str = ""
) -> None:
    """The rows stand in a view of that name, with ``replaced_at`` and what is asked for ``beside``."""
    rows = held.rows_within(within)
    if isinstance(rows, pa.Table):
        connection.register(f"{name}_rows", rows)
    elif not rows:
        connection.register(f"{name}_rows", RELATIONS[name].schema.empty_table())
    else:
        connection.read_parquet([str(path) for path in rows]).create_view(f"{name}_rows")
    renamed = ", ".join(f"{ours} AS {shown}" for ours, shown in RELATIONS[name].renamed.items() if held.has(ours))
    columns = f"l.* RENAME ({renamed})" if renamed else "l.*"
    if not len(held.replacements):
        never = "CAST(NULL AS TIMESTAMP) AS replaced_at"
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {columns}, {never}{beside} FROM {name}_rows l")
        return
    connection.register(f"{name}_replaced", held.replaced)
    connection.execute(
        f"""CREATE TEMP VIEW {name} AS
        SELECT {columns}, r.replaced_at{beside} FROM {name}_rows l LEFT JOIN {name}_replaced r USING (row_id)"""
    )


def digest_of_tables(*tables: pa.Table) -> str:
    """SHA-256, hex, of the tables' values."""
    digest = hashlib.sha256()
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()
