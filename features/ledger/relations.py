"""The rows of one relation, in memory or in Parquet files, with their replacements."""

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
    """Statistics from the footer of a Parquet file.

    Attributes:
        known_columns: the columns that may hold a value.
        first_customer, last_customer: the smallest and largest id; None: unknown.
    """

    known_columns: frozenset[str]
    first_customer: str | None
    last_customer: str | None

    @classmethod
    def of(cls, path: Path) -> _Footer:
        """The statistics of a file; a group without statistics of a column may hold any value."""
        footer = pq.read_metadata(path)
        known: set[str] = set()
        firsts: list[str | None] = []
        lasts: list[str | None] = []
        for group in map(footer.row_group, range(footer.num_row_groups)):
            for column in map(group.column, range(footer.num_columns)):
                statistics = column.statistics
                if statistics is None or not statistics.has_null_count or statistics.null_count < group.num_rows:
                    known.add(column.path_in_schema)
                if column.path_in_schema == "customer_id":
                    has_bounds = statistics is not None and statistics.has_min_max
                    firsts.append(statistics.min if has_bounds else None)
                    lasts.append(statistics.max if has_bounds else None)
        return cls(frozenset(known), _if_all(min, firsts), _if_all(max, lasts))

    def may_hold(self, customers: CustomerRange) -> bool:
        """Whether the file may hold a row of these customers."""
        if self.first_customer is None or self.last_customer is None:
            return True
        return customers.meets(self.first_customer, self.last_customer)


def _if_all(choose: Callable[[list[str]], str], values: list[str | None]) -> str | None:
    """The chosen one of the values; None where any is unknown."""
    present = [value for value in values if value is not None]
    return choose(present) if present and len(present) == len(values) else None


@dataclass(frozen=True)
class RelationRows:
    """The rows of one relation, and the end of their visibility.

    Attributes:
        rows: a table of the relation's schema, or Parquet files of it.
        replacements: a table of REPLACEMENTS.
    """

    rows: pa.Table | tuple[Path, ...]
    replacements: pa.Table

    @cached_property
    def replaced(self) -> pa.Table:
        """REPLACEMENTS with only the earliest of each row."""
        earliest = self.replacements.group_by("row_id").aggregate([("replaced_at", "min")])
        return earliest.rename_columns({"replaced_at_min": "replaced_at"})

    def has(self, column: str) -> bool:
        """Whether its rows have the column; rows in files have all columns of the relation."""
        return not isinstance(self.rows, pa.Table) or column in self.rows.column_names

    @cached_property
    def known_columns(self) -> frozenset[str]:
        """The columns that may hold a value: all but those that surely hold none."""
        if isinstance(self.rows, pa.Table):
            return frozenset(
                name for name in self.rows.column_names if self.rows.column(name).null_count < len(self.rows)
            )
        return frozenset(name for footer in self._footers.values() for name in footer.known_columns)

    def of_customers(self, connection: duckdb.DuckDBPyConnection, name: str, columns: Collection[str]) -> RelationRows:
        """The rows of the customers in the table ``wanted``, in some columns of the view; rows in memory stay as is."""
        if isinstance(self.rows, pa.Table):
            return self
        relation = RELATIONS[name]
        names = [
            name_of_column
            for name_of_column in relation.schema.names
            if relation.renamed.get(name_of_column, name_of_column) in columns
        ]
        all_rows = connection.read_parquet([str(path) for path in self.rows])
        rows = all_rows.filter("customer_id IN (SELECT customer_id FROM wanted)").select(*names).to_arrow_table()
        return RelationRows(rows, self.replaced.filter(pc.is_in(self.replaced.column("row_id"), rows.column("row_id"))))

    def rows_within(self, customers: CustomerRange) -> pa.Table | tuple[Path, ...]:
        """The table, or the files that may hold a row of these customers."""
        if isinstance(self.rows, pa.Table) or customers == EVERYBODY:
            return self.rows
        return tuple(path for path, footer in self._footers.items() if footer.may_hold(customers))

    @cached_property
    def _footers(self) -> dict[Path, _Footer]:
        return {} if isinstance(self.rows, pa.Table) else {path: _Footer.of(path) for path in self.rows}
