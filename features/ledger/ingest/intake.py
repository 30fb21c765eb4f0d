"""The intake: rows from files or from memory, read and stored in the ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from features.errors import first_line
from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.ingest.request import IncomingRows, IngestRequest, InputTable
from features.ledger.ingest.transaction import carry_out
from features.ledger.reading.files import ReadOptions, read_tables
from features.ledger.reading.header_matching import match_columns
from features.ledger.reading.normalise import plain_table
from features.ledger.reading.raw_rows import RawRows
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.schema.record_types import RecordType, name_key
from features.ledger.store.database import Store


class FramesError(LedgerError):
    """Memory, disk or a damaged mirror failed while rows were compared; nothing was stored."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The rows could not be compared with the ledger: {why}. Nothing was stored.",
            "Free memory and disk space, or ingest fewer files at a time; then try: callfirst doctor.",
        )


def ingest(request: IngestRequest) -> Reconciliation:
    """The account of the rows after they were stored: all usable ones, or after an error none.

    Raises:
        LedgerError: see its subclasses; nothing was stored.
        Exception: raised by the request's guard; nothing was stored.
    """
    incoming = _incoming(request)
    try:
        with _home_of(request) as home:
            return carry_out(replace(request, home=home), incoming)
    except duckdb.Error as error:
        raise FramesError(first_line(error)) from None


@contextmanager
def _home_of(request: IngestRequest) -> Iterator[Home]:
    """The home of the request; a temporary one for a dry run on a home without a database, so that none is made."""
    if request.dry_run and not Store.exists(request.home):
        with tempfile.TemporaryDirectory() as folder:
            yield Home(Path(folder))
    else:
        yield request.home


def _incoming(request: IngestRequest) -> IncomingRows:
    """The rows as read, with their columns matched to ours."""
    known_at = {"known_at": request.known_at_column} if request.known_at_column else {}
    mapping = {**request.mapping, **known_at}
    raws = _raws(request, mapping)
    columns = request.record_type.columns
    return IncomingRows(
        raws, [match_columns(raw.table.column_names, columns, mapping, source=raw.name) for raw in raws]
    )


def _raws(request: IngestRequest, mapping: Mapping[str, str]) -> list[RawRows]:
    rows = request.rows
    if isinstance(rows, InputTable):
        line_numbers = pa.array(range(1, rows.table.num_rows + 1), pa.int64())
        return [RawRows(rows.name, plain_table(rows.table), line_numbers)]
    options = ReadOptions(_header_names(request.record_type, mapping), rows.encoding)
    raws: list[RawRows] = []
    for index, path in enumerate(rows.paths):
        request.progress("Reading files", index / len(rows.paths))
        raws += read_tables(path, options)
    return raws


def _header_names(record_type: RecordType, mapping: Mapping[str, str]) -> frozenset[str]:
    """The names that distinguish a header from the lines above it."""
    usual = frozenset(key for column in record_type.columns for key in column.keys)
    return usual | {name_key(name) for name in mapping.values()}
