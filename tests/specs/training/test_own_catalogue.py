"""The leak checks of our own catalogue: run once per state of the code, and again where the code differs."""

from __future__ import annotations

import json
import sys
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from tests.text_tables import POLICY, at
from training.checks import own_catalogue
from training.checks.catalogue import CHECKS, CheckOutcome
from training.checks.leakage import check_features, own_features
from training.checks.own_catalogue import OUTCOME, check_own_features, is_proven, outcome_of
from training.checks.report import CheckResult, LeakReport

UNTIL, ORIGIN = "2026-01-01", "2025-10-03"


@cache
def company() -> Ledger:
    invented = invent_company(ends_on=date(2025, 12, 31), seed=5, customers=40, years=2)
    return ledger_of(invented.orders, invented.customers, POLICY, currency="EUR")


def own_report() -> LeakReport:
    return check_own_features(
        company(), POLICY, until=at(UNTIL), horizon_days=90, as_ofs=[at(ORIGIN)], most_customers=30
    )


@cache
def full_report() -> LeakReport:
    return check_features(
        own_features,
        company(),
        POLICY,
        until=at(UNTIL),
        horizon_days=90,
        as_ofs=[at(ORIGIN)],
        most_customers=30,
    )


@cache
def passing_outcome() -> dict[str, Any]:
    return outcome_of(LeakReport(tuple(CheckResult(check, CheckOutcome.PASSED) for check in CHECKS), ()))


@pytest.fixture
def outcome_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(own_catalogue, "OUTCOME", tmp_path / "own_catalogue.json")
    return tmp_path / "own_catalogue.json"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the outcome is of the libraries locked for Python 3.11")
def test_the_outcome_is_of_this_code() -> None:
    assert is_proven(), "Renew it: python -m training.checks.own_catalogue"


@pytest.mark.slow
def test_the_report_is_the_same_whether_the_behavioural_checks_are_known_to_pass_or_run(
    outcome_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome_file.write_text(json.dumps(passing_outcome()))
    monkeypatch.setattr(own_catalogue, "run_checks", None)  # it would fail if it were called
    assert own_report().record() == full_report().record()


@pytest.mark.parametrize(
    "change",
    [
        {"code_sha256": "0" * 64},
        {"catalogue_fingerprint": "0" * 64},
        {"libraries": {**passing_outcome()["libraries"], "duckdb": "0.0.1"}},
        {"passed": False},
        {"checks": {**passing_outcome()["checks"], "CF001": "failed"}},
        {"checks": {name: outcome for name, outcome in passing_outcome()["checks"].items() if name != "CF001"}},
    ],
    ids=["other code", "another catalogue", "another library", "a failure", "one failed check", "a missing check"],
)
def test_an_outcome_of_other_code_or_of_a_failure_proves_nothing(change: dict[str, Any], outcome_file: Path) -> None:
    outcome_file.write_text(json.dumps({**passing_outcome(), **change}))
    assert not is_proven()
    outcome_file.write_text(json.dumps(passing_outcome()))
    assert is_proven()


@pytest.mark.parametrize("content", [b"", b'{"passed": tr', b"[]", b"null", b"{}", b"\xff\xfe", b'{"checks": null}'])
def test_a_damaged_outcome_proves_nothing(content: bytes, outcome_file: Path) -> None:
    outcome_file.write_bytes(content)
    assert not is_proven()


def test_a_failed_check_is_not_stored_as_passed() -> None:
    failed = tuple(CheckResult(check, CheckOutcome.FAILED) for check in CHECKS[:1])
    outcome = outcome_of(LeakReport(failed, ()))
    assert (outcome["passed"], outcome["checks"]) == (False, {"CF001": "failed"})


@pytest.mark.slow
def test_without_an_outcome_the_behavioural_checks_run(outcome_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = []
    monkeypatch.setattr(
        own_catalogue,
        "run_checks",
        lambda *inputs, **settings: (
            instants.extend(settings["instants"]) or own_catalogue._passed_before(*inputs, **settings)
        ),
    )
    assert not outcome_file.exists()
    assert own_report().passed
    assert instants == [at(ORIGIN)]


def test_the_outcome_names_every_check() -> None:
    assert set(json.loads(OUTCOME.read_text())["checks"]) == {check.code for check in CHECKS}
