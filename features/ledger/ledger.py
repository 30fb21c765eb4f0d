"""Here you find the ledger as features read it: the rows of every kind, each with its visibility."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import CallfirstError
from features.ledger.connections import SMALL_ROWS, picking, small_work
from features.ledger.customer_range import EVERYBODY, CustomerRange
from features.ledger.non_products import is_product
from features.ledger.schema.record_types import CUSTOMERS_SHELF, SHELVES

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
class _Footer:
    """What the end of a Parquet file says of its rows.

    Attributes:
        known_columns: the columns that may hold a value.
        first_customer, last_customer: the least and the greatest id of it; None: it does not tell.
    """

    known_columns: frozenset[str]
    first_customer: str | None
    last_customer: str | None

    @classmethod
    def of(cls, path: Path) -> _Footer:
        """The end of a file; a group without statistics of a column may hold any value."""
        footer = pq.read_metadata(path)
        known: set[str] = set()
        firsts: list[str | None] = []
        lasts: list[str | None] = []
        for group in map(footer.row_group, range(footer.num_row_groups)):
            for column in map(group.column, range(footer.num_columns)):
                told = column.statistics
                if told is None or not told.has_null_count or told.null_count < group.num_rows:
                    known.add(column.path_in_schema)
                if column.path_in_schema == "customer_id":
                    is_told = told is not None and told.has_min_max
                    firsts.append(told.min if is_told else None)
                    lasts.append(told.max if is_told else None)
        return cls(frozenset(known), _if_all(min, firsts), _if_all(max, lasts))

    def may_hold(self, customers: CustomerRange) -> bool:
        """Whether it does not rule a row of these customers out."""
        if self.first_customer is None or self.last_customer is None:
            return True
        return customers.meets(self.first_customer, self.last_customer)


def _if_all(choose: Callable[[list[str]], str], told: list[str | None]) -> str | None:
    """One of them, where all are told."""
    known = [each for each in told if each is not None]
    return choose(known) if known and len(known) == len(told) else None


@dataclass(frozen=True)
class KindRows:
    """The rows of one shelf, and which of them are no longer seen.

    Attributes:
        rows: a table of the shelf's schema, or Parquet files of it.
        replacements: a table of REPLACEMENTS.
    """

    rows: pa.Table | tuple[Path, ...]
    replacements: pa.Table

    @cached_property
    def replaced(self) -> pa.Table:
        """REPLACEMENTS with the earliest of each row only."""
        earliest = self.replacements.group_by("row_id").aggregate([("replaced_at", "min")])
        return earliest.rename_columns({"replaced_at_min": "replaced_at"})

    def has(self, column: str) -> bool:
        """Whether its rows have that column: what lies in files has all of the shelf's."""
        return not isinstance(self.rows, pa.Table) or column in self.rows.column_names

    @cached_property
    def known_columns(self) -> frozenset[str]:
        """The columns that may hold a value: all but those of which it is on record that they hold none."""
        if isinstance(self.rows, pa.Table):
            return frozenset(
                name for name in self.rows.column_names if self.rows.column(name).null_count < len(self.rows)
            )
        return frozenset(name for footer in self._footers.values() for name in footer.known_columns)

    def of_wanted(self, connection: duckdb.DuckDBPyConnection, name: str, columns: Collection[str]) -> KindRows:
        """The rows of the customers in the table ``wanted``, in some columns of the view; what is in memory stays."""
        if isinstance(self.rows, pa.Table):
            return self
        shelf = SHELVES[name]
        asked = [each for each in shelf.schema.names if shelf.renamed.get(each, each) in columns]
        every = connection.read_parquet([str(path) for path in self.rows])
        rows = every.filter("customer_id IN (SELECT customer_id FROM wanted)").select(*asked).to_arrow_table()
        return KindRows(rows, self.replaced.filter(pc.is_in(self.replaced.column("row_id"), rows.column("row_id"))))

    def rows_within(self, customers: CustomerRange) -> pa.Table | tuple[Path, ...]:
        """The table, or the files of which it is not on record that they hold no row of these customers."""
        if isinstance(self.rows, pa.Table) or customers == EVERYBODY:
            return self.rows
        return tuple(path for path, footer in self._footers.items() if footer.may_hold(customers))

    @cached_property
    def _footers(self) -> dict[Path, _Footer]:
        return {} if isinstance(self.rows, pa.Table) else {path: _Footer.of(path) for path in self.rows}


MEANT_BY = ("amount", "product_id")
"""The columns that say whether a line makes an order or is a return."""

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
        shown = {ours: theirs for theirs, ours in SHELVES[view].renamed.items()}
        return held is not None and shown.get(column, column) in held.known_columns

    @cached_property
    def _lines(self) -> KindRows:
        return KindRows(self.order_lines, self.replacements)

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
            _view(connection, name, _none(name), EVERYBODY)
            connection.execute(f"CREATE TABLE IF NOT EXISTS memory.main.{name} AS FROM temp.{name}")
            connection.execute(f"DROP VIEW temp.{name}")
        _laid_out.set()


def _none(name: str) -> KindRows:
    return KindRows(SHELVES[name].schema.empty_table(), REPLACEMENTS.empty_table())


def _view(
    connection: duckdb.DuckDBPyConnection, name: str, held: KindRows, within: CustomerRange, *, beside: str = ""
) -> None:
    """The rows stand in a view of that name, with ``replaced_at`` and what is asked for ``beside``."""
    rows = held.rows_within(within)
    if isinstance(rows, pa.Table):
        connection.register(f"{name}_rows", rows)
    elif not rows:
        connection.register(f"{name}_rows", SHELVES[name].schema.empty_table())
    else:
        connection.read_parquet([str(path) for path in rows]).create_view(f"{name}_rows")
    renamed = ", ".join(f"{ours} AS {shown}" for ours, shown in SHELVES[name].renamed.items() if held.has(ours))
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
