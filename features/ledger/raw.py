"""Here you find rows as they were found, before any check, and laid out under our names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from features.ledger.columns import KINDS, Column, ColumnKind
from features.ledger.numbers import is_number
from features.ledger.parsing import quoted, text_of, tidy_text_of
from features.ledger.tidy import is_tidy

DATES = (ColumnKind.DAY, ColumnKind.INSTANT)
NUMBERS = (ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.PRECISE)


@dataclass(frozen=True)
class RawRows:
    """The rows of one source as they were found, before any check.

    Attributes:
        name: of the file.
        table: its columns; text where the file knows only text.
        line_numbers: of each row in the file.
        misfits: lines with another number of fields than the header: line number, text.
    """

    name: str
    table: pa.Table
    line_numbers: pa.Array
    misfits: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows) + len(self.misfits)


@dataclass(frozen=True)
class LaidOut:
    """The rows of one source in the DuckDB table ``texts``: line_no, and our columns under our names.

    Every value is trimmed text, or null; only dates and numbers that the source knows as such stay typed.

    Attributes:
        source: name of the file.
        kind: of rows.
        columns: those the source has, by our name, in the order of the contract.
        names: ours → theirs.
        types: how the source has each, by our name.
        tidy: the columns whose every text is printable ASCII.
    """

    source: str
    kind: str
    columns: Mapping[str, Column]
    names: Mapping[str, str]
    types: Mapping[str, pa.DataType]
    tidy: frozenset[str]

    def is_text(self, name: str) -> bool:
        """Whether the source knows only text for the column."""
        return bool(pa.types.is_string(self.types[name]))


def lay_out(connection: duckdb.DuckDBPyConnection, raw: RawRows, kind: str, matched: Mapping[str, str]) -> LaidOut:
    """The rows of ``raw``, which now stand in ``texts``."""
    columns = {column.name: column for column in KINDS[kind].columns if column.name in matched}
    table = raw.table.select([matched[name] for name in columns]).rename_columns(list(columns))
    types = {name: table.schema.field(name).type for name in columns}
    tidy = frozenset(name for name in columns if not pa.types.is_string(types[name]) or is_tidy(table.column(name)))
    values = [f"{_laid_out(column, types[name], tidy)} AS {name}" for name, column in columns.items()]
    connection.register("raw_rows", table.append_column("line_no", raw.line_numbers))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE texts AS SELECT line_no, {', '.join(values)} FROM raw_rows")
    connection.unregister("raw_rows")
    return LaidOut(raw.name, kind, columns, matched, types, tidy)


def _laid_out(column: Column, kind: pa.DataType, tidy: frozenset[str]) -> str:
    if (column.kind in DATES and _is_date(kind)) or (column.kind in NUMBERS and is_number(kind)):
        return quoted(column.name)
    is_tidy_text = pa.types.is_string(kind) and column.name in tidy
    if is_tidy_text:
        return tidy_text_of(column.name, words=column.words)
    return text_of(column.name, kind, words=column.words)


def _is_date(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))
