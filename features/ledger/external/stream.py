"""Sources read part by part, any number of times; no source has to fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.ledger.reading.delimited import delimited_parts
from features.ledger.reading.files import (
    FileKind,
    ReadOptions,
    SourceError,
    kind_of,
    opening,
    parquet_files_in,
    read_file,
    reading_parquet,
    refuse_equal_names,
    refuse_nothing,
)
from features.ledger.reading.normalise import plain_table
from features.ledger.reading.parquet import refuse_copies
from features.ledger.reading.raw_rows import RawRows
from features.ledger.schema.record_types import ORDERS_TYPE

SCAN_ROWS = 1 << 16  # of one chunk of a part: DuckDB shares a part's chunks out among its threads
ORDER_NAMES = frozenset(key for column in ORDERS_TYPE.columns for key in column.keys)
SPREAD_ROWS = 1 << 18
BUFFER_BYTES = 1 << 20  # a row group is read through it, not whole
TEXT_ROW_BYTES = 40  # of a line, roughly, to guess how many a text file has


@dataclass(frozen=True)
class FileStream:
    """A source that can be read part by part, any number of times.

    Attributes:
        name: of the file or folder.
        schema: the columns of every part; a part may have dates as text if one of them is not in the calendar.
        rows_about: number of rows, exact or estimated.
        parts: its rows; of Parquet only the named columns.
        spread: a sample of one column from all over the source; empty where a column cannot be read by itself.
    """

    name: str
    schema: pa.Schema
    rows_about: int
    parts: Callable[[Sequence[str]], Iterator[RawRows]]
    spread: Callable[[str], Iterator[RawRows]]


def open_stream(path: Path, *, part_rows: int) -> FileStream:
    """The stream of a file or of a folder of Parquet files; a workbook is one part.

    Raises:
        SourceError: as for a file read whole; also while it is read.
        ColumnsError: two of its columns have the same name.
    """
    with opening(path):
        kind = kind_of(path)
        if kind is FileKind.TEXT:
            stream = _text(path)
        elif kind is FileKind.WORKBOOK:
            rows = read_file(path, ReadOptions(ORDER_NAMES))
            stream = FileStream(path.name, rows.table.schema, len(rows), lambda _: iter([rows]), _nothing)
        else:
            stream = _parquet(path, part_rows)
    refuse_equal_names(path.name, stream.schema.names)
    return stream


def _text(path: Path) -> FileStream:
    first = next(delimited_parts(path, known=ORDER_NAMES))
    refuse_nothing(path.name, columns=first.table.num_columns, rows=len(first))

    def parts(_: Sequence[str]) -> Iterator[RawRows]:
        with opening(path):
            yield from delimited_parts(path, known=ORDER_NAMES)

    return FileStream(path.name, first.table.schema, path.stat().st_size // TEXT_ROW_BYTES, parts, _nothing)


def _nothing(_: str) -> Iterator[RawRows]:
    return iter(())


def _parquet(path: Path, part_rows: int) -> FileStream:
    files = parquet_files_in(path) if path.is_dir() else [path]
    with reading_parquet(path.name):
        refuse_copies(files)
    schemas: list[pa.Schema] = []
    rows = 0
    for file in files:
        with reading_parquet(file.name), pq.ParquetFile(file) as opened:
            schemas.append(plain_table(opened.schema_arrow.empty_table()).schema)
            rows += opened.metadata.num_rows
    try:
        schema = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException:
        raise SourceError(
            f"The Parquet files in {path} differ in the types of their columns.", "Read them one by one."
        ) from None
    refuse_nothing(path.name, columns=len(schema), rows=rows)

    def parts(names: Sequence[str]) -> Iterator[RawRows]:
        line_no = 0
        for file in files:
            # read ahead, a file would stay in memory up to where it has been read: pre_buffer keeps what it fetched
            with (
                reading_parquet(file.name),
                pq.ParquetFile(file, buffer_size=BUFFER_BYTES, pre_buffer=False) as opened,
            ):
                present = [name for name in names if name in opened.schema_arrow.names]
                for batch in opened.iter_batches(part_rows, columns=present):
                    table = _as(plain_table(_in_chunks(batch)), schema, names)
                    yield RawRows(path.name, table, pa.array(np.arange(line_no + 1, line_no + 1 + len(table))))
                    line_no += len(table)

    def spread(name: str) -> Iterator[RawRows]:
        every = rows // SPREAD_ROWS + 1
        for part in parts([name]):
            at = pa.array(np.arange(0, len(part), every))
            yield RawRows(path.name, part.table.take(at), part.line_numbers.take(at))

    return FileStream(path.name, schema, rows, parts, spread)


def _in_chunks(batch: pa.RecordBatch) -> pa.Table:
    chunks = [batch.slice(at, SCAN_ROWS) for at in range(0, len(batch), SCAN_ROWS)]
    return pa.Table.from_batches(chunks, batch.schema)


def _as(table: pa.Table, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """The named columns in the stream's types; a column that is text because of an impossible date stays text."""
    columns = []
    for field in map(schema.field, names):
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
        elif pa.types.is_string(table.column(field.name).type):
            columns.append(table.column(field.name))
        else:
            columns.append(table.column(field.name).cast(field.type))
    return pa.table(columns, names=list(names))
