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
"""The columns that decide whether a line makes an order or is a return."""


_laying_out = threading.Lock()
_laid_out = threading.Event()


@dataclass(frozen=True)
class Ledger:
    """Checked rows of every kind, ready to be read as of any instant.

    Attributes:
        order_lines: a table of ORDER_LINES, or Parquet files of that schema.
        replacements: a table of REPLACEMENTS.
        customers: a table of CUSTOMERS.
        starts_on: first order day (or return day).
        ends_on: last one.
        currency: ISO 4217 of every amount; XXX where the ledger names none.
        digest: SHA-256, hex, of its content.
        known_at_proven: every row came with a known-at of its own.
        non_product_codes: the policy's product ids that are no products.
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
        """A DuckDB connection with a view per relation, empty where the ledger holds no such rows.

        ``replaced_at``: the end of a row's visibility. Order lines also have ``makes_order`` (above 0 and of a product)
        and ``is_return`` (below 0 and of a product).
        Close it after use. ``memory`` limits DuckDB's own memory; beyond, it spills to disk. ``within``: the customers
        whose rows it must have; rows of others may be there too.
        """
        if self._is_small:
            connection = small_work()
            _create_empty_relations(connection)
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
        """The ledger of some customers: files are read into memory, each once.

        ``columns``: view → the columns to read; the result has no other views and columns.
        """
        ids = pa.array(customer_ids, pa.string())
        with picking() as connection:
            connection.register("wanted", pa.table({"customer_id": ids}))
            lines = self._lines.of_customers(connection, "order_lines", {*columns["order_lines"], *MEANT_BY})
            others = {
                name: relation_rows.of_customers(connection, name, columns[name])
                for name, relation_rows in self.others.items()
                if name in columns
            }
        return replace(
            self,
            order_lines=lines.rows,
            replacements=lines.replacements,
            customers=self.customers.filter(pc.is_in(self.customers.column("customer_id"), ids)),
            others=others,
        )

    def holds(self, view: str, column: str) -> bool:
        """Whether a view of order lines or OTHERS may have a value in a column."""
        relation_rows = self._lines if view == "order_lines" else self.others.get(view)
        shown = {ours: theirs for theirs, ours in RELATIONS[view].renamed.items()}
        return relation_rows is not None and shown.get(column, column) in relation_rows.known_columns

    @cached_property
    def _lines(self) -> RelationRows:
        return RelationRows(self.order_lines, self.replacements)

    @property
    def _is_small(self) -> bool:
        """Whether all rows are in memory and so few that a database of their own would take longer."""
        tables = [self.order_lines, self.customers, *(relation_rows.rows for relation_rows in self.others.values())]
        return all(isinstance(rows, pa.Table) for rows in tables) and sum(map(len, tables)) <= SMALL_ROWS


def _create_empty_relations(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates an empty table for each of OTHERS, for ledgers without such rows; once for all small work."""
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
    connection: duckdb.DuckDBPyConnection,
    name: str,
    relation_rows: RelationRows,
    within: CustomerRange,
    *,
    beside: str = "",
) -> None:
    """Creates a view of the rows, with ``replaced_at`` and the columns ``beside``."""
    rows = relation_rows.rows_within(within)
    if isinstance(rows, pa.Table):
        connection.register(f"{name}_rows", rows)
    elif not rows:
        connection.register(f"{name}_rows", RELATIONS[name].schema.empty_table())
    else:
        connection.read_parquet([str(path) for path in rows]).create_view(f"{name}_rows")
    renamed = ", ".join(
        f"{ours} AS {shown}" for ours, shown in RELATIONS[name].renamed.items() if relation_rows.has(ours)
    )
    columns = f"l.* RENAME ({renamed})" if renamed else "l.*"
    if not len(relation_rows.replacements):
        never = "CAST(NULL AS TIMESTAMP) AS replaced_at"
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {columns}, {never}{beside} FROM {name}_rows l")
        return
    connection.register(f"{name}_replaced", relation_rows.replaced)
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
