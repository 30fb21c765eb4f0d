"""Which rows cannot be used, why, and that the good ones stay."""

from __future__ import annotations

import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from sqlalchemy import select

from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.store.database import open_store
from features.ledger.store.tables import QUARANTINE
from features.policy import Policy
from tests.specs.ingested import NOW, Ingest, read, reasons
from tests.text_tables import POLICY

BAD_ROWS = {
    QuarantineReason.CUSTOMER: ",2026-01-01,1,EUR",
    QuarantineReason.TEXT: "a\0b,2026-01-01,1,EUR",
    QuarantineReason.WHEN: "a,someday,1,EUR",
    QuarantineReason.WHEN_IMPOSSIBLE: "a,1066-10-14,1,EUR",
    QuarantineReason.AMOUNT: "a,2026-01-01,NaN,EUR",
    QuarantineReason.AMOUNT_LARGE: "a,2026-01-01,100000000000000,EUR",
    QuarantineReason.CURRENCY: "a,2026-01-01,1,EURO",
    QuarantineReason.RATE: "a,2026-01-01,1,USD",
    QuarantineReason.FIELDS: "a,2026-01-01,1,EUR,more",
}


@pytest.mark.parametrize("reason", BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_reason_and_original_and_good_rows_are_kept(
    reason: QuarantineReason, bring: Ingest, home: Home
) -> None:
    account = bring(
        f"customer_id,ordered_at,amount,currency\na,2026-01-01,5,EUR\n{BAD_ROWS[reason]}\nb,2026-01-02,7,EUR\n"
    )
    assert reasons(account) == {reason: 1}
    assert account.quarantine[0].line == 3
    assert (account.read.rows, account.accepted.rows, account.quarantined.rows) == (3, 2, 1)
    assert account.accepted.money == {"EUR": Decimal(5 + 7)}
    assert [row["customer_id"] for row in read(home)] == ["a", "b"]
    with open_store(home) as store, store.engine.connect() as database:
        kept = database.execute(select(QUARANTINE)).one()
    original = json.loads(kept.original)
    assert original == {"text": BAD_ROWS[reason]} or original["customer_id"] == BAD_ROWS[reason].split(",")[0]


@pytest.mark.parametrize("amount", ["", "NaN", "inf", "-Infinity", "abc", "1.2.3", "--4", "0x10"])
def test_an_amount_that_is_no_finite_number_is_unreadable(amount: str, bring: Ingest) -> None:
    account = bring(f"customer_id,ordered_at,amount\na,2026-01-01,5\nb,2026-01-01,{amount}\n")
    assert reasons(account) == {QuarantineReason.AMOUNT: 1}
    assert account.quarantined.unreadable == 1


def test_numbers_of_typed_files_that_are_not_finite_are_unreadable(home: Home, tmp_path: Path) -> None:
    day = datetime(2026, 1, 1)
    amounts = [1.1, float("nan"), float("inf"), None, 1e300]
    pq.write_table(
        pa.table({"customer_id": [13085.0] * 5, "ts": [day] * 5, "amount": amounts}), tmp_path / "typed.parquet"
    )
    account = ingest(
        IngestRequest("orders", InputFiles([tmp_path / "typed.parquet"]), home=home, policy=Policy(), now=NOW)
    )
    assert reasons(account) == {QuarantineReason.AMOUNT: 3, QuarantineReason.AMOUNT_LARGE: 1}
    assert [(row["customer_id"], row["amount"]) for row in read(home)] == [("13085", Decimal("1.1000"))]


@pytest.mark.parametrize("customer", ["", "  ", "nan", "NULL", "None", "<NA>", "#N/A"])
def test_a_customer_that_is_nothing_is_no_customer(customer: str, bring: Ingest) -> None:
    account = bring(f"customer_id,ordered_at,amount\n{customer},2026-01-01,5\nb,2026-01-01,1\n")
    assert reasons(account) == {QuarantineReason.CUSTOMER: 1}


def test_a_number_taken_apart_by_spaces_is_no_number(bring: Ingest) -> None:
    account = bring("customer_id,date,amount\na,2026-01-01,1 2 3\nb,2026-01-01,12 34\nc,2026-01-01,5 000\n")
    assert (account.accepted.money, reasons(account)) == ({"XXX": Decimal(5000)}, {QuarantineReason.AMOUNT: 2})


def test_an_id_with_a_control_character_is_unusable(bring: Ingest) -> None:
    account = bring('customer_id,date,amount\n"a\nb",2026-01-01,1\na\x1b[31m,2026-01-01,2\na b,2026-01-01,3\n')
    assert (account.accepted.rows, reasons(account)) == (1, {QuarantineReason.TEXT: 2})


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
