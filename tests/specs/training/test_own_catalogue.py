"""The leak checks of our own catalogue: run once per state of the code, and asked again where the code is another."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from tests.text_tables import POLICY, at
from training.checks import own_catalogue
from training.checks.leakage import check_features, own_features
from training.checks.own_catalogue import OUTCOME, check_own_features, is_proven, outcome_of
from training.checks.report import LeakReport

UNTIL, ORIGIN = "2026-01-01", "2025-10-03"


@cache
def company() -> Ledger:
    made = invent_company(ends_on=date(2025, 12, 31), seed=5, customers=40, years=2)
    return ledger_of(made.orders, made.customers, POLICY, currency="EUR")


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


def test_the_outcome_is_of_this_code() -> None:
    assert is_proven(), "Renew it: python -m training.checks.own_catalogue"


@pytest.mark.slow
def test_the_report_is_the_same_whether_the_behavioural_checks_are_known_to_pass_or_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_catalogue, "is_proven", lambda: True)
    assert own_report().record() == full_report().record()


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"code_sha256": "0" * 64}, {"catalogue_fingerprint": "0" * 64}, {"passed": False}])
def test_an_outcome_of_other_code_or_of_a_failure_proves_nothing(
    change: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "own_catalogue.json"
    kept.write_text(json.dumps({**outcome_of(full_report()), **change}))
    monkeypatch.setattr(own_catalogue, "OUTCOME", kept)
    assert not is_proven()
    kept.write_text(json.dumps(outcome_of(full_report())))
    assert is_proven()


@pytest.mark.slow
def test_without_an_outcome_the_behavioural_checks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = []
    monkeypatch.setattr(own_catalogue, "OUTCOME", tmp_path / "none.json")
    monkeypatch.setattr(
        own_catalogue,
        "run_checks",
        lambda *given, **named: instants.extend(named["instants"]) or own_catalogue._passed_before(*given, **named),
    )
    assert own_report().passed
    assert instants == [at(ORIGIN)]


@pytest.mark.slow
def test_the_outcome_names_every_check() -> None:
    assert set(json.loads(OUTCOME.read_text())["checks"]) == set(outcome_of(full_report())["checks"])
