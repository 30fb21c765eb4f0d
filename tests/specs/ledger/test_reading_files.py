"""Which files are read, however they are written, and what is said of those that cannot be."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles, KindError, UnknownCurrencyError
from features.ledger.reading.files import SourceError
from features.ledger.reading.header_matching import ColumnsError
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy
from tests.specs.ingested import NOW, Ingest, read, reasons
from tests.text_tables import POLICY, table, utc


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"customer_id,ordered_at,amount\n"),
        ("junk.csv", bytes(range(256)) * 100),
        ("junk.csv.gz", b"no gzip"),
        ("junk.parquet", b"PAR1 no parquet PAR1"),
        ("junk.xlsx", b"PK no zip"),
        ("letter.doc", b"Dear all"),
        ("missing.csv", None),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence_with_a_hint(
    name: str, content: bytes | None, home: Home, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        ingest(IngestRequest("orders", InputFiles([tmp_path / name]), home=home, policy=Policy(), now=NOW))
    assert name in caught.value.sentence
    assert caught.value.hint
    assert not home.var.exists()


def test_a_path_that_no_system_can_open_is_one_sentence(home: Home) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        ingest(IngestRequest("orders", InputFiles([Path("x" * 5_000 + ".csv")]), home=home, policy=POLICY, now=NOW))


def test_what_a_file_is_its_first_bytes_say_and_not_its_name(tmp_path: Path, home: Home) -> None:
    text = b"customer_id,ordered_at,amount\na,2026-01-01,1\n"
    book = openpyxl.Workbook()
    for row in (["customer_id", "ordered_at", "amount"], ["b", date(2026, 1, 1), 2]):
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook begins with a worksheet
    (tmp_path / "packed.csv").write_bytes(gzip.compress(text))
    (tmp_path / "plain.csv.gz").write_bytes(text)
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "book.xlsx").rename(tmp_path / "book.csv")
    pq.write_table(table("customer_id | date | amount\n c | 2026-01-01 | 3"), tmp_path / "columns.csv")
    files = [tmp_path / name for name in ("packed.csv", "plain.csv.gz", "book.csv", "columns.csv")]
    account = ingest(IngestRequest("orders", InputFiles(files), home=home, policy=POLICY, now=NOW))
    assert (account.accepted.rows, account.merged.rows) == (3, 1)  # both texts bring the same line


def test_a_title_above_the_header_of_a_workbook_is_not_its_header(tmp_path: Path, home: Home) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Sales of 2026"], [], ["customer_id", "ordered_at", "amount"], [7, datetime(2026, 1, 1), 5.5]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    book.save(tmp_path / "titled.xlsx")
    ingest(IngestRequest("orders", InputFiles([tmp_path / "titled.xlsx"]), home=home, policy=POLICY, now=NOW))
    assert [(row["customer_id"], row["amount"]) for row in read(home)] == [("7", Decimal("5.5"))]


def test_typed_columns_of_every_kind_are_read_or_quarantined(tmp_path: Path, home: Home) -> None:
    berlin = pa.array([1_767_225_600_000_000_001, None, 0], pa.timestamp("ns", "Europe/Berlin"))
    beyond = pa.array([2**62, -(2**62), 1_767_225_600_000_000], pa.timestamp("us"))
    days = pa.array([2**31 - 1, -(2**31), 20_454], pa.int32()).cast(pa.date32())
    wide = pa.array([Decimal("1.5"), None, Decimal(10) ** 50], pa.decimal256(60, 2))
    worlds = [  # the dates, the amounts, how many of three rows are good
        (berlin, pa.array([1, 2, 3]), 2),
        (beyond, pa.array([4, 5, 6]), 1),
        (days, pa.array([7, 8, 9]), 1),
        (pa.array(["2026-01-01"] * 3), wide, 1),
        (pa.array(["2026-01-03"] * 3), pa.array([1.5, float("nan"), 2.5], pa.float16()), 2),
    ]
    for at, (dates, amounts, good) in enumerate(worlds):
        path = tmp_path / f"{at}.parquet"
        pq.write_table(pa.table({"customer_id": ["a", "b", "c"], "ordered_at": dates, "amount": amounts}), path)
        account = ingest(IngestRequest("orders", InputFiles([path]), home=home, policy=POLICY, now=NOW))
        assert (account.accepted.rows, account.quarantined.rows) == (good, 3 - good), path
    assert [row["ordered_at"] for row in read(home)][:3] == [utc("2026-01-01"), utc("1970-01-01"), utc("2026-01-01")]


def test_separators_at_the_end_of_a_line_say_nothing(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na,2026-01-01,1,\nb,2026-01-01,2,, \nc,2026-01-01,3,x\n")
    assert (account.accepted.rows, reasons(account)) == (2, {QuarantineReason.FIELDS: 1})


def test_a_few_nuls_in_a_small_file_cost_their_own_rows_only(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na\0,2026-01-01,1\nb,2026-\0,2\nc,2026-01-01,3\0\nd,2026-01-01,4\n")
    assert (account.accepted.rows, account.quarantined.rows) == (1, 3)


def test_equal_column_names_are_refused(bring: Ingest) -> None:
    with pytest.raises(ColumnsError, match="more than one column 'amount'"):
        bring("customer_id,ordered_at,amount,amount\na,2026-01-01,1,2\n")


def test_other_kinds_and_currencies_are_refused(bring: Ingest) -> None:
    good = "customer_id,ordered_at,amount\na,2026-01-01,1\n"
    with pytest.raises(KindError, match="orders, customers"):
        bring(good, "weather")
    with pytest.raises(UnknownCurrencyError):
        bring(good, currency="QQQ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found_out(encoding: str, separator: str, bring: Ingest, home: Home) -> None:
    lines = [["customer_id", "ordered_at", "amount"], ["Müller", "2026-01-01", "5"]]
    account = bring("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    assert account.accepted.rows == 1
    assert read(home)[0]["customer_id"] == "Müller"


def test_runs_of_spaces_and_compact_dates_are_read(bring: Ingest, home: Home) -> None:
    bring(
        " customer_id  date number_of_cds  dollar_value\r\n 00001 19970101  1   11.77\r\n 00002 19970112 12    7.00\r\n"
    )
    assert [(row["customer_id"], row["order_day"], row["amount"]) for row in read(home)] == [
        ("00001", date(1997, 1, 1), Decimal("11.77")),
        ("00002", date(1997, 1, 12), Decimal("7.00")),
    ]


def test_quoted_line_breaks_are_kept_and_an_open_quote_costs_its_own_line_only(bring: Ingest) -> None:
    account = bring(
        'customer_id,ordered_at,amount,category\na,2026-01-01,1,"two\nlines"\nb,2026-01-01,2,"open\nc,2026-01-01,3,"x"\n'
    )
    assert account.accepted.rows == 2
    assert reasons(account) == {QuarantineReason.FIELDS: 1}
    assert account.quarantine[0].line == 4


def test_workbooks_folders_of_parquet_and_packed_text_are_read(tmp_path: Path, home: Home) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Customer ID", "Date", "Sales"])  # type: ignore[union-attr]  # a new book has a sheet
    book.active.append([13085, datetime(2026, 1, 1, 9, 30), 12.5])  # type: ignore[union-attr]
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "text.csv.gz").write_bytes(gzip.compress(b"customer,date,sales\nz,2026-01-02,1\n"))
    (tmp_path / "folder").mkdir()
    for at in range(2):
        rows = pa.table({"customer": [f"p{at}"], "date": [datetime(2026, 1, 3)], "sales": [2]})
        pq.write_table(rows, tmp_path / "folder" / f"{at}.parquet")
    files = [tmp_path / "book.xlsx", tmp_path / "text.csv.gz", tmp_path / "folder"]
    account = ingest(IngestRequest("orders", InputFiles(files), home=home, policy=Policy(), now=NOW))
    assert account.accepted.money == {"XXX": Decimal("12.5") + 1 + 2 + 2}
    assert [row["customer_id"] for row in read(home)] == ["13085", "z", "p0", "p1"]
