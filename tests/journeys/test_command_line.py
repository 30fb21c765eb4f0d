"""The whole chain through the command line on CDNOW, and the errors on bad input."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from features.catalog import CATALOG
from tests.cdnow import CUSTOMERS, ROWS, cdnow_master
from tests.command_line import answered, run

SCORE_COLUMNS = [
    "customer_id",
    "as_of",
    "population",
    "is_newcomer",
    "churn_probability",
    "churn_low",
    "churn_high",
    "decline_probability",
    "reference_sales",
    "expected_sales",
    "value_at_risk",
    "value_at_risk_low",
    "value_at_risk_high",
    "at_risk",
    "at_risk_because",
    "overdue_days",
    "rung",
    "is_key_account",
    "key_reasons",
    "reasons",
    "model_version",
]
LIST_COLUMNS = [
    "rank",
    "customer_id",
    "name",
    "is_key_account",
    "at_risk_because",
    "reasons",
    "value_at_risk",
    "sales_365_days",
    "last_order_on",
    "own_rhythm_days",
    "silent_days",
    "play",
    "contact_person",
    "last_contact_on",
    "last_words",
    "open_complaints",
    "language",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cdnow")
    first = answered(home, "ingest", "orders", str(cdnow_master()))
    assert first["read"]["rows"] == first["accepted"]["rows"] == ROWS
    trained = answered(home, "train", "--until", "1998-04-01", "--horizon-days", "90", "--active-days", "90")
    assert trained["served"]
    return home


def test_the_same_file_twice_changes_nothing_and_says_so(home: Path) -> None:
    again = answered(home, "ingest", "orders", str(cdnow_master()))
    assert again["nothing_changed"]
    assert (again["read"]["rows"], again["merged"]["rows"], again["accepted"]["rows"]) == (ROWS, ROWS, 0)
    assert "nothing changed" in run(home, "ingest", "orders", str(cdnow_master())).stdout.lower()


def test_scores_have_one_row_a_customer_and_the_columns_of_the_door(home: Path, tmp_path: Path) -> None:
    assert run(home, "score", "--as-of", "1998-04-01", "--out", str(tmp_path / "s.csv")).returncode == 0
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == SCORE_COLUMNS
    assert len({row["customer_id"] for row in rows}) == len(rows) == CUSTOMERS
    active = [row for row in rows if row["population"] == "active"]
    assert all(
        0 <= float(row["churn_low"]) <= float(row["churn_probability"]) <= float(row["churn_high"]) <= 1
        for row in active
    )
    assert all(row["churn_probability"] == "" for row in rows if row["population"] == "never")
    assert all(
        0 <= float(row["value_at_risk_low"]) <= float(row["value_at_risk"]) <= float(row["value_at_risk_high"])
        for row in active
    )


def test_the_call_list_is_ranked_by_money_within_capacity_and_says_that_nobody_is_key(
    home: Path, tmp_path: Path
) -> None:
    done = run(home, "call-lists", "--as-of", "1998-04-01", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (csv_file,) = tmp_path.glob("*.csv")
    with csv_file.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == LIST_COLUMNS
    established = [line for line in lines if not line["reasons"].startswith("new customer")]
    money = [float(line["value_at_risk"]) for line in established]
    assert money == sorted(money, reverse=True) and 0 < len(lines) <= 20
    assert "10 %" in done.stdout
    (workbook,) = tmp_path.glob("*.xlsx")
    assert load_workbook(workbook).worksheets


def test_a_snapshot_of_many_instants_is_a_parquet_file_of_the_catalogue(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "features.parquet"
    answer = answered(home, "snapshot", "--as-of", "1997-07-01,1998-01-01", "--out", str(out))
    table = pq.read_table(out)
    assert table.column_names == ["as_of", "customer_id", *(feature.name for feature in CATALOG)]
    assert table.num_rows == answer["rows"] > CUSTOMERS


def test_both_engines_write_the_same_features_of_a_real_ledger(home: Path, tmp_path: Path) -> None:
    fast, exact = (tmp_path / f"{engine}.parquet" for engine in ("arrays", "duckdb"))
    for out in (fast, exact):
        answered(home, "snapshot", "--as-of", "1997-10-01", "--engine", out.stem, "--out", str(out))
    ours, theirs = (pd.read_parquet(out) for out in (fast, exact))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=0)


def test_a_snapshot_of_a_file_in_place_accounts_for_its_rows_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(GOOD + "c1,2026-02-30,7\n,2026-02-01,8\n", encoding="utf-8")
    options = ["--ledger", str(tmp_path / "orders.csv"), "--as-of", "2026-01-20,2026-01-30", "--memory", "1GB"]
    answer = answered(tmp_path / "home", "snapshot", *options, "--out", str(tmp_path / "out" / "s.parquet"))
    assert [answer["source"][part]["rows"] for part in ("read", "accepted", "quarantined")] == [11, 9, 2]
    assert pq.read_table(tmp_path / "out" / "s.parquet").num_rows == answer["rows"] > 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["s.parquet"]
    printed = run(tmp_path / "home", "snapshot", *options, "--out", str(tmp_path / "out" / "s.parquet")).stdout
    assert "9 of 11 rows of orders.csv are used" in printed
    assert "callfirst ingest" in printed
    (tmp_path / "bad.csv").write_text("customer_id,ordered_at,amount\nc1,never,7\n", encoding="utf-8")
    options[1] = str(tmp_path / "bad.csv")
    done = run(tmp_path / "home", "snapshot", *options, "--out", str(tmp_path / "out" / "bad.parquet"))
    assert done.returncode == 1
    assert "unreadable date (1, first: line 2)" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["s.parquet"]


def test_a_horizon_is_proposed_from_the_gaps(home: Path) -> None:
    proposed = answered(home, "horizon")
    assert 7 <= proposed["horizon_days"] <= 546 // 4


def test_the_night_publishes_once(home: Path) -> None:
    first = answered(home, "nightly", "--as-of", "1998-04-01")
    second = answered(home, "nightly", "--as-of", "1998-04-01")
    assert first["published_now"] and not second["published_now"]


def test_the_lists_of_a_night_are_graded_once_when_their_window_has_closed(home: Path) -> None:
    answered(home, "nightly", "--as-of", "1998-04-01")
    early = run(home, "report-card", "--as-of", "1998-06-29")
    assert early.returncode == 1 and "the first closes on 1998-06-30" in early.stderr
    card, again = (answered(home, "report-card", "--as-of", "1998-07-01") for _ in range(2))
    assert (card["gradeable"], card["new_cards"], again["new_cards"]) == (True, 1, 0)
    assert card["sentence"] == again["sentence"]
    assert card["figures"]["auc"] > 0.6 and abs(card["figures"]["expected"] - card["figures"]["seen"]) < 0.1


def test_the_night_goes_on_without_a_source_that_fails_and_its_exit_code_says_so(home: Path) -> None:
    (home / "sources.toml").write_text('[erp]\nkind = "orders"\nurl = "sqlite:///nowhere.db"\nquery = "SELECT 1"\n')
    try:
        done = run(home, "nightly", "--as-of", "1998-04-01", "--json")
    finally:
        (home / "sources.toml").unlink()
    night = json.loads(done.stdout)
    assert done.returncode == 1
    assert night["run_id"]
    assert "nowhere.db" in night["sources"][0]["error"]


GOOD = "customer_id,ordered_at,amount\n" + "".join(f"c{place},2026-01-{place + 1:02d},10\n" for place in range(9))
BAD_INPUT: dict[str, tuple[bytes, list[str]]] = {
    "empty file": (b"", ["nothing"]),
    "header only": (b"customer_id,ordered_at,amount\n", ["no rows"]),
    "missing column": (b"customer_id,amount\na,1\n", ["ordered_at", "--map"]),
    "binary junk": (bytes(range(256)) * 40, ["orders.csv"]),
    "every date unreadable": (b"customer_id,ordered_at,amount\na,yesterday,1\n", ["date"]),
    "every amount infinite": (b"customer_id,ordered_at,amount\na,2026-01-01,inf\nb,2026-01-01,NaN\n", ["amount"]),
    "no customer": (b"customer_id,ordered_at,amount\n,2026-01-01,5\n", ["customer"]),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_input_of_which_nothing_can_be_used_is_refused_in_a_sentence(case: str, tmp_path: Path) -> None:
    content, words = BAD_INPUT[case]
    file = tmp_path / "orders.csv"
    file.write_bytes(content)
    done = run(tmp_path / "home", "ingest", "orders", str(file))
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in printed
    assert all(word in printed for word in words), printed


def test_good_rows_are_kept_beside_bad_ones_and_the_sum_is_right(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(GOOD + "c1,2026-02-30,7\n,2026-02-01,8\nc2,2026-02-01,NaN\n", encoding="utf-8")
    account = answered(tmp_path / "home", "ingest", "orders", str(file))
    assert [account[part]["rows"] for part in ("read", "accepted", "merged", "quarantined")] == [12, 9, 0, 3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "--as-of", "2026-01-20", "--out", "s.csv"], ["train"]),  # nothing trained yet
        (["train", "--until", "2020-01-01"], ["2026-01-01"]),  # before the ledger begins
        (["train", "--horizon-days", "365"], ["365", "9 days before 2026-01-10"]),  # the horizon outlasts the ledger
        (["snapshot", "--as-of", "2025-01-01", "--out", "s.parquet"], ["begins on 2026-01-01"]),
        (["snapshot", "--as-of", "soon", "--out", "s.parquet"], ["soon"]),
        (["snapshot", "--as-of", "2026-01-05", "--out", "."], ["Cannot write features to ", "directory", "--out"]),
        (["snapshot", "--as-of", "2026-01-05", "--out", "/dev/null/s.parquet"], ["/dev/null/s.parquet", "--out"]),
        (["snapshot", "--as-of", "2026-01-05", "--out", "s.parquet", "--memory", "much"], ["'much'", "4GB"]),
        (["snapshot", "--as-of", "2026-01-05", "--out", "s.parquet", "--memory", "1MB"], ["'1MB'", "500MB"]),
        (["ingest", "orders", "nowhere.csv"], ["nowhere.csv"]),
        (["ingest", "orders", "orders.csv", "--currency", "ZZZ"], ["ZZZ"]),
        (["ingest", "weather", "orders.csv"], ["weather", "orders", "customers"]),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_hint(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "orders.csv").write_text(GOOD, encoding="utf-8")
    answered(home, "ingest", "orders", str(tmp_path / "orders.csv"))
    arguments = [str(tmp_path / part) if "." in part else part for part in arguments]
    done = run(home, *arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr and done.stderr.strip()
    assert all(word in done.stderr for word in words), done.stderr


def test_a_row_dated_in_the_future_does_not_decide_until_when_is_learned(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(GOOD + "c1,2150-01-01,7\n", encoding="utf-8")
    answered(tmp_path / "home", "ingest", "orders", str(tmp_path / "orders.csv"))
    done = run(tmp_path / "home", "train")
    assert done.returncode == 1
    assert "2150-01-01" in done.stderr and "--until" in done.stderr


def test_every_command_has_an_example(tmp_path: Path) -> None:
    commands = ["", "ingest", "doctor", "snapshot", "train", "horizon", "models", "models list", "models show", "score"]
    commands += ["evaluate", "models promote", "models rollback", "report-card", "drift"]
    commands += ["call-lists", "nightly", "serve", "keys", "keys create", "keys list", "keys revoke", "demo"]
    start = [sys.executable, "-m", "callfirst", "--help"]
    assert "Example: callfirst" in subprocess.run(start, capture_output=True, text=True, check=True).stdout  # noqa: S603
    for command in commands:
        done = run(tmp_path, *command.split(), "--help")
        assert done.returncode == 0 and "Example: callfirst" in done.stdout, command


def test_a_broken_database_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "callfirst.db").write_bytes(b"no database at all, but long enough to be opened" * 50)
    done = run(tmp_path, "nightly")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "database" in done.stderr


def test_commands_on_an_empty_home_say_what_to_do_first(tmp_path: Path) -> None:
    for arguments in (["train"], ["horizon"], ["nightly"], ["score", "--as-of", "2026-01-01", "--out", "s.csv"]):
        done = run(tmp_path, *arguments)
        assert done.returncode != 0 and "callfirst ingest orders" in done.stderr, done.stderr
