"""Every kind of rows comes in under usual names, twice changes nothing, and is seen as it was known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from features.catalog import CATALOG
from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles, InputTable
from features.ledger.ledger import Ledger
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reading.header_matching import ColumnsError
from features.ledger.schema.record_types import RECORD_TYPES, RELATIONS
from features.policy import Policy
from features.snapshot import take_snapshot
from tests.specs.ingested import LATER, LINES, NOW, Ingest
from tests.text_tables import POLICY, at, ledger, table, utc
from tests.text_tables_of_kinds import KINDS_DRAWN, as_csv

SAID_OF_EVERY_KIND = {
    "net_sales_lifetime",
    "contacts_365_days",
    "complaints_365_days",
    "days_since_last_survey",
    "unpaid_money",
    "people_known",
    "buyer_changes_365_days",
}


def on(world: Ledger, view: str) -> list[dict[str, Any]]:
    with world.open() as connection:
        found: list[dict[str, Any]] = connection.sql(f"FROM {view} ORDER BY row_id").to_arrow_table().to_pylist()
    return found


def pick(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


@pytest.fixture
def drawn() -> Ledger:
    others = {kind: drawing for kind, drawing in KINDS_DRAWN.items() if kind not in ("orders", "customers")}
    return ledger(KINDS_DRAWN["orders"], KINDS_DRAWN["customers"], **others)


def test_there_is_a_drawing_of_every_kind() -> None:
    assert list(KINDS_DRAWN) == list(RECORD_TYPES)


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_a_file_of_usual_names_comes_in_whole_and_twice_changes_nothing(kind: str, bring: Ingest, home: Home) -> None:
    if kind != "orders":
        bring(as_csv(KINDS_DRAWN["orders"]))
    rows = table(KINDS_DRAWN[kind]).num_rows
    account = bring(as_csv(KINDS_DRAWN[kind]), kind)
    assert (account.read.rows, account.accepted.rows, account.columns_unused) == (rows, rows, ())
    assert not account.set_aside
    before = read_ledger(home, POLICY)
    assert bring(as_csv(KINDS_DRAWN[kind]), kind, now=LATER).nothing_changed
    assert read_ledger(home, POLICY).digest == before.digest


@pytest.mark.slow
def test_the_ledger_of_files_shows_what_the_one_in_memory_shows(bring: Ingest, home: Home, drawn: Ledger) -> None:
    for kind in reversed(RECORD_TYPES):  # orders last: other kinds may come first
        bring(as_csv(KINDS_DRAWN[kind]), kind, currency="EUR")
    stored = read_ledger(home, POLICY)
    assert set(stored.others) == set(drawn.others) == set(RELATIONS) - {"order_lines", "customers"}
    for view in RELATIONS:
        assert on(stored, view) == on(drawn, view), view
    assert check_consistency(home, POLICY, rebuild=True).sound
    for view in RELATIONS:
        assert on(read_ledger(home, POLICY), view) == on(drawn, view), view


@pytest.mark.slow
def test_some_customers_of_a_ledger_of_files_have_the_features_they_have_among_all(bring: Ingest, home: Home) -> None:
    """They alone are read out of the files, in the columns their features are made of."""
    for kind in reversed(RECORD_TYPES):
        bring(as_csv(KINDS_DRAWN[kind]), kind, currency="EUR")
    stored, as_ofs = read_ledger(home, POLICY), [at("2026-01-20"), at("2026-12-01")]
    every = take_snapshot(stored, as_ofs, POLICY)
    asked = sorted(set(every.customer_ids))[::2]
    alone = take_snapshot(stored, as_ofs, POLICY, customers=[*asked, "nobody"])
    assert alone.table.equals(every.where(np.isin(every.customer_ids, asked)).table)
    assert {  # so every kind was read
        each.name for each in CATALOG if every.table.column(each.name).null_count < len(every)
    } >= SAID_OF_EVERY_KIND


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_rows_that_come_as_values_are_those_of_a_file(kind: str, home: Home) -> None:
    account = ingest(
        IngestRequest(kind, InputTable(table(KINDS_DRAWN[kind]), "pushed"), home=home, policy=POLICY, now=NOW)
    )
    assert account.accepted.rows == table(KINDS_DRAWN[kind]).num_rows
    assert account.files == ("pushed",)
    again = ingest(
        IngestRequest(kind, InputTable(table(KINDS_DRAWN[kind]), "pushed"), home=home, policy=POLICY, now=LATER)
    )
    assert again.nothing_changed


def test_without_order_lines_there_is_no_ledger_and_views_of_other_kinds_are_empty(bring: Ingest, home: Home) -> None:
    bring(as_csv(KINDS_DRAWN["complaints"]), "complaints")
    with pytest.raises(EmptyLedgerError):
        read_ledger(home, POLICY)
    assert check_consistency(home, POLICY, rebuild=False).sentence.startswith(
        "Sound: the database holds 0 order lines, 2 compl"
    )
    bring(LINES)
    assert len(on(read_ledger(home, POLICY), "complaints")) == 2
    assert on(read_ledger(home, POLICY), "payments") == []


def test_words_are_read_in_many_ways_and_kept_in_one(drawn: Ledger) -> None:
    assert pick(on(drawn, "contacts"), "channel", "began_by", "contacted_on") == [
        ("call", "us", date(2026, 1, 5)),
        ("mail", "customer", date(2026, 1, 6)),
    ]
    assert pick(on(drawn, "events"), "customer_id", "event") == [(None, "closed"), ("a", "buyer_changed")]
    assert pick(on(drawn, "calls"), "arm", "arm_probability") == [
        ("called", Decimal("0.666666666667")),
        ("held_out", Decimal("0.333333333333")),
    ]
    assert pick(on(drawn, "customers"), "key_mark", "blacklisted", "consent_call", "potential_sales") == [
        ("reputation; strategic", False, True, Decimal(5000)),
        (None, True, None, None),
    ]


def test_a_precise_number_keeps_twelve_digits(drawn: Ledger) -> None:
    assert pick(on(drawn, "rates"), "currency", "rated_on", "rate", "visible_from") == [
        ("USD", date(2026, 1, 1), Decimal("0.912345678901"), utc("2026-01-01")),
        ("GBP", date(2026, 1, 1), Decimal("1.15"), utc("2026-01-01")),
    ]


def test_a_later_row_with_the_same_number_replaces_from_when_it_was_known(bring: Ingest, home: Home) -> None:
    bring(LINES)
    head = "customer_id,ticket id,opened,closed,known_at\n"
    bring(head + "a,7,2026-01-05,,2026-01-05\n", "complaints")
    account = bring(head + "a,7,2026-01-05,2026-01-09,2026-01-10\n", "complaints")
    assert (account.accepted.rows, account.corrections) == (1, 1)
    assert pick(on(read_ledger(home, POLICY), "complaints"), "closed_on", "visible_from", "replaced_at") == [
        (None, utc("2026-01-05"), utc("2026-01-10")),
        (date(2026, 1, 9), utc("2026-01-10"), None),
    ]


def test_rows_without_a_number_are_merged_copy_by_copy(bring: Ingest) -> None:
    text = "customer_id,date,NPS\n" + "a,2026-01-05,9\n" * 2
    assert (bring(text, "surveys").equal_lines, bring(text, "surveys").merged.rows) == (1, 2)
    assert bring(text + "a,2026-01-05,9\n", "surveys").accepted.rows == 1


def test_a_rate_of_a_day_that_is_told_again_replaces_the_first(bring: Ingest, home: Home) -> None:
    bring(LINES)
    head = "currency,date,rate,known_at\n"
    bring(head + "USD,2026-01-05,0.9,2026-01-06\nUSD,2026-01-05,0.8,2026-01-07\n", "rates")
    assert pick(on(read_ledger(home, POLICY), "rates"), "rate", "replaced_at") == [
        (Decimal("0.9"), utc("2026-01-07")),
        (Decimal("0.8"), None),
    ]


def test_payments_reconcile_to_the_cent(bring: Ingest) -> None:
    account = bring(as_csv(KINDS_DRAWN["payments"]), "payments")
    assert account.accepted.money == {"EUR": Decimal("100.00") + Decimal("50.25")}
    bad = bring("customer,invoice date,amount\na,2026-01-05,x\nb,2026-01-06,7\n", "payments")
    assert (bad.quarantined.unreadable, bad.accepted.money) == (1, {"EUR": Decimal(7)})


def test_payments_settle_the_currency_and_any_kind_the_time_zone(bring: Ingest, home: Home) -> None:
    bring(as_csv(KINDS_DRAWN["payments"]), "payments", policy=Policy(time_zone="Asia/Almaty"))
    bring(LINES, policy=Policy(time_zone="Asia/Almaty"))
    assert read_ledger(home, Policy(time_zone="Asia/Almaty")).currency == "EUR"


def test_a_day_in_business_time_stands_beside_every_instant(bring: Ingest, home: Home) -> None:
    policy = Policy(time_zone="Asia/Almaty")  # 5 hours ahead of UTC
    bring(LINES, policy=policy)
    bring("customer,opened\na,2026-01-05T20:00:00Z\n", "complaints", policy=policy)
    assert pick(on(read_ledger(home, policy), "complaints"), "opened_at", "opened_on") == [
        (utc("2026-01-05 20:00"), date(2026, 1, 6))
    ]


def test_commitments_are_counted_and_only_rows_without_a_known_at_are_suspected(bring: Ingest) -> None:
    account = bring(
        "customer_id,date,amount,known_at\na,2027-01-01,1,2026-08-01\na,2027-01-02,1,\na,2026-01-01,1,2026-08-01\n"
    )
    assert (account.commitments, account.to_come) == (1, 1)


def test_history_is_unproven_while_any_kind_came_without_a_known_at() -> None:
    orders = "customer_id | date | amount | known_at\na | 2026-01-01 | 1 | 2026-01-01"
    assert ledger(orders).known_at_proven
    assert not ledger(orders, surveys="customer_id | date | score\na | 2026-01-05 | 9").known_at_proven


def test_the_digest_is_of_all_kinds() -> None:
    orders, survey = (
        "customer_id | date | amount\na | 2026-01-01 | 1",
        "customer_id | date | score\na | 2026-01-05 | {}",
    )
    digests = {ledger(orders).digest, *(ledger(orders, surveys=survey.format(score)).digest for score in (8, 9))}
    assert len(digests) == 3


def test_a_file_of_another_kind_is_told_what_is_missing(bring: Ingest, home: Home) -> None:
    with pytest.raises(ColumnsError, match="has no column for contacted_at"):
        bring("customer_id,amount\na,1\n", "contacts")
    assert not home.var.exists()


def test_a_dry_run_of_any_kind_stores_nothing(bring: Ingest, home: Home) -> None:
    assert bring(as_csv(KINDS_DRAWN["calls"]), "calls", dry_run=True).accepted.rows == 2
    assert not home.root.exists()


def test_a_mirror_of_other_columns_is_made_anew(bring: Ingest, home: Home) -> None:
    bring(LINES)
    bring(as_csv(KINDS_DRAWN["surveys"]), "surveys")
    before = on(read_ledger(home, POLICY), "surveys")
    mark = home.mirror / "surveys" / "batches" / "000002.json"
    mark.write_text(mark.read_text().replace("score_max", "score_most"))
    next((home.mirror / "surveys").glob("bucket=*/*.parquet")).write_bytes(b"of another contract")
    assert on(read_ledger(home, POLICY), "surveys") == before


def test_files_of_one_command_meet_each_other(home: Home, tmp_path: Any) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_text(as_csv(KINDS_DRAWN["complaints"]))
    account = ingest(IngestRequest("complaints", InputFiles(paths), home=home, policy=POLICY, now=NOW))
    assert (account.read.rows, account.accepted.rows, account.merged.rows) == (4, 2, 2)
