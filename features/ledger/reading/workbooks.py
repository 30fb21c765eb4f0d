"""Workbooks (XLSX) as raw rows; each sheet is a table of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pyarrow as pa
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from features.ledger.reading.raw_rows import SYSTEM_1900, SYSTEM_1904, Misfit, RawRows
from features.ledger.schema.quarantine_reasons import QuarantineReason

MOST_EXACT = 1e15  # a double beyond it is a number cut short

Cells = tuple[object, ...]
Rows = list[tuple[int, Cells]]


class FormulasError(ValueError):
    """A column holds formulas without results; the message names it."""


def read_workbook(path: Path) -> tuple[RawRows, ...]:
    """The rows of the first sheet that holds any, and of every other sheet with the same header.

    Every value is text, dates in ISO form. Sheets with another header are named in a remark.

    Raises:
        FormulasError: a column holds formulas that were never calculated.
        zipfile.BadZipFile and other errors of zip, XML and openpyxl: it is no workbook, or damaged.
    """
    with path.open("rb") as file:  # given a path, openpyxl would refuse a workbook called .csv
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        serials_from = SYSTEM_1904 if book.epoch == CALENDAR_MAC_1904 else SYSTEM_1900
        sheets = {sheet.title: _from_header(_filled(sheet.iter_rows(values_only=True))) for sheet in book.worksheets}
    filled = {title: rows for title, rows in sheets.items() if rows}
    if not filled:
        return (RawRows(path.name, pa.table({}), pa.array([], pa.int64())),)
    header = _names(next(iter(filled.values())))
    tables = {title: rows for title, rows in filled.items() if _names(rows) == header and len(rows) > 1}
    hidden = {sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"}
    others = [f"The sheet '{title}' of {path.name} was not read: it has other columns." for title in filled]
    remarks = (
        *(remark for title, remark in zip(filled, others, strict=True) if _names(filled[title]) != header),
        *(
            f"The sheet '{title}' of {path.name} is hidden; its rows were read like all others."
            for title in tables
            if title in hidden
        ),
    )
    sources: list[RawRows] = []
    for title, rows in (tables or dict([next(iter(filled.items()))])).items():
        name = path.name if len(tables) < 2 else f"{path.name}, sheet '{title}'"
        raw = _raw_rows(name, rows, header)
        _refuse_formulas(path, title, raw, rows[0][0])
        first_remarks = () if sources else remarks
        sources.append(RawRows(name, raw.table, raw.line_numbers, raw.misfits, first_remarks, serials_from))
    return tuple(sources)


def _filled(rows: Iterable[Cells]) -> Rows:
    return [(line, cells) for line, cells in enumerate(rows, start=1) if any(value is not None for value in cells)]


def _from_header(rows: Rows) -> Rows:
    """The rows from the first one with several cells on; rows of a single cell above it are a title."""
    wide = (at for at, (_, cells) in enumerate(rows) if sum(value is not None for value in cells) > 1)
    return rows[next(wide, 0) :]


def _names(rows: Rows) -> list[str]:
    cells = rows[0][1]
    width = max(at + 1 for at, value in enumerate(cells) if value is not None)
    return [_cell_text(value) or f"column {at}" for at, value in enumerate(cells[:width], start=1)]


def _raw_rows(name: str, rows: Rows, names: Sequence[str]) -> RawRows:
    width = len(names)
    misfits: list[Misfit] = []
    good: list[tuple[int, list[str | None]]] = []
    for line, cells in rows[1:]:
        texts = [_cell_text(value) for value in cells]
        if any(text for text in texts[width:]):
            misfits.append(Misfit(line, "\t".join(text or "" for text in texts)))
        elif texts[:width] == list(names):
            misfits.append(Misfit(line, "\t".join(names), QuarantineReason.HEADER))
        elif any(texts):
            good.append((line, [*texts[:width], *[None] * (width - len(texts))]))
    columns = [pa.array([texts[at] for _, texts in good], pa.string()) for at in range(width)]
    table = pa.Table.from_arrays(columns, names=list(names))
    return RawRows(name, table, pa.array([line for line, _ in good], pa.int64()), tuple(misfits))


def _refuse_formulas(path: Path, title: str, raw: RawRows, header_line: int) -> None:
    """Raises FormulasError if a column without any value holds formulas."""
    empty = [at for at, column in enumerate(raw.table.columns) if column.null_count == len(column)]
    if not empty or not raw.table.num_rows:
        return
    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=False)
        for cells in _below(book[title].iter_rows(values_only=True), header_line):
            for at in empty:
                if at < len(cells) and str(cells[at]).startswith("="):
                    raise FormulasError(raw.table.column_names[at])


def _below(rows: Iterable[Cells], line: int) -> Iterator[Cells]:
    return (cells for at, cells in enumerate(rows, start=1) if at > line)


def _cell_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()
