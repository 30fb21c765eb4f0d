"""One Parquet file, or a folder of them, as one table."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import first_line
from features.ledger.reading.normalise import as_text, is_nested, plain_table
from features.ledger.reading.raw_rows import RawRows


class DamagedParquetError(ValueError):
    """The file is not Parquet, or is damaged; the message says why."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(why)
        self.part = part


class CopiedPartError(ValueError):
    """Two parts of a folder are identical; the message names them."""


def read_parquet(parts: Sequence[Path], name: str) -> RawRows:
    """The rows of all parts as one table, numbered from 1 across the parts.

    A column whose type differs between parts becomes text.

    Raises:
        DamagedParquetError: a part cannot be read.
        CopiedPartError: two parts are identical, so that their rows would count twice.
    """
    tables = [_read(part) for part in parts]
    filled = [at for at, table in enumerate(tables) if table.num_rows]
    refuse_copies(parts)
    table = _concatenated([tables[at] for at in filled] or tables[:1])
    return RawRows(name, table, pa.array(range(1, table.num_rows + 1), pa.int64()))


def _read(part: Path) -> pa.Table:
    try:
        return plain_table(pq.ParquetFile(part).read())
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, PermissionError):
            raise
        raise DamagedParquetError(part.name, first_line(error)) from None


def refuse_copies(parts: Sequence[Path]) -> None:
    """Raises CopiedPartError if two parts with rows are identical."""
    sizes = Counter(part.stat().st_size for part in parts)
    part_by_digest: dict[str, Path] = {}
    for part in (part for part in parts if sizes[part.stat().st_size] > 1):
        if not pq.read_metadata(part).num_rows:
            continue
        with part.open("rb") as file:
            first = part_by_digest.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), part)
        if first is not part:
            raise CopiedPartError(f"{first.name} and {part.name}")


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables; null where a table lacks a column."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, of_column in types.items() if len(of_column - {pa.null()}) > 1}
    return pa.concat_tables([_with_text(table, mixed) for table in tables], promote_options="default")


def _with_text(table: pa.Table, names: set[str]) -> pa.Table:
    """The table with the named columns as text."""
    for at, field in enumerate(table.schema):
        if field.name in names and not pa.types.is_string(field.type) and not is_nested(field.type):
            table = table.set_column(at, field.name, as_text(table.column(at)))
    return table
