"""The score table (docs/design.md 5): its columns, its null values, and the files it is written to."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.catalog import CATALOG_FINGERPRINT
from features.ledger.errors import AsOfBeforeLedgerError
from features.policy import Policy
from features.snapshot import take_snapshot
from models.bundle import Bundle
from models.manifest import Manifest
from models.reference import Reference
from serving.nightly import lists_of
from serving.scores import PROBABILITIES, SCORES, ScoresFileError, ScoreTable, probabilities_only_for, score_customers
from tests.text_tables import at, ledger

POLICY = Policy()
BARE_RULE = Bundle(
    manifest=Manifest(
        version="rule: R alone",
        is_rule=True,
        note="Nothing could be learned yet.",
        horizon_days=90,
        active_days=60,
        fading_least_orders=3.0,
        until="2026-06-01",
        origins=(),
        catalogue_fingerprint=CATALOG_FINGERPRINT,
        policy_digest="",
        ledger_digest="",
        code_version="",
    ),
    reference=Reference(90),
)

# weekly: due after about 10 days, silent for 12. big: one order, half of all sales. gone: silent for months.
LEDGER = ledger(
    """
    customer_id | ordered_at | amount
    weekly      | 2026-05-01 | 100
    weekly      | 2026-05-06 | 100
    weekly      | 2026-05-11 | 100
    weekly      | 2026-05-16 | 100
    weekly      | 2026-05-20 | 100
    big         | 2026-05-30 | 900
    gone        | 2026-01-05 | 10
    key gone    | 2026-01-10 | 500
    later       | 2026-06-02 | 50
    """,
    """
    customer_id | name    | manager_id
    weekly      | Weekly  | Ann
    prospect    | Nobody  | Ann
    """,
)


@pytest.fixture(scope="module")
def scores() -> ScoreTable:
    return score_customers(LEDGER, at("2026-06-01"), BARE_RULE, POLICY)


@pytest.fixture(scope="module")
def rows(scores: ScoreTable) -> dict[str, dict[str, Any]]:
    return {row["customer_id"]: row for row in scores.rows}


def test_the_columns_are_those_of_the_door(scores: ScoreTable) -> None:
    assert scores.table.schema == SCORES
    assert ", ".join(SCORES.names) == (
        "customer_id, as_of, population, is_newcomer, churn_probability, churn_low, churn_high, decline_probability, "
        "reference_sales, expected_sales, value_at_risk, value_at_risk_low, value_at_risk_high, at_risk, "
        "at_risk_because, overdue_days, rung, is_key_account, key_reasons, reasons, model_version"
    )


def test_everybody_known_is_in_it_once_and_nobody_from_the_future(rows: dict[str, dict[str, Any]]) -> None:
    assert {name: row["population"] for name, row in rows.items()} == {
        "big": "active",
        "gone": "lapsed",
        "key gone": "lapsed",
        "prospect": "never",
        "weekly": "active",
    }


def test_overdue_days_are_silence_less_due_gap(rows: dict[str, dict[str, Any]]) -> None:
    # gaps 5, 5, 5, 4: own due gap 5, the company's too; silent from 20 May to 1 June: 12 - 5
    assert rows["weekly"]["overdue_days"] == pytest.approx(7.0)
    assert rows["weekly"]["at_risk_because"] == "overdue: an order was due after 5 days, silent for 12"
    assert rows["big"]["overdue_days"] == pytest.approx(2 - 5)  # three days to go
    assert rows["prospect"]["overdue_days"] is None


def test_a_lapsed_customer_is_at_risk_only_if_it_is_a_key_account(rows: dict[str, dict[str, Any]]) -> None:
    assert (rows["key gone"]["is_key_account"], rows["key gone"]["at_risk"]) == (True, True)
    assert (rows["gone"]["is_key_account"], rows["gone"]["at_risk"]) == (False, False)


def test_what_a_lapsed_key_account_would_bring_is_judged_on_the_day_after_its_last_order(
    rows: dict[str, dict[str, Any]],
) -> None:
    assert rows["key gone"]["reference_sales"] == pytest.approx(500.0)  # 500 ÷ 90 · 90
    assert rows["gone"]["reference_sales"] is None


def test_a_newcomer_is_marked_and_introduced(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["big"]["is_newcomer"]
    assert rows["big"]["reasons"].startswith("new customer: one order so far for 900 EUR, 2 days ago")
    assert rows["prospect"]["reasons"] is None


def test_probabilities_are_blank_for_who_is_not_to_be_scored() -> None:
    snapshot = take_snapshot(LEDGER, [at("2026-06-01")], POLICY)
    scores = BARE_RULE.score(snapshot)
    for name in PROBABILITIES:
        scores = scores.set_column(scores.column_names.index(name), name, [[0.5] * len(scores)])
    keep = np.array([customer in ("weekly", "key gone") for customer in snapshot.customer_ids])
    kept = probabilities_only_for(scores, keep).to_pylist()
    assert {row["customer_id"]: row["churn_probability"] for row in kept} == {
        "big": None,
        "gone": None,
        "key gone": 0.5,
        "prospect": None,
        "weekly": 0.5,
    }


def test_before_the_ledger_begins_nothing_can_be_scored() -> None:
    with pytest.raises(AsOfBeforeLedgerError):
        score_customers(LEDGER, at("2026-01-05"), BARE_RULE, POLICY)


def test_long_after_the_ledger_stopped_the_lists_say_so() -> None:
    late = score_customers(LEDGER, at("2026-09-01"), BARE_RULE, POLICY)
    notes = lists_of(late, POLICY)[0].notes
    assert notes[0].startswith("The ledger stopped on 2 Jun 2026, 90 days before")


def test_managers_get_lists_of_their_own(scores: ScoreTable) -> None:
    lists = {call_list.title: [line.customer_id for line in call_list.lines] for call_list in lists_of(scores, POLICY)}
    assert lists == {"Ann": ["weekly"], "without a manager": ["key gone"]}


def test_csv_is_rfc_4180_with_instants_in_utc(scores: ScoreTable, tmp_path: Path) -> None:
    scores.write(tmp_path / "new folder" / "s.csv")
    text = (tmp_path / "new folder" / "s.csv").read_bytes().decode("utf-8")
    assert text.count("\r\n") == 1 + len(scores)
    first = next(csv.DictReader(io.StringIO(text)))
    assert (first["customer_id"], first["as_of"], first["at_risk"]) == ("big", "2026-06-01T00:00:00Z", "false")
    assert first["churn_probability"] == ""


def test_parquet_keeps_the_types(scores: ScoreTable, tmp_path: Path) -> None:
    scores.write(tmp_path / "s.parquet")
    kept = pq.read_table(tmp_path / "s.parquet")
    assert kept.schema.names == SCORES.names
    assert kept.column("as_of")[0].as_py() == datetime(2026, 6, 1, tzinfo=UTC)
    assert [path.name for path in tmp_path.iterdir()] == ["s.parquet"]


@pytest.mark.parametrize("name", ["s.txt", "s", "in the way/s.csv"])
def test_a_file_that_cannot_be_written_is_one_sentence(scores: ScoreTable, tmp_path: Path, name: str) -> None:
    (tmp_path / "in the way").write_text("a file")
    with pytest.raises(ScoresFileError):
        scores.write(tmp_path / name)


def test_a_policy_may_shorten_how_long_a_lapsed_key_account_stays() -> None:
    brief = dataclasses.replace(POLICY, lapsed_key_days=30)
    rows = score_customers(LEDGER, at("2026-06-01"), BARE_RULE, brief).rows
    assert not next(row for row in rows if row["customer_id"] == "key gone")["at_risk"]
