"""The files of the corpus that no text can hold, each made by a function of its name."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.utils.datetime import CALENDAR_MAC_1904

HEADER = ("customer_id", "ordered_at", "amount")
DAY = datetime(2026, 1, 5)


def fields_of_a_million_letters(path: Path) -> None:
    long = "x" * 10**6
    path.write_text(
        f"customer_id,ordered_at,amount,words\na,2026-01-05,5.00,{long}\n{long},2026-01-05,7.00,\nc,2026-01-05,9.00,\n",
        encoding="utf-8",
    )


def two_thousand_columns(path: Path) -> None:
    names = [*(f"attribute_{at}" for at in range(1997)), *HEADER]
    rows = [[*("x" * 1997), "a", "2026-01-05", "5.00"], [*("y" * 1997), "b", "2026-01-05", "7.00"]]
    path.write_text("\n".join(",".join(line) for line in [names, *rows]) + "\n", encoding="utf-8")


def two_encodings(path: Path) -> None:
    rows = ("customer_id,ordered_at,amount", "Müller,2026-01-05,5.00", "Größe,2026-01-05,7.00")
    path.write_bytes("\n".join(rows).encode() + "\nMünch,2026-01-05,9.00\n".encode("cp1252"))


def thai(path: Path) -> None:
    rows = ("customer_id,ordered_at,amount", "กรุงเทพ,2026-01-05,5.00", "ลูกค้า,2026-01-05,7.00")
    path.write_bytes("\n".join(rows).encode("cp874"))


def rich_types(path: Path) -> None:
    ids = pa.array([2**64 - 1, 7, 7], pa.uint64())
    table = pa.table(
        {
            "customer_id": ids.dictionary_encode(),
            "ordered_at": pa.array([DAY, datetime(2026, 1, 6), DAY], pa.timestamp("ns")),
            "amount": pa.array([Decimal("5.50"), Decimal("8.00"), Decimal(10) ** 50], pa.decimal256(60, 2)),
            "tags": pa.array([["x"], [], None], pa.list_(pa.string())),
            "address": pa.array([{"town": "x"}, None, {"town": "y"}]),
            "labels": pa.array([[("k", "v")], [], None], pa.map_(pa.string(), pa.string())),
        }
    )
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)


def zoned_times(path: Path) -> None:
    times = pa.array([datetime(2026, 1, 4, 23, 30), datetime(2026, 1, 6, 23, 30)], pa.timestamp("us", "UTC"))
    table = pa.table({"customer_id": ["a", "a"], "ordered_at": times.cast(pa.timestamp("us", "America/New_York"))})
    pq.write_table(table.append_column("amount", pa.array([5.0, 7.0])), path)


def listed_customers(path: Path) -> None:
    pq.write_table(pa.table({"customer_id": [["a"], ["b", "c"]], "ordered_at": [DAY] * 2, "amount": [5.0, 7.0]}), path)


def unusable_values(path: Path) -> None:
    day = DAY.replace(tzinfo=None)
    micros = pa.array([day] * 5, pa.timestamp("us")).cast(pa.int64()).to_pylist()
    table = pa.table(
        {
            "customer_id": pa.array(["a", "b", "c", "d", "e", None]),
            "ordered_at": pa.array([*micros[:4], 2**62, micros[0]], pa.int64()).cast(pa.timestamp("us")),
            "amount": [5.0, float("nan"), float("inf"), None, None, None],
        }
    )
    pq.write_table(table, path)


def folder_of_other_types(path: Path) -> None:
    path.mkdir()
    day = date(2026, 1, 6)
    pq.write_table(pa.table({"customer_id": [7], "ordered_at": [DAY], "amount": [5]}), path / "1.parquet")
    two = pa.table({"customer_id": ["b", "7"], "ordered_at": [day, day], "amount": [Decimal("6.00"), Decimal("7.00")]})
    pq.write_table(two, path / "2.parquet")
    three = pa.table({"customer_id": [90071992547409931], "ordered_at": ["2026-01-07"], "amount": [8.0]})
    pq.write_table(three, path / "3.parquet")


def folder_with_a_copy(path: Path) -> None:
    path.mkdir()
    for name in ("1.parquet", "1 (copy).parquet"):
        pq.write_table(pa.table({"customer_id": ["a"], "ordered_at": [DAY], "amount": [5.0]}), path / name)


def folder_of_everything(path: Path) -> None:
    (path / "year=2026").mkdir(parents=True)
    (path / "old.parquet").mkdir()
    (path / "_SUCCESS").write_text("")
    (path / "read me.txt").write_text("notes")
    rows = pa.table({"customer_id": ["a"], "ordered_at": [DAY], "amount": [5.0]})
    pq.write_table(rows, path / "year=2026" / "part.parquet")
    for name in ("empty.parquet", "empty too.parquet"):
        pq.write_table(rows.slice(0, 0), path / name)


def formulas_never_calculated(path: Path) -> None:
    _book(path, [("a", DAY, "=2*3"), ("b", DAY, "=C2+1")])


def merged_customers(path: Path) -> None:
    book = _book(path, [("a", DAY, 5), (None, DAY, 6), (None, DAY, 7)])
    book.worksheets[0].merge_cells("A2:A4")
    book.save(path)


def sheet_per_month(path: Path) -> None:
    book = _book(path, [("a", DAY, 5), ("b", datetime(2026, 1, 31), 7)])
    _fill(book.create_sheet("February"), [HEADER, ("b", datetime(2026, 1, 31), 7), ("a", datetime(2026, 2, 5), 7)])
    _fill(book.create_sheet("Notes"), [("made", "by"), ("hand", "of Ann")])
    book.save(path)


def hidden_sheet(path: Path) -> None:
    book = _book(path, [("a", DAY, 5)])
    old = book.create_sheet("Old")
    _fill(old, [HEADER, ("b", DAY, 7)])
    old.sheet_state = "hidden"
    book.save(path)


def dates_as_text(path: Path) -> None:
    _book(path, [("a", DAY, 5), ("a", "6.2.2026", 7), ("a", "2026-03-13 10:30", 9)])


def serials_of_1904(path: Path) -> None:
    book = _book(path, [("a", 44565, 5), ("a", 44566, 7)])
    book.epoch = CALENDAR_MAC_1904
    book.save(path)


def failed_formulas(path: Path) -> None:
    _book(path, [("a", DAY, 5), ("#REF!", DAY, 7), ("c", DAY, "#DIV/0!")])


def old_workbook(path: Path) -> None:
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504))


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("orders.csv", "customer_id,ordered_at,amount\na,2026-01-05,5.00\n")


def junk(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder_of_text(path: Path) -> None:
    path.mkdir()
    (path / "orders.csv").write_text("customer_id,ordered_at,amount\na,2026-01-05,5.00\n")


def forbidden(path: Path) -> None:
    path.write_text("customer_id,ordered_at,amount\na,2026-01-05,5.00\n")
    path.chmod(0)


def _book(path: Path, rows: Sequence[Sequence[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    _fill(book.worksheets[0], [HEADER, *rows])
    book.save(path)
    return book


def _fill(sheet: openpyxl.worksheet.worksheet.Worksheet, rows: Sequence[Sequence[object]]) -> None:
    for row in rows:
        sheet.append(row)


MADE: dict[str, Callable[[Path], None]] = {
    maker.__name__: maker
    for maker in (
        fields_of_a_million_letters, two_thousand_columns, two_encodings, thai, rich_types, zoned_times,
        listed_customers,
        unusable_values, folder_of_other_types, folder_with_a_copy, folder_of_everything, formulas_never_calculated,
        merged_customers, hidden_sheet,
        sheet_per_month, dates_as_text, serials_of_1904, failed_formulas, old_workbook, archive, junk, link_to_itself,
        pipe, folder_of_text, forbidden,
    )
}  # fmt: skip
"""Every maker by its name."""
