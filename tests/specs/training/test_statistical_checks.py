"""What finished tables of features give away, and what is honestly left out."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.leak_trap.honest_features import HONEST
from benchmarks.leak_trap.leak_frames import maker_of
from benchmarks.leak_trap.leak_plants import PLANTED
from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from tests.text_tables import at
from training.checks.catalogue import CheckOutcome, Needs
from training.checks.feature_tables import MadeFeaturesError
from training.checks.leakage import check_table, own_features
from training.checks.report import LeakReport

pytestmark = pytest.mark.slow
POLICY = Policy(time_zone="Europe/Berlin")
H = 90
ORIGINS = [
    at(day, POLICY) for day in ("2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01", "2025-04-01", "2025-07-01")
]


@cache
def company() -> Ledger:
    made = invent_company(ends_on=date(2025, 12, 31), seed=3, customers=200, years=3)
    return ledger_of(made.orders, made.customers, POLICY, currency="EUR")


SUSPECTED = {
    "future_amount": "CF017",
    "next_gap": "CF017",
    "label_in_disguise": "CF016",
    "noisy_label": "CF017",
    "label_in_its_gaps": "CF019",
    "whole_day": "CF018",
    "gone_at_the_end": "CF020",
}


@cache
def finished() -> pd.DataFrame:
    return maker_of({**HONEST, **{name: PLANTED[name] for name in (*SUSPECTED, "late_rows")}}, {})(
        company(), ORIGINS, POLICY
    )


@cache
def report() -> LeakReport:
    return check_table(finished(), company(), POLICY, horizon_days=H)


@pytest.mark.parametrize(("plant", "code"), [*SUSPECTED.items(), ("label_in_disguise", "CF021")])
def test_a_column_is_suspected_by_what_it_knows(plant: str, code: str) -> None:
    assert code in report().caught[plant]


def test_honest_columns_beside_them_are_not_suspected() -> None:
    assert set(report().caught) == set(SUSPECTED)


def test_our_own_features_in_a_table_are_not_suspected() -> None:
    assert check_table(own_features(company(), ORIGINS, POLICY), company(), POLICY, horizon_days=H).caught == {}


def test_what_no_table_can_prove_is_said_and_not_passed() -> None:
    left_out = [each for each in report().results if each.check.needs is Needs.MAKER]
    assert {each.outcome for each in left_out} == {CheckOutcome.NOT_APPLICABLE}
    assert {each.remark[:28] for each in left_out} == {"Cannot be checked on a table"}


def test_a_leak_in_one_instant_of_many_is_suspected() -> None:
    table = finished()[["customer_id", "as_of", "label_in_disguise"]]
    one = table.as_of == ORIGINS[2].naive
    noise = np.random.default_rng(1).choice([3.0, 7.0], len(table))
    table = table.assign(partly=np.where(one, table.label_in_disguise, noise)).drop(columns="label_in_disguise")
    assert set(check_table(table, company(), POLICY, horizon_days=H).caught) == {"partly"}


def test_a_table_whose_windows_are_still_open_is_not_judged() -> None:
    table = own_features(company(), [at("2025-12-15", POLICY)], POLICY)
    judged = check_table(table, company(), POLICY, horizon_days=H)
    assert {each.outcome for each in judged.results} == {CheckOutcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"customer_id": ["a"], "silence": [1]}, "no column as_of"),
        ({"customer_id": ["a"], "as_of": ["2025-06-01"]}, "no feature"),
        ({"customer_id": ["a", "a"], "as_of": ["2025-06-01"] * 2, "silence": [1, 2]}, "1 rows repeat"),
    ],
)
def test_a_table_without_keys_or_features_is_refused(table: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(MadeFeaturesError, match=said):
        check_table(pa.table(table), company(), POLICY, horizon_days=H)
