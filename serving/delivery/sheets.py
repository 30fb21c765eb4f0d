"""Call lists as sheets: per list one CSV (only data) and one XLSX (to be read and printed)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from features.atomic_write import atomic_write
from features.errors import CallfirstError
from serving.decisions.call_list import LIST_COLUMNS, NEWCOMER_QUESTION, CallList, Section
from serving.decisions.list_notes import CompanyContext
from serving.decisions.wording import day
from serving.delivery.csv_files import write_csv

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet runs a text that begins so (OWASP, CSV Injection; East Asian ones also run the wide forms)."""

UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that XML, and so XLSX, cannot hold."""

WIDTHS = {
    "rank": 6,
    "customer_id": 16,
    "name": 28,
    "is_key_account": 8,
    "at_risk_because": 46,
    "reasons": 60,
    "value_at_risk": 14,
    "sales_365_days": 14,
    "last_order_on": 13,
    "contact_person": 22,
    "last_words": 46,
}
FORMATS = {
    "value_at_risk": "#,##0",
    "sales_365_days": "#,##0",
    "last_order_on": "yyyy-mm-dd",
    "last_contact_on": "yyyy-mm-dd",
}
LONGEST_HEADER = 100  # characters; Excel calls a file damaged if its page header, with "&" doubled, is longer than 255
WRAPPED = ("name", "at_risk_because", "reasons", "contact_person", "last_words")
SHADE = PatternFill("solid", fgColor="EFF3F0")


class SheetsError(CallfirstError):
    """A folder that the sheets cannot be written to."""


def write_sheets(lists: Sequence[CallList], company: CompanyContext, folder: Path) -> tuple[Path, ...]:
    """The files written, LIST.csv and LIST.xlsx of every list, in the order of the lists.

    Raises:
        SheetsError: the folder cannot be written to.
    """
    try:
        return tuple(path for call_list in lists for path in _write_list(call_list, company, folder))
    except OSError as error:
        raise SheetsError(
            f"Cannot write call lists to {folder}: {error.strerror or error}.", "Choose another --out."
        ) from None


def guarded(value: Any) -> Any:
    """The value, safe in a spreadsheet: a text that would run gets an apostrophe; a number stays a number."""
    if not isinstance(value, str):
        return value
    text = UNPRINTABLE.sub("\ufffd", value)
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_A_FORMULA) else text


def _write_list(call_list: CallList, company: CompanyContext, folder: Path) -> Iterator[Path]:
    rows = [[guarded(value) for value in astuple(line)] for line in call_list.lines]
    csv_file, workbook_file = folder / f"{call_list.list_id}.csv", folder / f"{call_list.list_id}.xlsx"
    write_csv(csv_file, LIST_COLUMNS, rows)
    yield csv_file
    with atomic_write(workbook_file) as part:
        _workbook(call_list, rows, company).save(part)
    yield workbook_file


def _workbook(call_list: CallList, rows: Sequence[Sequence[Any]], company: CompanyContext) -> Workbook:
    """The lines on the first sheet, column names in row 1 so that machines can read it; the notes on the second."""
    workbook = Workbook()
    lines = workbook.active
    if not isinstance(lines, Worksheet):
        raise TypeError("A new workbook begins with a worksheet.")
    lines.title = "call list"
    _fill_lines(lines, call_list, rows, company)
    _fill_notes(workbook.create_sheet("notes"), call_list, company)
    return workbook


def _fill_lines(sheet: Worksheet, call_list: CallList, rows: Sequence[Sequence[Any]], company: CompanyContext) -> None:
    sheet.append(list(LIST_COLUMNS))
    for row in rows:
        sheet.append(list(row))
    for column, name in enumerate(LIST_COLUMNS, start=1):
        head = sheet.cell(1, column)
        head.font = Font(bold=True)
        head.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(column)].width = WIDTHS.get(name, 12)
        for row_number in range(2, len(rows) + 2):
            cell = sheet.cell(row_number, column)
            cell.alignment = Alignment(wrap_text=name in WRAPPED, vertical="top")
            cell.number_format = FORMATS.get(name, cell.number_format)
            if call_list.sections[row_number - 2] is Section.KEY_ACCOUNTS:
                cell.fill = SHADE
    sheet.freeze_panes = "D2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    header = sheet.oddHeader
    if header is not None:
        header.center.text = _title(call_list, company)[:LONGEST_HEADER].replace("&", "&&")


def _fill_notes(sheet: Worksheet, call_list: CallList, company: CompanyContext) -> None:
    sheet.column_dimensions["A"].width = 110
    sentences = [_title(call_list, company), *call_list.notes]
    if Section.NEWCOMERS in call_list.sections:
        sentences.append(NEWCOMER_QUESTION)
    money = "" if company.currency in ("", "XXX") else f" Money is in {company.currency}."
    sentences.append(
        f"Value at risk: what we expect to lose in the {company.horizon_days} days ahead.{money} "
        f"Model: {company.model_version}."
    )
    for row, sentence in enumerate(sentences, start=1):
        cell = sheet.cell(row, 1, guarded(sentence))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(bold=row == 1, size=14 if row == 1 else 11)


def _title(call_list: CallList, company: CompanyContext) -> str:
    return f"Call list of {day(company.as_of_day)}: {UNPRINTABLE.sub('', call_list.title)}"
