"""Here you find how files become raw rows: CSV and text (also .gz), Parquet (also a folder of it) and XLSX."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import first_line
from features.ledger.delimited import NotTextError, read_delimited
from features.ledger.ledger import LedgerError
from features.ledger.matching import ColumnsError
from features.ledger.plain import plain_table
from features.ledger.raw import RawRows

TEXT_ENDINGS = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz")
PARQUET_ENDINGS = (".parquet", ".pq")
XLSX_ENDINGS = (".xlsx", ".xlsm")
PARQUET_BEGINS, ZIP_BEGINS = b"PAR1", b"PK\x03\x04"
LONGEST_SHOWN = 200


class SourceError(LedgerError):
    """A file that cannot be read at all."""


def read_file(path: Path) -> RawRows:
    """The rows of a file or a folder of Parquet files, as they stand there.

    Raises:
        SourceError: it is missing, empty, of an unknown kind, or not what its name says.
        ColumnsError: two of its columns have the same name.
    """
    with opening(path):
        rows = _read_folder(path) if path.is_dir() else _read_by_kind(path)
    refuse_nothing(path.name, columns=rows.table.num_columns, rows=len(rows))
    refuse_equal_names(path.name, rows.table.column_names)
    return rows


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """What goes wrong with a path while the block reads it is a SourceError."""
    try:
        if not path.exists():
            raise SourceError(f"There is no file {path}.", "Check the path.")
        yield
    except NotTextError as error:
        raise SourceError(f"{path.name} cannot be read as text: {error}.", "Export it again as CSV in UTF-8.") from None
    except OSError as error:
        shown = path if len(str(path)) <= LONGEST_SHOWN else f"{str(path)[:LONGEST_SHOWN]}…"
        raise SourceError(f"{shown} cannot be opened: {error.strerror or error}.", "Check the path.") from None


@contextmanager
def reading_parquet(path: Path) -> Iterator[None]:
    """What goes wrong with a Parquet file while the block reads it is a SourceError."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path.name} is not readable Parquet: {first_line(error)}.", "Export it again.") from None


def is_parquet(path: Path) -> bool:
    """Whether a file says by its first bytes that it is Parquet, or else by its name."""
    return _begins(path) == PARQUET_BEGINS or path.name.lower().endswith(PARQUET_ENDINGS)


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook by its name, or one that is called a text."""
    name = path.name.lower()
    return name.endswith(XLSX_ENDINGS) or (_begins(path) == ZIP_BEGINS and name.endswith(TEXT_ENDINGS))


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _read_by_kind(path: Path) -> RawRows:
    """The rows of a file by what its first bytes say it is; where they say nothing, by its name."""
    if is_parquet(path):
        return _numbered(path.name, _read_parquet(path))
    if is_workbook(path):
        return _read_xlsx(path)
    if path.name.lower().endswith(TEXT_ENDINGS):
        table, lines, misfits = read_delimited(path)
        return RawRows(path.name, table, lines, misfits)
    raise SourceError(
        f"{path.name} is of a kind that cannot be read.",
        "Give CSV, TXT or TSV (also .gz), Parquet, or XLSX; save an old .xls as .xlsx.",
    )


def _read_parquet(path: Path) -> pa.Table:
    with reading_parquet(path):
        return plain_table(pq.ParquetFile(path).read())


def parquet_files_in(folder: Path) -> list[Path]:
    """The Parquet files of a folder and of those in it, in the order of their names.

    Raises:
        SourceError: there are none.
    """
    parts = sorted(part for part in folder.rglob("*") if part.name.lower().endswith(PARQUET_ENDINGS))
    if not parts:
        raise SourceError(f"The folder {folder} holds no Parquet files.", "Name the files themselves.")
    return parts


def _read_folder(folder: Path) -> RawRows:
    tables = [_read_parquet(part) for part in parquet_files_in(folder)]
    try:
        together = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        raise SourceError(
            f"The Parquet files in {folder} differ in the types of their columns.", "Ingest them one by one."
        ) from None
    return _numbered(folder.name, together)


def _numbered(name: str, table: pa.Table) -> RawRows:
    return RawRows(name, table, pa.array(range(1, table.num_rows + 1), pa.int64()))


def _read_xlsx(path: Path) -> RawRows:
    """The first sheet that holds anything; every value as text, dates in ISO form."""
    import openpyxl  # slow to import, and seldom needed

    try:
        with path.open("rb") as file:  # by its name openpyxl would refuse what is called .csv
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = (_filled_rows(sheet.iter_rows(values_only=True)) for sheet in book.worksheets)
            rows = _from_header(next(filter(None, sheets), []))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, EOFError, SyntaxError) as error:
        raise SourceError(
            f"{path.name} is not readable XLSX: {first_line(error)}.", "Save it again as .xlsx."
        ) from None
    if not rows:
        return _numbered(path.name, pa.table({}))
    width = max(at + 1 for at, value in enumerate(rows[0][1]) if value is not None)
    names = [_cell_text(value) or f"column {at}" for at, value in enumerate(rows[0][1][:width], start=1)]
    misfits = tuple(
        (line, "\t".join(_cell_text(value) or "" for value in cells))
        for line, cells in rows[1:]
        if any(value is not None for value in cells[width:])
    )
    numbers = {line for line, _ in misfits}
    good = [(line, cells) for line, cells in rows[1:] if line not in numbers]
    columns = [
        pa.array([_cell_text(cells[at]) if at < len(cells) else None for _, cells in good], pa.string())
        for at in range(width)
    ]
    refuse_equal_names(path.name, names)
    table = pa.Table.from_arrays(columns, names=names)
    return RawRows(path.name, table, pa.array([line for line, _ in good], pa.int64()), misfits)


def _filled_rows(rows: Iterator[tuple[object, ...]]) -> list[tuple[int, tuple[object, ...]]]:
    return [(line, cells) for line, cells in enumerate(rows, start=1) if any(value is not None for value in cells)]


def _from_header(rows: list[tuple[int, tuple[object, ...]]]) -> list[tuple[int, tuple[object, ...]]]:
    """The rows from the first of several cells on: those of a single one above it are a title, not the header."""
    wide = (at for at, (_, cells) in enumerate(rows) if sum(value is not None for value in cells) > 1)
    return rows[next(wide, 0) :]


def _cell_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def refuse_nothing(source: str, *, columns: int, rows: int) -> None:
    """Raises SourceError where there is no row."""
    if not rows:
        what = "a header but no rows" if columns else "nothing"
        raise SourceError(f"{source} holds {what}.", "Check the export; nothing was read.")


def refuse_equal_names(source: str, names: Sequence[str]) -> None:
    """Raises ColumnsError where two columns have one name."""
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ColumnsError(f"{source} has more than one column '{twice[0]}'.", "Give every column a name of its own.")
