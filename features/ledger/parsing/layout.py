"""Raw rows under our column names, as text or in the type of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from features.ledger.parsing.id_padding import AS_WRITTEN
from features.ledger.parsing.numbers import is_number
from features.ledger.parsing.text import text_of, tidy_text_of, untrimmed_text_of
from features.ledger.reading.header_matching import ColumnsError
from features.ledger.reading.normalise import is_nested
from features.ledger.reading.raw_rows import SYSTEM_1900, RawRows
from features.ledger.schema.record_types import ColumnKind, ColumnSpec, RecordType
from features.ledger.schema.work_tables import WorkTable
from features.ledger.sql import quoted

DATES = (ColumnKind.DAY, ColumnKind.INSTANT)


NUMBERS = (ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.PRECISE)


BLANK, LAST_PRINTABLE = 0x20, 0x7E


class NestedColumnError(ColumnsError):
    """A column of ours that holds lists, structs or maps."""

    def __init__(self, source: str, column: str) -> None:
        super().__init__(
            f"The column '{column}' of {source} holds lists, structs or maps: no row has one value.",
            "Write one value a row, or name another column: --map.",
        )


@dataclass(frozen=True)
class RowLayout:
    """The rows of one source in the DuckDB table ``texts``: line_no, and our columns under our names.

    Every value is trimmed text (customer ids: as written) or null; only dates and numbers that are typed in the source
    keep their type.

    Attributes:
        source: name of the file.
        record_type: of the rows.
        columns: the contract's columns that the source has, by our name, in the order of the contract.
        names: ours → theirs.
        types: the type of each in the source, by our name.
        tidy: the columns whose texts are all printable ASCII.
        serials_from: day 0 of a spreadsheet's serial numbers.
    """

    source: str
    record_type: RecordType
    columns: Mapping[str, ColumnSpec]
    names: Mapping[str, str]
    types: Mapping[str, pa.DataType]
    tidy: frozenset[str]
    serials_from: date = SYSTEM_1900

    def is_text(self, name: str) -> bool:
        """Whether the column is text in the source."""
        return bool(pa.types.is_string(self.types[name]))

    def is_asked(self, name: str) -> bool:
        """Whether its rows must vote on how it is written: it is text, or numbers where dates should be."""
        return self.is_text(name) or (self.columns[name].kind in DATES and not self.is_date(name))

    def is_date(self, name: str) -> bool:
        """Whether the column is dates or instants in the source."""
        return _is_date(self.types[name])


def lay_out(
    connection: duckdb.DuckDBPyConnection, raw: RawRows, record_type: RecordType, matched: Mapping[str, str]
) -> RowLayout:
    """The layout of ``raw``, whose rows are now in ``texts``."""
    columns = {column.name: column for column in record_type.columns if column.name in matched}
    table = raw.table.select([matched[name] for name in columns]).rename_columns(list(columns))
    types = {name: table.schema.field(name).type for name in columns}
    for name, arrow_type in types.items():
        if is_nested(arrow_type):
            raise NestedColumnError(raw.name, matched[name])
    tidy = frozenset(name for name in columns if not pa.types.is_string(types[name]) or is_tidy(table.column(name)))
    values = [f"{_text_or_typed(column, types[name], tidy)} AS {name}" for name, column in columns.items()]
    connection.register("raw_rows", table.append_column("line_no", raw.line_numbers))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {WorkTable.TEXTS} AS SELECT line_no, {', '.join(values)} FROM raw_rows"
    )
    connection.unregister("raw_rows")
    return RowLayout(raw.name, record_type, columns, matched, types, tidy, raw.serials_from)


def _text_or_typed(column: ColumnSpec, arrow_type: pa.DataType, tidy: frozenset[str]) -> str:
    if (column.kind in DATES and _is_date(arrow_type)) or (column.kind in NUMBERS and is_number(arrow_type)):
        return quoted(column.name)
    is_tidy_text = pa.types.is_string(arrow_type) and column.name in tidy
    if column.name in AS_WRITTEN and pa.types.is_string(arrow_type) and not is_tidy_text:
        return untrimmed_text_of(column.name)
    if is_tidy_text:
        return tidy_text_of(column.name, words=column.words)
    return text_of(column.name, arrow_type, words=column.words)


def _is_date(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(arrow_type) or pa.types.is_date(arrow_type))


def is_tidy(column: pa.ChunkedArray) -> bool:
    """Whether every text is printable ASCII without a blank at either end; may be False where unsure."""
    return all(_is_tidy(chunk) for chunk in column.chunks if len(chunk))


def _is_tidy(texts: pa.StringArray) -> bool:
    _, offsets, characters = texts.buffers()
    if characters is None:
        return True
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(characters, np.uint8)
    used = letters[ends[0] : ends[-1]]
    if not used.size or used.max() > LAST_PRINTABLE:
        return not used.size
    if used.min() > BLANK:
        return True
    filled = ends[1:] > ends[:-1]
    begins_blank = letters[ends[:-1][filled]] == BLANK
    ends_blank = letters[ends[1:][filled] - 1] == BLANK
    return bool(used.min() == BLANK) and not begins_blank.any() and not ends_blank.any()
