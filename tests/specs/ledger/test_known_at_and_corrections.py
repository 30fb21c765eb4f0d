"""When we knew a row, and what a second one of the same line or customer does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy
from tests.specs.ingested import LATER, LINES, NOW, Ingest, read, reasons
from tests.text_tables import utc


def test_the_first_batch_is_history_and_later_rows_are_known_when_they_came(bring: Ingest, home: Home) -> None:
    assert bring("customer_id,ordered_at,amount\na,2026-01-01,1\n").known_at == {"history": 1}
    assert bring("customer_id,ordered_at,amount\na,2026-02-01,1\na,2026-12-01,1\n", now=LATER).known_at == {
        "arrival": 2
    }
    assert bring("customer_id,ordered_at,amount\na,2026-03-01,1\n", now=LATER, history=HistoryRule.ALL).known_at == {
        "history": 1
    }
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
    assert reasons(account) == {QuarantineReason.KNOWN_AT: 1}
    assert account.known_at == {"history": 1}


def test_lines_that_differ_in_a_column_we_do_not_use_are_not_equal(bring: Ingest) -> None:
    text = "customer_id,ordered_at,amount,shelf\na,2026-01-01,5,top\na,2026-01-01,5,top\na,2026-01-01,5,low\n"
    account = bring(text)
    assert (account.accepted.rows, account.equal_lines) == (3, 1)


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
    account = ingest(
        IngestRequest(
            "orders", InputFiles([tmp_path / "one.csv", tmp_path / "two.csv"]), home=home, policy=Policy(), now=NOW
        )
    )
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


@pytest.mark.parametrize("amounts", [(100, 120), (100, 120, 100), (120, 100, 100)])
def test_versions_of_one_instant_that_come_again_change_nothing(
    amounts: tuple[int, ...], bring: Ingest, home: Home
) -> None:
    text = VERSIONED + "".join(f"a,2026-01-01,o1,1,{amount},2026-01-01\n" for amount in amounts)
    bring(text)
    before = read(home)
    assert bring(text).nothing_changed
    assert read(home) == before
    assert [row["amount"] for row in before if row["replaced_at"] is None] == [amounts[-1]]


def test_versions_of_one_instant_count_once_in_two_files_of_a_command(home: Home, tmp_path: Path) -> None:
    text = VERSIONED + "a,2026-01-01,o1,1,100,2026-01-01\na,2026-01-01,o1,1,120,2026-01-01\n"
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_text(text)
    account = ingest(IngestRequest("orders", InputFiles(paths), home=home, policy=Policy(), now=NOW))
    assert (account.accepted.rows, account.merged.rows) == (2, 2)


def test_a_file_read_again_sets_nothing_back_that_a_later_one_of_its_instant_said(bring: Ingest, home: Home) -> None:
    first, second = (VERSIONED + f"a,2026-01-01,o1,1,{amount},2026-01-01\n" for amount in (100, 120))
    bring(first)
    bring(second)
    assert bring(first).nothing_changed
    assert [row["amount"] for row in read(home) if row["replaced_at"] is None] == [120]


def test_a_file_that_says_something_new_of_an_instant_is_believed_to_its_last_line(bring: Ingest, home: Home) -> None:
    bring(VERSIONED + "a,2026-01-01,o1,1,100,2026-01-01\n")
    account = bring(VERSIONED + "".join(f"a,2026-01-01,o1,1,{amount},2026-01-01\n" for amount in (120, 100)))
    assert (account.accepted.rows, account.corrections) == (2, 2)
    assert [row["amount"] for row in read(home) if row["replaced_at"] is None] == [100]


def test_a_version_that_says_the_same_again_is_kept_and_is_no_correction(bring: Ingest, home: Home) -> None:
    bring(VERSIONED + "a,2026-01-01,o1,1,5,2026-01-01\n")
    account = bring(VERSIONED + "a,2026-01-01,o1,1,5,2026-01-03\n")
    assert (account.accepted.rows, account.corrections) == (1, 0)
    assert bring(VERSIONED + "a,2026-01-01,o1,1,6,2026-01-02\n").corrections == 1
    assert [(row["amount"], row["replaced_at"]) for row in read(home)] == [
        (5, utc("2026-01-02")),
        (5, None),
        (6, utc("2026-01-03")),
    ]


def test_the_same_version_never_counts_twice_even_in_one_file(bring: Ingest) -> None:
    account = bring("customer_id,ordered_at,order_id,line_id,amount\n" + "a,2026-01-01,o1,1,100\n" * 2)
    assert (account.accepted.rows, account.merged.rows) == (1, 1)


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
    assert reasons(account) == {QuarantineReason.TWICE: 1}
    assert (account.accepted.rows, account.merged.rows) == (1, 1)
    assert [row[1] for row in versions(home)] == ["Anna"]
