"""The sheets: data alone in CSV, readable XLSX, no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from serving.decisions.call_list import LIST_COLUMNS, call_lists
from serving.delivery.sheets import SheetsError, guarded, write_sheets
from tests.specs.serving.test_call_list import COMPANY, POLICY, customer


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\n=1"])
def test_a_text_that_would_run_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("value", [-12.5, -3, 0, None, True, "a-b", "Smith & Sons", "12"])
def test_numbers_and_harmless_texts_stay_as_they_are(value: object) -> None:
    assert guarded(value) == value


def test_what_a_workbook_cannot_hold_is_replaced() -> None:
    assert guarded("a\x00b\x0b\ud800") == "a\ufffdb\ufffd\ufffd"


def test_csv_is_data_alone_with_the_columns_of_the_door(tmp_path: Path) -> None:
    lists = call_lists([customer("=cmd", -0.0, is_key_account=True), customer('b,"c"', 1_234.5)], COMPANY, POLICY)
    csv_file, _ = write_sheets(lists, COMPANY, tmp_path)
    content = csv_file.read_bytes()
    header, first, second = csv.reader(content.decode().splitlines())
    assert header == list(LIST_COLUMNS)
    assert content.endswith(b"\r\n")
    assert first[:4] == ["1", "'=cmd", "'=Cmd", "true"]
    assert (second[1], second[6], second[8]) == ('b,"c"', "1234.5", "2026-07-01")
    assert second[12:] == ["Joe (buyer)", "2026-06-30", "will order soon", "1", "de"]


def test_the_workbook_has_lines_with_types_and_a_sheet_of_notes(tmp_path: Path) -> None:
    lists = call_lists([customer("=HYPERLINK()", 1_234.5)], COMPANY, POLICY)
    _, workbook = write_sheets(lists, COMPANY, tmp_path)
    lines, notes = load_workbook(workbook).worksheets
    assert [cell.value for cell in lines[1]] == list(LIST_COLUMNS)
    row = dict(zip(LIST_COLUMNS, lines[2], strict=True))
    assert (row["customer_id"].value, row["customer_id"].data_type) == ("'=HYPERLINK()", "s")
    assert (row["value_at_risk"].value, row["value_at_risk"].number_format) == (1234.5, "#,##0")
    assert row["last_order_on"].value.date() == date(2026, 7, 1)
    assert lines.freeze_panes == "D2"
    assert notes["A1"].value == "Call list of 1 Sep 2026: everyone"


def test_a_manager_id_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "lists"
    files = write_sheets(call_lists([customer("x", manager_id="../../up")], COMPANY, POLICY), COMPANY, out)
    assert {file.parent for file in files} == {out}
    assert sorted(path.name for path in out.iterdir()) == ["up.csv", "up.xlsx"]


def test_a_long_manager_id_does_not_make_the_page_header_too_long_for_a_spreadsheet(tmp_path: Path) -> None:
    _, workbook = write_sheets(call_lists([customer("x", manager_id="&" * 200)], COMPANY, POLICY), COMPANY, tmp_path)
    lines = load_workbook(workbook).worksheets[0]
    header = str(lines.oddHeader and lines.oddHeader.center.text)
    assert len(header) <= 255 and header.endswith("&&")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SheetsError, match="Cannot write call lists"):
        write_sheets(call_lists([customer("x")], COMPANY, POLICY), COMPANY, tmp_path / "file")
