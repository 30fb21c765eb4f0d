"""The rows of one relation, in memory or in Parquet files, and which of them are superseded."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.ledger.customer_range import EVERYBODY, CustomerRange
from features.ledger.schema.record_types import RELATIONS


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
class RelationRows:
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

    def of_wanted(self, connection: duckdb.DuckDBPyConnection, name: str, columns: Collection[str]) -> RelationRows:
        """The rows of the customers in the table ``wanted``, in some columns of the view; what is in memory stays."""
        if isinstance(self.rows, pa.Table):
            return self
        shelf = RELATIONS[name]
        asked = [each for each in shelf.schema.names if shelf.renamed.get(each, each) in columns]
        every = connection.read_parquet([str(path) for path in self.rows])
        rows = every.filter("customer_id IN (SELECT customer_id FROM wanted)").select(*asked).to_arrow_table()
        return RelationRows(rows, self.replaced.filter(pc.is_in(self.replaced.column("row_id"), rows.column("row_id"))))

    def rows_within(self, customers: CustomerRange) -> pa.Table | tuple[Path, ...]:
        """The table, or the files of which it is not on record that they hold no row of these customers."""
        if isinstance(self.rows, pa.Table) or customers == EVERYBODY:
            return self.rows
        return tuple(path for path, footer in self._footers.items() if footer.may_hold(customers))

    @cached_property
    def _footers(self) -> dict[Path, _Footer]:
        return {} if isinstance(self.rows, pa.Table) else {path: _Footer.of(path) for path in self.rows}
