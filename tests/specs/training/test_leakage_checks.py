"""Each check of a feature maker catches its plant, and none of them an honest feature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.leak_trap.honest_features import HONEST
from benchmarks.leak_trap.leak_frames import Then, maker_of
from benchmarks.leak_trap.leak_plants import PLANTED, PLANTED_ACROSS
from features.clock import AsOf
from features.ledger.demo.company import invent_company, write_demo
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import take_snapshot
from tests.command_line import answered, run
from tests.text_tables import at
from training.checks.catalogue import CHECKS, CheckOutcome
from training.checks.feature_tables import PRESENCE, FeatureTable, MadeFeaturesError, differences
from training.checks.leakage import check_features, own_features
from training.checks.report import LeakReport

pytestmark = pytest.mark.slow
POLICY = Policy(time_zone="Europe/Berlin")
H = 90
INTRADAY = at("2025-08-20T14:37", POLICY)


@cache
def company() -> Ledger:
    made = invent_company(ends_on=date(2025, 12, 31), seed=3, customers=40, years=2)
    return ledger_of(made.orders, made.customers, POLICY, currency="EUR")


def checked(maker: Any) -> LeakReport:
    return check_features(maker, company(), POLICY, horizon_days=H, as_ofs=[INTRADAY])


@cache
def planted() -> LeakReport:
    return checked(maker_of({"order_size": HONEST["order_size"], **PLANTED}, PLANTED_ACROSS))


@cache
def honest() -> LeakReport:
    return checked(maker_of(HONEST, {}))


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        ("future_amount", "CF001"),
        ("returns_netted_early", "CF001"),
        ("season_of_all_years", "CF001"),
        ("at_or_before", "CF002"),
        ("known_at_the_instant", "CF002"),
        ("whole_day", "CF002"),
        ("other_time_zone", "CF002"),
        ("late_rows", "CF003"),
        ("corrected_early", "CF004"),
        ("cancelled_early", "CF004"),
        ("replaced_at_the_instant", "CF004"),
        ("parent_of_today", "CF004"),
        ("delivered_early", "CF005"),
        ("complaint_closed_early", "CF005"),
        ("paid_early", "CF005"),
        ("complaint_known_late", "CF003"),
        ("population_quantile", "CF006"),
        ("rank_among_all", "CF007"),
        ("ledger_days_behind", "CF008"),
        ("booked_as_ordered", "CF009"),
        ("times_listed", "CF010"),
        ("came_of_the_call", "CF010"),
        ("silence_since_any_contact", "CF010"),
        ("hash_of_id", "CF011"),
        ("row_number", "CF012"),
        ("next_instant", "CF013"),
        ("scaled", "CF014"),
        ("unseeded_noisy_label", "CF015"),
    ],
)
def test_each_check_catches_its_plant(plant: str, code: str) -> None:
    assert code in planted().caught[plant]


def test_every_plant_is_caught_and_the_honest_column_beside_them_is_not() -> None:
    assert set(planted().caught) == {*PLANTED, *PLANTED_ACROSS}


def test_no_honest_feature_made_at_home_is_caught() -> None:
    assert honest().caught == {}
    assert honest().passed


def test_our_own_catalogue_is_not_caught() -> None:
    report = checked(own_features)
    assert report.caught == {}
    assert {each.outcome for each in report.results} <= {CheckOutcome.PASSED, CheckOutcome.NOT_APPLICABLE}


def test_a_sentence_names_feature_rows_and_an_example() -> None:
    [found] = [
        each
        for result in planted().results
        for each in result.caught
        if each.feature == "at_or_before" and result.check.code == "CF002"
    ]
    assert found.sentence.startswith("at_or_before reads beyond the edge of the instant: it changes when rows happen")
    assert f"{found.rows} of {found.of_rows} rows; for example {found.example['customer_id']}" in found.sentence


def test_the_report_is_a_table_for_notebooks_and_a_record_for_machines() -> None:
    report = planted()
    assert report.table.column_names == ["feature", "code", "rows", "sentence"]
    assert [each["code"] for each in report.record()["checks"]] == [check.code for check in CHECKS]
    assert "CF001  failed" in str(report)


def _only_who_comes_back(ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> pa.Table:
    """A join with the future leaves out who does not come back."""
    made = take_snapshot(ledger, as_ofs, policy).table.select(["customer_id", "as_of", "days_since_last_order"])
    with ledger.open() as connection:
        connection.register("made", made)
        later = "SELECT 1 FROM order_lines l WHERE l.customer_id = made.customer_id AND l.ordered_at >= made.as_of"
        return connection.sql(f"SELECT * FROM made WHERE EXISTS ({later})").to_arrow_table()


def test_rows_left_out_by_what_comes_later_are_a_leak_too() -> None:
    assert "CF001" in checked(_only_who_comes_back).caught[PRESENCE]


def test_a_table_looked_up_outside_of_the_ledger_is_caught_by_other_ids() -> None:
    known = {customer: float(len(customer) + place % 7) for place, customer in enumerate(_customers())}

    def looked_up(then: Then) -> pd.Series[Any]:
        return pd.Series({customer: known.get(customer, 0.0) for customer in then.customers})

    assert checked(maker_of({"known_from_elsewhere": looked_up}, {})).caught == {"known_from_elsewhere": ("CF011",)}


def _customers() -> list[str]:
    ids: list[str] = sorted(set(company().customers.column("customer_id").to_pylist()))
    return ids


def test_a_maker_that_fails_without_the_future_is_caught_with_what_it_said() -> None:
    def failing(ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> pa.Table:
        made = take_snapshot(ledger, as_ofs, policy).table
        if ledger.ends_on < max(as_of.day for as_of in as_ofs) + timedelta(days=5):
            raise KeyError("next order")
        return made.select(["customer_id", "as_of", "days_since_last_order"])

    report = checked(failing)
    assert report.caught["days_since_last_order"]
    assert "KeyError: 'next order'" in str(report)


def test_a_rank_that_moves_a_place_by_the_last_digit_of_a_sum_is_no_leak() -> None:
    keys = {"customer_id": [f"c{n}" for n in range(101)], "as_of": ["2025-06-01"] * 101}
    ranks = np.arange(101.0)
    first, second = (FeatureTable.of(pa.table({**keys, "rank": r}), POLICY) for r in (ranks, ranks + 1))
    assert [found.rows for found in differences(first, second)] == [101]
    assert differences(first, second, least=0.02) == []


def test_a_maker_that_fails_on_the_ledger_as_it_is_is_refused_in_a_sentence() -> None:
    def broken(ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> pa.Table:
        raise ValueError("no such thing")

    with pytest.raises(MadeFeaturesError, match="The feature maker failed: ValueError: no such thing"):
        checked(broken)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checks")
    files = write_demo(root, seed=3, customers=60, ends_on=date(2025, 12, 31))
    for kind in ("orders", "customers"):
        assert run(root, "ingest", kind, str(files[kind])).returncode == 0
    return root


def test_the_command_ends_with_0_where_nothing_is_caught(home: Path) -> None:
    told = answered(home, "checks", "--horizon-days", "60")
    assert told["passed"]
    assert "days_since_last_order" in told["features"]


def test_the_command_ends_with_1_and_names_the_leak_of_a_file_of_ones_own(home: Path) -> None:
    source = """
from features.snapshot import take_snapshot

def make(ledger, as_ofs, policy):
    table = take_snapshot(ledger, as_ofs, policy).table.select(["customer_id", "as_of"])
    days = [(ledger.ends_on - as_of.date()).days for as_of in table["as_of"].to_pylist()]
    return table.append_column("until_the_end", [days])
"""
    (home / "own_features.py").write_text(source)
    done = run(home, "checks", "--horizon-days", "60", "--maker", f"{home / 'own_features.py'}:make")
    assert done.returncode == 1, done.stderr
    assert "until_the_end knows where the ledger ends" in done.stdout


def test_the_command_checks_a_finished_file_and_says_what_it_cannot_tell(home: Path) -> None:
    out = home / "features.parquet"
    assert run(home, "snapshot", "--as-of", "2025-06-01,2025-08-01,2025-10-01", "--out", str(out)).returncode == 0
    done = run(home, "checks", "--features", str(out), "--horizon-days", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Cannot be checked on a table" in done.stdout


def test_files_and_names_that_lead_nowhere_are_refused_in_a_sentence(home: Path) -> None:
    (home / "torn.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"silence": [1]}), home / "keyless.parquet")
    for words, said in (
        (["--features", str(home / "no.parquet")], "cannot be read"),
        (["--features", str(home / "torn.parquet")], "cannot be read"),
        (["--features", str(home / "keyless.parquet")], "no column customer_id"),
        (["--maker", "make"], "it has no colon"),
        (["--maker", f"{home / 'nowhere.py'}:make"], "is not a feature maker"),
        (["--maker", "features.snapshot:no_such"], "has no function no_such"),
    ):
        done = run(home, "checks", *words)
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
