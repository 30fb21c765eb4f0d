"""What ingest makes of files: which rows come in, which do not and why, and what is said about them."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from sqlalchemy import select

from features.home import Home
from features.ledger.columns import CUSTOMER_COLUMNS, ORDER_COLUMNS
from features.ledger.doctor import examine
from features.ledger.files import SourceError
from features.ledger.in_memory import RejectedRowsError
from features.ledger.intake import KindError, UnknownCurrencyError, ingest, ledger_of
from features.ledger.ledger import EmptyLedgerError, Ledger, LedgerError
from features.ledger.matching import ColumnsError, match_columns, parse_mapping
from features.ledger.mirror import read_ledger
from features.ledger.reasons import Reason
from features.ledger.reconciliation import Reconciliation
from features.ledger.settings import SettledError
from features.ledger.store import Store
from features.ledger.tables import METADATA, QUARANTINE
from features.policy import Policy
from tests.drawn import POLICY, table, utc

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
LATER = datetime(2026, 9, 30, 12, tzinfo=UTC)

Ingest = Callable[..., Reconciliation]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def bring(home: Home, tmp_path: Path) -> Ingest:
    """Ingest a drawn text as a CSV file; every call is a file of its own."""
    count = iter(range(100))

    def bring_in(
        text: str | bytes, kind: str = "orders", *, now: datetime = NOW, policy: Policy = POLICY, **more: Any
    ) -> Reconciliation:
        path = tmp_path / f"{next(count)}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ingest(kind, [path], home=home, policy=policy, now=now, **more)

    return bring_in


def read(home: Home, policy: Policy | None = None) -> list[dict[str, Any]]:
    """The order lines of the ledger in order of arrival, with replaced_at."""
    return rows_of(read_ledger(home, policy or Policy()))


def rows_of(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.open() as connection:
        found: list[dict[str, Any]] = connection.sql("FROM order_lines ORDER BY row_id").to_arrow_table().to_pylist()
    return found


def reasons(account: Reconciliation) -> dict[Reason, int]:
    return {entry.reason: entry.rows for entry in account.quarantine}


# Columns


@pytest.mark.parametrize("contract", [ORDER_COLUMNS, CUSTOMER_COLUMNS])
def test_no_usual_name_stands_for_two_columns(contract: Any) -> None:
    keys = [key for column in contract for key in column.keys]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["CustomerID", "InvoiceDate", "Revenue"], ("CustomerID", "InvoiceDate", "Revenue")),
        (["Customer ID", "order_date", "Net Sales"], ("Customer ID", "order_date", "Net Sales")),
        (["client_id", "ts", "sales"], ("client_id", "ts", "sales")),
        (["customer_id", "ordered_at", "amount", "total"], ("customer_id", "ordered_at", "amount")),
    ],
)
def test_usual_column_names_are_recognised(found: list[str], expected: tuple[str, ...]) -> None:
    matched = match_columns(found, ORDER_COLUMNS, {}, source="a file")
    assert (matched["customer_id"], matched["ordered_at"], matched["amount"]) == expected


def test_two_columns_for_one_of_ours_are_named_and_refused() -> None:
    with pytest.raises(ColumnsError, match=r"'sales', 'revenue'.*--map"):
        match_columns(["customer", "date", "sales", "revenue"], ORDER_COLUMNS, {}, source="a file")


def test_a_missing_column_is_refused_with_what_was_found_and_an_example() -> None:
    with pytest.raises(ColumnsError, match=r"ordered_at.*'customer', 'sales', 'when'.*--map \"ordered_at=when\""):
        match_columns(["customer", "sales", "when"], ORDER_COLUMNS, {}, source="a file")


def test_a_mapping_overrides_recognition_and_must_name_what_is_there() -> None:
    found = ["customer", "date", "sales", "gross"]
    matched = match_columns(found, ORDER_COLUMNS, parse_mapping("amount=gross"), source="a file")
    assert matched["amount"] == "gross"
    for text in ("amount=nothing", "turnover=gross"):
        with pytest.raises(ColumnsError):
            match_columns(found, ORDER_COLUMNS, parse_mapping(text), source="a file")
    with pytest.raises(ColumnsError):
        parse_mapping("amount")


def test_amount_may_come_as_quantity_times_unit_price() -> None:
    ledger = ledger_of(
        table("""
        customer_id | date       | quantity | price
        a           | 2026-01-01 | 3        | 1.10
        a           | 2026-01-02 | -2       | 0.00005
        a           | 2026-01-03 | 1        | 0.00025
        """),
        None,
        Policy(),
    )
    # 3 × 1.10; -2 × 0.00005 = -0.0001; 0.00025 lies between 0.0002 and 0.0003, the even one is taken
    assert [row["amount"] for row in rows_of(ledger)] == [Decimal("3.3000"), Decimal("-0.0001"), Decimal("0.0002")]


def test_columns_that_are_not_used_are_named(bring: Ingest) -> None:
    assert bring("customer_id,date,amount,colour\na,2026-01-01,1,red\n").columns_unused == ("colour",)


# Rows that cannot be used


BAD_ROWS = {
    Reason.CUSTOMER: ",2026-01-01,1,EUR",
    Reason.TEXT: "a\0b,2026-01-01,1,EUR",
    Reason.WHEN: "a,someday,1,EUR",
    Reason.WHEN_IMPOSSIBLE: "a,1066-10-14,1,EUR",
    Reason.AMOUNT: "a,2026-01-01,NaN,EUR",
    Reason.AMOUNT_LARGE: "a,2026-01-01,100000000000000,EUR",
    Reason.CURRENCY: "a,2026-01-01,1,EURO",
    Reason.RATE: "a,2026-01-01,1,USD",
    Reason.FIELDS: "a,2026-01-01,1,EUR,more",
}


@pytest.mark.parametrize("reason", BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_reason_and_original_and_good_rows_are_kept(
    reason: Reason, bring: Ingest, home: Home
) -> None:
    account = bring(
        f"customer_id,ordered_at,amount,currency\na,2026-01-01,5,EUR\n{BAD_ROWS[reason]}\nb,2026-01-02,7,EUR\n"
    )
    assert reasons(account) == {reason: 1}
    assert account.quarantine[0].line == 3
    assert (account.read.rows, account.accepted.rows, account.quarantined.rows) == (3, 2, 1)
    assert account.accepted.money == {"EUR": Decimal(5 + 7)}
    assert [row["customer_id"] for row in read(home)] == ["a", "b"]
    with Store.open(home).engine.connect() as database:
        kept = database.execute(select(QUARANTINE)).one()
    original = json.loads(kept.original)
    assert original == {"text": BAD_ROWS[reason]} or original["customer_id"] == BAD_ROWS[reason].split(",")[0]


@pytest.mark.parametrize("amount", ["", "NaN", "inf", "-Infinity", "abc", "1.2.3", "--4", "0x10"])
def test_an_amount_that_is_no_finite_number_is_unreadable(amount: str, bring: Ingest) -> None:
    account = bring(f"customer_id,ordered_at,amount\na,2026-01-01,5\nb,2026-01-01,{amount}\n")
    assert reasons(account) == {Reason.AMOUNT: 1}
    assert account.quarantined.unreadable == 1


def test_numbers_of_typed_files_that_are_not_finite_are_unreadable(home: Home, tmp_path: Path) -> None:
    day = datetime(2026, 1, 1)
    amounts = [1.1, float("nan"), float("inf"), None, 1e300]
    pq.write_table(
        pa.table({"customer_id": [13085.0] * 5, "ts": [day] * 5, "amount": amounts}), tmp_path / "typed.parquet"
    )
    account = ingest("orders", [tmp_path / "typed.parquet"], home=home, policy=Policy(), now=NOW)
    assert reasons(account) == {Reason.AMOUNT: 3, Reason.AMOUNT_LARGE: 1}
    assert [(row["customer_id"], row["amount"]) for row in read(home)] == [("13085", Decimal("1.1000"))]


@pytest.mark.parametrize("customer", ["", "  ", "nan", "NULL", "None", "<NA>", "#N/A"])
def test_a_customer_that_is_nothing_is_no_customer(customer: str, bring: Ingest) -> None:
    account = bring(f"customer_id,ordered_at,amount\n{customer},2026-01-01,5\nb,2026-01-01,1\n")
    assert reasons(account) == {Reason.CUSTOMER: 1}


def test_a_number_taken_apart_by_spaces_is_no_number(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na,2026-01-01,1 2 3\nb,2026-01-01,12 34\nc,2026-01-01,5 000\n")
    assert (account.accepted.money, reasons(account)) == ({"XXX": Decimal(5000)}, {Reason.AMOUNT: 2})


def test_an_id_with_a_control_character_is_unusable(bring: Ingest) -> None:
    account = bring('customer_id,date,amount\n"a\nb",2026-01-01,1\na\x1b[31m,2026-01-01,2\na b,2026-01-01,3\n')
    assert (account.accepted.rows, reasons(account)) == (1, {Reason.TEXT: 2})


def test_ids_that_an_export_took_for_amounts_are_whole_numbers_again(bring: Ingest, home: Home) -> None:
    bring("customer_id,date,amount,product_id\n12345.0,2026-01-01,1,7.0\n,2026-01-01,1,7.5\n007.0,2026-01-02,2,\n")
    assert [(row["customer_id"], row["product_id"]) for row in read(home)] == [("12345", "7.0"), ("007", None)]


def test_a_line_break_within_a_name_is_a_space(bring: Ingest, home: Home) -> None:
    bring("customer_id,date,amount\na,2026-01-01,1\n")
    bring('customer_id,name\na,"Brightwell\n\x1b[1mSons"\n', "customers")
    assert read_ledger(home, POLICY).customers.column("name").to_pylist() == ["Brightwell [1mSons"]


def test_a_long_name_of_an_unused_column_is_shown_short(bring: Ingest) -> None:
    account = bring(f"customer_id,date,amount,{'x' * 10_000}\na,2026-01-01,1,2\n")
    console = Console(width=100_000, file=io.StringIO())
    console.print(account.as_text())
    assert f"Columns not used: {'x' * 60}…." in console.file.getvalue()  # type: ignore[attr-defined]  # StringIO


def test_a_bad_optional_value_is_set_aside_and_counted(bring: Ingest, home: Home) -> None:
    account = bring("customer_id,ordered_at,amount,cost,promised_on\na,2026-01-01,5,cheap,soon\nb,2026-01-01,5,,\n")
    assert account.set_aside == {"cost": 1, "promised_on": 1}
    assert [(row["cost"], row["promised_on"]) for row in read(home)] == [(None, None)] * 2


def test_where_no_row_can_be_used_the_quarantine_is_stored_all_the_same(bring: Ingest, home: Home) -> None:
    account = bring("customer_id,ordered_at,amount\n,2026-01-01,5\n")
    assert account.nothing_usable
    assert account.batch_id == 1
    with pytest.raises(EmptyLedgerError):
        read_ledger(home, Policy())
    assert bring("customer_id,ordered_at,amount\na,2026-01-01,5\n").known_at == {"history": 1}  # still the first batch


# Files that cannot be read


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
        ingest("orders", [tmp_path / name], home=home, policy=Policy(), now=NOW)
    assert name in caught.value.sentence
    assert caught.value.hint
    assert not home.var.exists()


def test_a_path_that_no_system_can_open_is_one_sentence(home: Home) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        ingest("orders", [Path("x" * 5_000 + ".csv")], home=home, policy=POLICY, now=NOW)


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
    account = ingest("orders", files, home=home, policy=POLICY, now=NOW)
    assert (account.accepted.rows, account.merged.rows) == (3, 1)  # both texts bring the same line


def test_a_title_above_the_header_of_a_workbook_is_not_its_header(tmp_path: Path, home: Home) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Sales of 2026"], [], ["customer_id", "ordered_at", "amount"], [7, datetime(2026, 1, 1), 5.5]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    book.save(tmp_path / "titled.xlsx")
    ingest("orders", [tmp_path / "titled.xlsx"], home=home, policy=POLICY, now=NOW)
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
        (pa.array(["2026-01-02"] * 3), pa.array([{"x": 1}] * 3), 0),
        (pa.array(["2026-01-03"] * 3), pa.array([1.5, float("nan"), 2.5], pa.float16()), 2),
    ]
    for at, (dates, amounts, good) in enumerate(worlds):
        path = tmp_path / f"{at}.parquet"
        pq.write_table(pa.table({"customer_id": ["a", "b", "c"], "ordered_at": dates, "amount": amounts}), path)
        account = ingest("orders", [path], home=home, policy=POLICY, now=NOW)
        assert (account.accepted.rows, account.quarantined.rows) == (good, 3 - good), path
    assert [row["ordered_at"] for row in read(home)][:3] == [utc("2026-01-01"), utc("1970-01-01"), utc("2026-01-01")]


def test_separators_at_the_end_of_a_line_say_nothing(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na,2026-01-01,1,\nb,2026-01-01,2,, \nc,2026-01-01,3,x\n")
    assert (account.accepted.rows, reasons(account)) == (2, {Reason.FIELDS: 1})


def test_a_few_nuls_in_a_small_file_cost_their_own_rows_only(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na\0,2026-01-01,1\nb,2026-\0,2\nc,2026-01-01,3\0\nd,2026-01-01,4\n")
    assert (account.accepted.rows, account.quarantined.rows) == (1, 3)


def test_equal_column_names_are_refused(bring: Ingest) -> None:
    with pytest.raises(ColumnsError, match="more than one column 'amount'"):
        bring("customer_id,ordered_at,amount,amount\na,2026-01-01,1,2\n")


def test_other_kinds_and_currencies_are_refused(bring: Ingest) -> None:
    good = "customer_id,ordered_at,amount\na,2026-01-01,1\n"
    with pytest.raises(KindError, match="orders, customers"):
        bring(good, "contacts")
    with pytest.raises(UnknownCurrencyError):
        bring(good, currency="QQQ")


# How files are written


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
    assert reasons(account) == {Reason.FIELDS: 1}
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
    account = ingest("orders", files, home=home, policy=Policy(), now=NOW)
    assert account.accepted.money == {"XXX": Decimal("12.5") + 1 + 2 + 2}
    assert [row["customer_id"] for row in read(home)] == ["13085", "z", "p0", "p1"]


# Money and dates


@pytest.mark.parametrize(
    ("written", "amounts"),
    [
        (["1234.5", "-3", "(12)", "12.50-", "−4", "1e2"], ["1234.5", "-3", "-12", "-12.5", "-4", "100"]),
        (["£1,234.50", "2,000", "$ 3.10"], ["1234.5", "2000", "3.1"]),
        (["1.234,50", "2.000", "3,1 €"], ["1234.5", "2000", "3.1"]),
        (
            ["1'234.50", "1 000.25", "- 1 234 567", "( 5 )", "$ (1,000)"],
            ["1234.5", "1000.25", "-1234567", "-5", "-1000"],
        ),
    ],
)
def test_how_money_is_written_is_told_by_the_column(written: list[str], amounts: list[str]) -> None:
    rows = "\n".join(f"a | 2026-01-0{at} | {text}" for at, text in enumerate(written, start=1))
    ledger = ledger_of(table(f"customer_id | ordered_at | amount\n{rows}"), None, Policy())
    assert [row["amount"] for row in rows_of(ledger)] == [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["2026-03-04", "2026-3-5 10:30", "20260306", "2026/03/07", "7.3.2026 08:15"], [4, 5, 6, 7, 7]),
        (["3/4/2026", "13/3/2026 10:30"], [3, 13]),  # 13 decides: day first; so 3 April
        (["3/4/2026", "3/13/2026 1:30 PM"], [4, 13]),  # 13 decides: month first; so 4 March
        (["4-Mar-2026", "March 5, 2026"], [4, 5]),
    ],
)
def test_how_dates_are_written_is_told_by_the_column(written: list[str], days: list[int]) -> None:
    rows = "\n".join(f"a | {text} | 1" for text in written)
    ledger = ledger_of(table(f"customer_id | ordered_at | amount\n{rows}"), None, Policy())
    assert [row["order_day"].day for row in rows_of(ledger)] == days


def test_dates_that_may_be_two_days_are_refused_where_no_row_decides() -> None:
    with pytest.raises(ColumnsError, match=r"'3/4/2026'.*no row decides"):
        ledger_of(table("customer_id | ordered_at | amount\na | 3/4/2026 | 1\na | 5/6/2026 | 1"), None, Policy())
    with pytest.raises(ColumnsError, match="some rows say one"):
        ledger_of(
            table("customer_id | ordered_at | amount\na | 3/13/2026 | 1\na | 14/6/2026 | 1\na | 1/2/2026 | 1"),
            None,
            Policy(),
        )


def test_times_without_a_zone_are_business_time_and_gaps_and_overlaps_do_no_harm() -> None:
    ledger = ledger_of(
        table("""
        customer_id | ordered_at
        a           | 2026-01-01
        a           | 2026-01-01T23:30:00Z
        a           | 2026-03-29 02:30
        a           | 2026-10-25 02:30
        """).append_column("amount", pa.array([1, 1, 1, 1])),
        None,
        Policy(time_zone="Europe/Paris"),
    )
    found = rows_of(ledger)
    assert [row["order_day"] for row in found] == [
        date(2026, 1, 1),
        date(2026, 1, 2),
        date(2026, 3, 29),
        date(2026, 10, 25),
    ]
    assert found[0]["ordered_at"] == utc("2025-12-31 23:00")


# When we knew


def test_the_first_batch_is_history_and_later_rows_are_known_when_they_came(bring: Ingest, home: Home) -> None:
    assert bring("customer_id,ordered_at,amount\na,2026-01-01,1\n").known_at == {"history": 1}
    assert bring("customer_id,ordered_at,amount\na,2026-02-01,1\na,2026-12-01,1\n", now=LATER).known_at == {
        "arrival": 2
    }
    assert bring("customer_id,ordered_at,amount\na,2026-03-01,1\n", now=LATER, history=True).known_at == {"history": 1}
    arrived = utc("2026-09-30 12:00")
    assert [row["visible_from"] for row in read(home)] == [
        utc("2026-01-01"),
        arrived,
        utc("2026-12-01"),
        utc("2026-03-01"),
    ]
    assert not read_ledger(home, Policy()).known_at_proven


def test_rows_of_the_future_are_kept_and_pointed_at(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na,2026-08-31 11:00,1\nb,2062-08-31,2\n")  # now: 2026-08-31 12:00
    assert (account.accepted.rows, account.to_come) == (2, 1)


def test_a_known_at_column_is_believed_and_a_row_known_before_it_happens_is_a_commitment(
    bring: Ingest, home: Home
) -> None:
    account = bring(
        "customer_id,ordered_at,amount,entered\na,2026-05-01,1,2026-01-01\na,2026-01-01,1,2026-02-01\n",
        known_at_column="entered",
    )
    assert account.known_at == {"column": 2}
    assert [row["visible_from"] for row in read(home)] == [utc("2026-01-01"), utc("2026-02-01")]
    assert read_ledger(home, Policy()).known_at_proven


def test_an_unreadable_known_at_is_a_reason_and_an_empty_one_follows_the_rule(bring: Ingest) -> None:
    account = bring("customer_id,ordered_at,amount,known_at\na,2026-05-01,1,soon\na,2026-01-01,1,\n")
    assert reasons(account) == {Reason.KNOWN_AT: 1}
    assert account.known_at == {"history": 1}


# Read twice, equal lines, corrections


LINES = "customer_id,ordered_at,amount\na,2026-01-01,1\na,2026-01-01,1\nb,2026-01-02,-2\n"


def test_equal_lines_in_a_file_are_kept_and_a_file_read_twice_changes_nothing(bring: Ingest, home: Home) -> None:
    first = bring(LINES)
    assert (first.accepted.rows, first.equal_lines, first.returns.rows) == (3, 1, 1)
    before = read_ledger(home, Policy()).digest
    again = bring(LINES, now=LATER)
    assert again.nothing_changed
    assert (again.merged.rows, again.merged.money) == (3, {"XXX": Decimal(1 + 1 - 2)})
    assert again.batch_id is None
    assert read_ledger(home, Policy()).digest == before


def test_the_third_copy_is_new_when_an_earlier_file_brought_two(bring: Ingest) -> None:
    bring(LINES)
    account = bring("customer_id,ordered_at,amount\n" + "a,2026-01-01,1\n" * 3)
    assert (account.accepted.rows, account.merged.rows) == (1, 2)


def test_an_earlier_file_of_the_same_command_counts_as_earlier(home: Home, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(LINES)
    account = ingest("orders", [tmp_path / "one.csv", tmp_path / "two.csv"], home=home, policy=Policy(), now=NOW)
    assert (account.read.rows, account.accepted.rows, account.merged.rows) == (6, 3, 3)


VERSIONED = "customer_id,ordered_at,order_id,line_id,amount,known_at\n"


def test_a_correction_replaces_the_line_from_its_known_at_on(bring: Ingest, home: Home) -> None:
    bring(VERSIONED + "a,2026-01-01,o1,1,100,2026-01-01\n")
    account = bring(VERSIONED + "a,2026-01-01,o1,1,120,2026-02-01\n")
    assert (account.accepted.rows, account.corrections) == (1, 1)
    assert [(row["amount"], row["replaced_at"]) for row in read(home)] == [(100, utc("2026-02-01")), (120, None)]


def test_a_correction_that_arrives_late_takes_its_place_between_the_others(bring: Ingest, home: Home) -> None:
    bring(VERSIONED + "a,2026-01-01,o1,1,100,2026-01-01\na,2026-01-01,o1,1,300,2026-03-01\n")
    bring(VERSIONED + "a,2026-01-01,o1,1,200,2026-02-01\n")
    assert [(row["amount"], row["replaced_at"]) for row in read(home)] == [
        (100, utc("2026-02-01")),
        (300, None),
        (200, utc("2026-03-01")),
    ]


def test_a_value_taken_back_is_a_correction_too(bring: Ingest, home: Home) -> None:
    text = VERSIONED + "".join(
        f"a,2026-01-01,o1,1,{amount},2026-0{month}-01\n" for amount, month in ((100, 1), (120, 2), (100, 3))
    )
    assert bring(text).corrections == 2
    assert [row["replaced_at"] for row in read(home)] == [utc("2026-02-01"), utc("2026-03-01"), None]
    assert bring(text).nothing_changed


def test_of_two_versions_of_one_instant_the_later_line_stands_and_that_is_said(bring: Ingest, home: Home) -> None:
    account = bring(VERSIONED + "a,2026-01-01,o1,1,100,2026-01-01\na,2026-01-01,o1,1,120,2026-01-01\n")
    assert (account.corrections, account.never_seen) == (1, 1)
    first, second = read(home)
    assert first["replaced_at"] == first["visible_from"]
    assert second["replaced_at"] is None


def test_the_same_version_never_counts_twice_even_in_one_file(bring: Ingest) -> None:
    account = bring("customer_id,ordered_at,order_id,line_id,amount\n" + "a,2026-01-01,o1,1,100\n" * 2)
    assert (account.accepted.rows, account.merged.rows) == (1, 1)


# Customers


def versions(home: Home) -> list[tuple[Any, ...]]:
    found = read_ledger(home, Policy()).customers.to_pylist()
    return [(row["customer_id"], row["name"], row["visible_from"], row["replaced_at"]) for row in found]


def test_customers_are_seen_since_ever_and_change_when_the_change_is_known(bring: Ingest, home: Home) -> None:
    bring(LINES)
    bring("id,name\n".replace("id", "customer_id") + "a,Ann\nb,Bob\n", "customers")
    account = bring("customer_id,name\na,Anna\nb,Bob\n", "customers", now=LATER)
    assert (account.accepted.rows, account.merged.rows) == (1, 1)
    since_ever, changed = utc("1900-01-01"), utc("2026-09-30 12:00")
    assert versions(home) == [
        ("a", "Ann", since_ever, changed),
        ("b", "Bob", since_ever, None),
        ("a", "Anna", changed, None),
    ]


def test_of_a_customer_given_twice_in_a_file_the_last_stands(bring: Ingest, home: Home) -> None:
    bring(LINES)
    account = bring("customer_id,name\na,Ann\na,Anna\na,Anna\n", "customers")
    assert reasons(account) == {Reason.TWICE: 1}
    assert (account.accepted.rows, account.merged.rows) == (1, 1)
    assert [row[1] for row in versions(home)] == ["Anna"]


# What holds for the whole ledger


def test_the_first_batch_settles_time_zone_and_currency(bring: Ingest, home: Home) -> None:
    text = "customer_id,ordered_at,amount,currency\na,2026-01-01,1,gbp\na,2026-01-02,1,GBP\nb,2026-01-01,1,EUR\n"
    assert reasons(bring(text)) == {Reason.RATE: 1}
    assert read_ledger(home, Policy()).currency == "GBP"
    assert bring("customer_id,ordered_at,amount\nc,2026-01-01,1\n").accepted.money == {"GBP": Decimal(1)}
    for policy in (Policy(time_zone="Europe/Paris"), Policy(reporting_currency="EUR")):
        with pytest.raises(SettledError):
            read_ledger(home, policy)
        with pytest.raises(SettledError):
            bring(LINES, policy=policy)


def test_customers_that_come_first_settle_no_currency(bring: Ingest, home: Home) -> None:
    bring("customer_id,name\na,Ann\n", "customers")
    assert bring(LINES, currency="GBP").accepted.rows == 3
    assert read_ledger(home, Policy()).currency == "GBP"


def test_amounts_whose_sum_outgrows_an_integer_still_reconcile(bring: Ingest, home: Home) -> None:
    lines = "".join(f"a,2026-01-{day:02d},99999999999999.9999\n" for day in range(1, 29))
    account = bring("customer_id,ordered_at,amount\n" + lines)
    assert account.accepted.money == {"XXX": 28 * Decimal("99999999999999.9999")}
    assert examine(home, Policy(), rebuild=True).sound


def test_a_dry_run_says_the_same_and_stores_nothing(bring: Ingest, home: Home) -> None:
    tried = bring(LINES, dry_run=True)
    assert tried.accepted.rows == 3
    assert not home.root.exists()
    bring(LINES)
    before = read_ledger(home, Policy()).digest
    assert bring("customer_id,ordered_at,amount\nz,2026-01-01,1\n", dry_run=True).accepted.rows == 1
    assert read_ledger(home, Policy()).digest == before


def test_an_in_memory_ledger_refuses_rows_that_cannot_be_used() -> None:
    with pytest.raises(RejectedRowsError, match=r"no customer \(1\)"):
        ledger_of(table("customer_id | ordered_at | amount\n | 2026-01-01 | 1"), None, Policy())


def test_the_migrations_make_the_tables_that_the_code_declares(home: Home) -> None:
    from sqlalchemy import inspect

    found = inspect(Store.open(home).engine)
    for name in METADATA.tables:
        assert {column["name"] for column in found.get_columns(name)} == set(METADATA.tables[name].columns.keys())


def test_an_address_that_is_no_database_is_one_sentence(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    monkeypatch.setenv("CALLFIRST_DATABASE_URL", "no address")
    with pytest.raises(LedgerError, match="no database address"):
        Store.open(home)


def test_a_damaged_database_is_one_sentence(home: Home) -> None:
    home.var.mkdir(parents=True)
    (home.var / "callfirst.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Store.open(home)
