"""At-risk decisions (docs/design.md 3), clause by clause, on drawn customers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.policy import Policy
from models.manifest import UsualRates
from serving.decisions.at_risk import AtRisk, Candidates, bar, because, judge

USUAL = UsualRates(before_due=0.5, decline=0.3)  # bars: 0.75 and 0.45
UNKNOWN = float("nan")


def customers(**changes: object) -> Candidates:
    """One active customer: silent 20 days of a due gap of 30, chances 0.1, five orders expected."""
    drawn: dict[str, object] = {
        "population": "active",
        "silent_days": 20.0,
        "shut_days": 0.0,
        "due_gap_days": 30.0,
        "churn_probability": 0.1,
        "decline_probability": 0.1,
        "orders_expected": 5.0,
        "is_key_account": False,
    } | changes
    return Candidates(**{name: np.array([value]) for name, value in drawn.items()})


def verdict(**changes: object) -> AtRisk:
    return judge(customers(**changes), usual=USUAL, horizon_days=90, policy=Policy())


def because_text(**changes: object) -> str | None:
    drawn = customers(**changes)
    at_risk = judge(drawn, usual=USUAL, horizon_days=90, policy=Policy())
    (text,) = because(at_risk, drawn, usual=USUAL, horizon_days=90, as_of_day=date(2026, 9, 1))
    return text


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (0.0, 0.30),  # never under 0.30
        (0.1, 0.30),  # 1.5 · 0.1 = 0.15
        (0.3, 0.45),  # 1.5 · 0.3
        (0.6, 0.80),  # 1.5 · 0.6 = 0.90, but half way to certain is (1 + 0.6) / 2
        (1.0, 1.00),
    ],
)
def test_the_bar_rises_with_the_usual_rate_and_stays_under_certainty(rate: float, expected: float) -> None:
    assert bar(rate, Policy()) == pytest.approx(expected)


def test_a_customer_within_its_rhythm_and_unlikely_to_leave_is_not_at_risk() -> None:
    assert not verdict().flags[0]
    assert because_text() is None


@pytest.mark.parametrize(("silent", "overdue"), [(30, False), (31, True)])
def test_silence_longer_than_the_due_gap_is_overdue(silent: float, overdue: bool) -> None:
    assert verdict(silent_days=silent).overdue[0] == overdue


def test_where_a_bare_rule_gives_no_probability_only_overdue_counts() -> None:
    none = {"churn_probability": UNKNOWN, "decline_probability": UNKNOWN}
    assert not verdict(**none).flags[0]
    assert verdict(**none, silent_days=31.0).flags[0]


@pytest.mark.parametrize(("chance", "at_risk"), [(0.74, False), (0.75, True)])
def test_a_chance_at_the_bar_counts_when_the_next_order_is_due_within_the_horizon(chance: float, at_risk: bool) -> None:
    assert verdict(churn_probability=chance).before_due[0] == at_risk


@pytest.mark.parametrize(("due_gap", "at_risk"), [(110.0, False), (109.0, True)])
def test_someone_who_is_simply_not_due_yet_is_not_at_risk(due_gap: float, at_risk: bool) -> None:
    # silent 20: due in 110 - 20 = 90 days is not before t + 90; 109 - 20 = 89 is
    assert verdict(due_gap_days=due_gap, churn_probability=0.9).flags[0] == at_risk


@pytest.mark.parametrize(("orders", "at_risk"), [(2.9, False), (3.0, True)])
def test_decline_counts_from_three_expected_orders(orders: float, at_risk: bool) -> None:
    assert verdict(decline_probability=0.5, orders_expected=orders).declining[0] == at_risk


@pytest.mark.parametrize(("key", "silent", "at_risk"), [(True, 365, True), (True, 366, False), (False, 120, False)])
def test_a_lapsed_customer_is_at_risk_only_if_key_and_for_a_year(key: bool, silent: float, at_risk: bool) -> None:
    drawn = verdict(population="lapsed", silent_days=silent, is_key_account=key, churn_probability=0.99)
    assert drawn.flags[0] == at_risk


def test_days_on_which_we_were_closed_are_said_and_make_nobody_overdue() -> None:
    drawn = {"silent_days": 41.0, "due_gap_days": 30.0}
    assert verdict(**drawn, shut_days=10.0).overdue[0]  # 41 - 10 = 31
    assert not verdict(**drawn, shut_days=11.0).flags[0]  # 41 - 11 = 30
    assert because_text(**drawn, shut_days=10.0) == (
        "overdue: an order was due after 30 days, silent for 41 (10 of them not counted: closed, or no data)"
    )


def test_who_never_ordered_is_not_at_risk() -> None:
    never = {"silent_days": UNKNOWN, "churn_probability": UNKNOWN, "decline_probability": UNKNOWN}
    assert not verdict(population="never", **never).flags[0]


def test_the_words_say_every_clause_that_holds() -> None:
    assert because_text(silent_days=41.0, due_gap_days=30.4, churn_probability=0.82) == (
        "overdue: an order was due after 30 days, silent for 41; 82 % chance of no order in 90 days (50 % is usual)"
    )
    assert because_text(churn_probability=0.82) == (
        "next order due by 11 Sep 2026; 82 % chance of no order in 90 days (50 % is usual)"
    )
    assert because_text(decline_probability=0.5) == "50 % chance to stop or buy under half in 90 days (30 % is usual)"
    assert because_text(population="lapsed", is_key_account=True, silent_days=120.0) == (
        "lapsed key account: no order for 120 days"
    )
