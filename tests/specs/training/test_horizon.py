"""The horizon proposal: read off the gaps, rounded to business-like days, at most a quarter of the history."""

from __future__ import annotations

import pytest

from features.ledger.errors import AsOfBeforeLedgerError
from tests.text_tables import POLICY, at, ledger
from training.dataset.horizon import business_days, gap_curve, propose

# a returns after 10 and 20 days and is silent for 30; b returned after 10 and is silent for 50
ORDERS = """
    customer_id | ordered_at | amount
    a           | 2026-01-01 | 1
    a           | 2026-01-11 | 1
    a           | 2026-01-31 | 1
    b           | 2026-01-01 | 1
    b           | 2026-01-11 | 1
    """
WORLD = ledger(ORDERS)


def test_the_gap_curve_counts_open_gaps_until_they_end() -> None:
    curve = gap_curve(WORLD, POLICY, at("2026-03-02"))
    assert (curve.gaps, curve.open_gaps) == (3, 2)
    assert curve.days.tolist() == [10, 20]
    # after 10 days 2 of 5 have returned; after 20 one of the 3 still watched: 1 - 3/5 · 2/3
    assert curve.returned_share.tolist() == pytest.approx([2 / 5, 1 - 3 / 5 * 2 / 3])


def test_days_until_a_share_is_of_those_that_ever_return() -> None:
    curve = gap_curve(WORLD, POLICY, at("2026-03-02"))
    assert curve.days_until(0.6) == 10  # 2/5 is two thirds of the 3/5 that return
    assert curve.days_until(0.8) == 20


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("closed   | 2026-01-20 | 2026-01-25 |", [10, 20 - 5]),  # within a's second gap and b's open one
        ("closed   | 2026-01-11 | 2026-02-01 |", [10, 20 - 19]),  # who orders on a day we say we were closed did order
        ("closed   | 2026-02-10 | 2026-03-30 |", [10, 20]),  # open gaps end sooner: after 10 and after 30 days
        ("data_missing | 2026-01-02 | 2026-01-09 |", [10 - 7, 20]),
        ("closed   | 2026-01-20 | 2026-01-25 | a", [10, 20]),  # of one customer: no closure of ours
    ],
)
def test_days_on_which_nobody_could_order_are_in_no_gap(event: str, days: list[int]) -> None:
    world = ledger(ORDERS, events=f"event | happened_at | until_on | customer_id\n{event}")
    curve = gap_curve(world, POLICY, at("2026-03-02"))
    assert (curve.gaps, curve.open_gaps) == (3, 2)
    assert curve.days.tolist() == sorted(days)


def test_an_open_gap_is_watched_only_on_open_days() -> None:
    closed = "event | happened_at | until_on\n closed | 2026-01-16 | 2026-03-02"
    curve = gap_curve(ledger(ORDERS, events=closed), POLICY, at("2026-03-02"))
    # the last gaps were watched for 30 - 29 = 1 and 50 - 45 = 5 days, and a's second is 20 - 15 = 5:
    # after 5 days one of 4 still watched has returned, after 10 both of the last 2
    assert curve.days.tolist() == [5, 10]
    assert curve.returned_share.tolist() == pytest.approx([1 / 4, 1])


ROUNDED = [(61, 365, 90), (90, 365, 90), (91, 100, 90), (3, 400, 7), (50, 5, 7)]


@pytest.mark.parametrize(("days", "most", "expected"), ROUNDED)
def test_a_horizon_is_business_like_and_within_what_the_history_allows(days: int, most: int, expected: int) -> None:
    assert business_days(days, most) == expected


def test_the_proposal_says_why_and_names_the_quarter_of_the_history() -> None:
    proposal = propose(WORLD, POLICY, at("2026-03-02"))
    assert (proposal.horizon_days, proposal.active_days, proposal.history_days) == (14, 14, 60)
    assert proposal.sentence.endswith("neither may exceed a quarter of the history (15 days).")


def test_where_nobody_came_back_the_proposal_says_so() -> None:
    alone = ledger("customer_id | ordered_at | amount\n a | 2026-01-01 | 1")
    assert propose(alone, POLICY, at("2026-06-01")).sentence.startswith("Nobody has come back yet")


def test_before_the_ledger_begins_nothing_can_be_proposed() -> None:
    with pytest.raises(AsOfBeforeLedgerError):
        propose(WORLD, POLICY, at("2026-01-01"))
