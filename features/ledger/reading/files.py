"""Files as raw rows: CSV and text (also .gz), Parquet (also a folder of it) and XLSX."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from features.errors import first_line
from features.ledger.errors import LedgerError
from features.ledger.reading.delimited import read_delimited
from features.ledger.reading.encodings import NotTextError, UnknownEncodingError
from features.ledger.reading.header_matching import ColumnsError
from features.ledger.reading.parquet import CopiedPartError, DamagedParquetError, read_parquet
from features.ledger.reading.raw_rows import RawRows

TEXT_ENDINGS = (".csv", ".txt", ".tsv", ".tab", ".csv.gz", ".txt.gz", ".tsv.gz", ".tab.gz")
PARQUET_ENDINGS = (".parquet", ".pq")
XLSX_ENDINGS = (".xlsx", ".xlsm", ".xls")
PARQUET_BEGINS, ZIP_BEGINS, OLD_WORKBOOK_BEGINS = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR"}
WEB_PAGE = (b"<!doctype html", b"<html", b"<?xml")
LONGEST_SHOWN = 200


class SourceError(LedgerError):
    """The file cannot be read."""


class EncodingNameError(LedgerError):
    """The named encoding does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is not a text encoding.", "Use a name like utf-8, windows-1252 or windows-1251.")


@dataclass(frozen=True)
class ReadOptions:
    """Options for reading files.

    Attributes:
        names: known column names (see name_key), which distinguish a header from the lines above it.
        encoding: of text; None: the bytes decide.

    Raises:
        EncodingNameError: the encoding does not exist.
    """

    names: frozenset[str] = frozenset()
    encoding: str | None = None

    def __post_init__(self) -> None:
        try:
            b" ".decode(self.encoding or "utf-8", errors="replace")
        except (LookupError, ValueError):
            raise EncodingNameError(str(self.encoding)) from None


NO_OPTIONS = ReadOptions()


def read_file(path: Path, options: ReadOptions = NO_OPTIONS) -> RawRows:
    """The rows of a file, or of a folder of Parquet files, that holds one table.

    Raises:
        SourceError, ColumnsError: see :func:`read_tables`; or it is a workbook with several tables.
    """
    tables = read_tables(path, options)
    if len(tables) > 1:
        raise SourceError(
            f"{path.name} holds rows in {len(tables)} sheets.", "Ingest it, or save each sheet by itself."
        )
    return tables[0]


def read_tables(path: Path, options: ReadOptions = NO_OPTIONS) -> tuple[RawRows, ...]:
    """The raw rows of a file or a folder of Parquet files; those of each sheet of a workbook.

    Raises:
        SourceError: it is missing, empty, of an unknown kind, or damaged.
        ColumnsError: two of its columns have the same name.
    """
    with opening(path):
        tables = _read_by_kind(path, options)
    for rows in tables:
        refuse_nothing(rows.name, columns=rows.table.num_columns, rows=len(rows))
        refuse_equal_names(rows.name, rows.table.column_names)
    return tables


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Errors of reading a path in the block become a SourceError."""
    try:
        _refuse_no_file(path)
        yield
    except NotTextError as error:
        raise SourceError(f"{path.name} cannot be read as text: {error}.", "Export it again as CSV in UTF-8.") from None
    except UnknownEncodingError as error:
        raise SourceError(
            f"{path.name} holds letters of an older encoding, which its bytes do not name; as Windows-1252 one of its "
            f"words would be '{error}'. Say which it is.",
            f"Its letters look like {error.guess}: add --encoding {error.guess}, or export it again in UTF-8.",
        ) from None
    except OSError as error:
        shown = path.name if len(path.name) <= LONGEST_SHOWN else f"{path.name[:LONGEST_SHOWN]}…"
        raise SourceError(f"{shown} cannot be opened: {error.strerror or error}.", "Check the path.") from None


def _refuse_no_file(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise SourceError(f"{path.name} is a broken link.", "Check the path.")
    if not path.exists():
        raise SourceError(f"There is no file {path}.", "Check the path.")
    if not path.is_file() and not path.is_dir():
        raise SourceError(f"{path.name} is not a file but a pipe or a device.", "Write its rows to a file first.")


@contextmanager
def reading_parquet(name: str) -> Iterator[None]:
    """Errors of reading Parquet in the block become a SourceError."""
    try:
        yield
    except DamagedParquetError as error:
        raise SourceError(f"{error.part} is not readable Parquet: {error}.", "Export it again.") from None
    except CopiedPartError as error:
        raise SourceError(f"{name} holds the same rows twice, in {error}.", "Remove one of the two.") from None
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise SourceError(f"{name} is not readable Parquet: {first_line(error)}.", "Export it again.") from None


class FileKind(StrEnum):
    """The kinds of files that can be read."""

    FOLDER = "folder of Parquet"
    PARQUET = "Parquet"
    WORKBOOK = "workbook"
    TEXT = "text"


def kind_of(path: Path) -> FileKind:
    """The kind of the file by its first bytes, or by its name where they do not tell.

    Raises:
        SourceError: it cannot be read, or is of another kind.
    """
    if path.is_dir():
        return FileKind.FOLDER
    with path.open("rb") as file:
        begins = file.read(512)
    if begins.startswith(PARQUET_BEGINS):
        return FileKind.PARQUET
    if not path.name.lower().endswith((*TEXT_ENDINGS, *PARQUET_ENDINGS, *XLSX_ENDINGS)):
        raise SourceError(
            f"{path.name} has a format that cannot be read.",
            "Give CSV, TXT or TSV (also .gz), Parquet, or XLSX; save an old .xls as .xlsx.",
        )
    if begins.startswith(ZIP_BEGINS):
        return FileKind.WORKBOOK
    _refuse_other_kinds(path, begins)
    return FileKind.TEXT


def _read_by_kind(path: Path, options: ReadOptions) -> tuple[RawRows, ...]:
    match kind_of(path):
        case FileKind.FOLDER:
            return (_read_parquet(parquet_files_in(path), path.name),)
        case FileKind.PARQUET:
            return (_read_parquet([path], path.name),)
        case FileKind.WORKBOOK:
            return _read_workbook(path)
        case FileKind.TEXT:
            return (read_delimited(path, known=options.names, encoding=options.encoding),)


def _refuse_other_kinds(path: Path, begins: bytes) -> None:
    for mark, packer in PACKED.items():
        if begins.startswith(mark):
            raise SourceError(f"{path.name} is packed by {packer}.", "Unpack it first, or pack it as .gz.")
    if begins.startswith(OLD_WORKBOOK_BEGINS):
        raise SourceError(
            f"{path.name} is an old workbook (.xls) or one with a password.", "Save it as .xlsx without a password."
        )
    if begins.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(WEB_PAGE):
        raise SourceError(f"{path.name} is a web page or XML, not a table.", "Check the export; give CSV or XLSX.")
    if begins.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[{", b'{"')):
        raise SourceError(f"{path.name} holds JSON, not a table.", "Write its rows as CSV or Parquet.")
    if begins and path.name.lower().endswith(PARQUET_ENDINGS) and b"\0" in begins:
        raise SourceError(f"{path.name} is not readable Parquet: its first bytes are wrong.", "Export it again.")
    if begins and path.name.lower().endswith(XLSX_ENDINGS) and b"\0" in begins:
        raise SourceError(f"{path.name} is not readable XLSX: its first bytes are wrong.", "Save it again as .xlsx.")


def _read_workbook(path: Path) -> tuple[RawRows, ...]:
    from features.ledger.reading.workbooks import (  # openpyxl is slow to import and seldom needed
        FormulasError,
        read_workbook,
    )

    try:
        return read_workbook(path)
    except FormulasError as error:
        raise SourceError(
            f"The column '{error}' of {path.name} holds formulas that were never calculated.",
            "Open it in a spreadsheet program, save it, and try again.",
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, SyntaxError, IndexError) as error:
        if "[Content_Types].xml" in str(error):
            raise SourceError(f"{path.name} is a zip archive, not a workbook.", "Unpack it first.") from None
        raise SourceError(
            f"{path.name} is not readable XLSX: {first_line(error)}.", "Save it again as .xlsx."
        ) from None


def parquet_files_in(folder: Path) -> list[Path]:
    """The Parquet files of a folder and its subfolders, ordered by name.

    Raises:
        SourceError: the folder holds none.
    """
    parts = sorted(part for part in folder.rglob("*") if part.name.lower().endswith(PARQUET_ENDINGS) and part.is_file())
    if not parts:
        raise SourceError(f"The folder {folder} holds no Parquet files.", "Name the files themselves.")
    return parts


def _read_parquet(parts: Sequence[Path], name: str) -> RawRows:
    with reading_parquet(name):
        return read_parquet(parts, name)


def refuse_nothing(source: str, *, columns: int, rows: int) -> None:
    """Raises SourceError if there is no row."""
    if not rows:
        content = "a header but no rows" if columns else "nothing"
        raise SourceError(f"{source} holds {content}.", "Check the export; nothing was read.")


def refuse_equal_names(source: str, names: Sequence[str]) -> None:
    """Raises ColumnsError if two columns have the same name."""
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ColumnsError(f"{source} has more than one column '{twice[0]}'.", "Give every column a name of its own.")
