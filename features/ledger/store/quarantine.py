"""The quarantine: unusable rows, each with its reason and its original."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from features.ledger.reading.raw_rows import RawRows
from features.ledger.store.tables import QUARANTINE

ROWS = pa.schema(
    [
        ("file", pa.string()),
        ("line_no", pa.int64()),
        ("reason", pa.string()),
        ("original", pa.string()),
        ("digest", pa.string()),
    ]
)


def new_in_quarantine(
    work: duckdb.DuckDBPyConnection, database: Connection, kind: str, raws: Sequence[RawRows]
) -> pa.Table:
    """ROWS: the quarantined rows of ``judged`` with an original that is not in the quarantine yet."""
    originals = work.sql(
        "SELECT file_no, line_no, reason FROM judged WHERE reason IS NOT NULL ORDER BY file_no, line_no"
    ).fetchall()
    if not originals:
        return ROWS.empty_table()
    known_digests = set(database.execute(select(QUARANTINE.c.digest).where(QUARANTINE.c.kind == kind)).scalars())
    rows: list[tuple[str, int, str, str, str]] = []
    for file_no, raw in enumerate(raws, start=1):
        reasons = {line: reason for number, line, reason in originals if number == file_no}
        for line, original, digest in digests_of(raw, reasons):
            if digest not in known_digests:
                rows.append((raw.name, line, reasons[line], original, digest))
    columns = zip(*rows, strict=True) if rows else [()] * len(ROWS)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, ROWS, strict=True)], schema=ROWS)


def digests_of(raw: RawRows, reasons: Mapping[int, str]) -> Iterator[tuple[int, str, str]]:
    """The number of each line, its original as JSON, and the digest of original and reason."""
    for line, original in _originals(raw, list(reasons)):
        yield line, original, hashlib.md5(f"{reasons[line]} {original}".encode(), usedforsecurity=False).hexdigest()


def _originals(raw: RawRows, lines: Sequence[int]) -> list[tuple[int, str]]:
    """The original of each line as JSON: the raw row by column, or the text of a line that does not fit."""
    misfits = {misfit.line: misfit.text for misfit in raw.misfits}
    fitting = [line for line in lines if line not in misfits]
    places = np.searchsorted(raw.line_numbers.to_numpy(zero_copy_only=False), np.array(fitting, dtype=np.int64))
    rows: list[dict[str, Any]] = raw.table.take(pa.array(places)).to_pylist()
    originals = [(line, json.dumps(row, default=str)) for line, row in zip(fitting, rows, strict=True)]
    return originals + [(line, json.dumps({"text": misfits[line]})) for line in lines if line in misfits]
