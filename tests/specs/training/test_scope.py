"""The scope of a training: T never beyond the ledger, and nothing that became known on or after T."""

from __future__ import annotations

import pytest

from features.ledger.errors import AsOfBeforeLedgerError
from features.policy import Policy
from tests.text_tables import POLICY, at, ledger
from training.dataset.scope import (
    FutureLedgerError,
    HorizonBeyondLedgerError,
    WindowError,
    refuse_days_to_come,
    scope_of,
)

HEAD = "customer_id | ordered_at | amount | known_at\n"
KNOWN = """\
a | 2026-01-01 | 1 | 2026-01-01
a | 2026-01-11 | 1 | 2026-01-11
a | 2026-01-31 | 1 | 2026-01-31
b | 2026-01-01 | 1 | 2026-01-01
b | 2026-01-11 | 1 | 2026-01-11
"""
LATER = """\
c | 1999-12-31 | 1 | 2026-06-01
d | 2026-02-01 | 1 | 2026-06-02
e | 2026-06-03 | 1 | 2026-06-03
"""


def test_what_is_known_only_later_changes_neither_history_nor_proposal() -> None:
    with_later, alone = (
        scope_of(ledger(HEAD + KNOWN + later), POLICY, until=at("2026-05-01"), horizon_days=None, active_days=None)
        for later in (LATER, "e | 2026-06-03 | 1 | 2026-06-03")
    )
    assert with_later.starts_on == alone.starts_on == at("2026-01-01").day
    assert with_later.proposal.record() == alone.proposal.record()
    assert with_later.proposal.history_days == 120


def test_training_as_of_a_date_before_anything_was_known_is_refused() -> None:
    with pytest.raises(AsOfBeforeLedgerError):
        scope_of(ledger(HEAD + LATER), POLICY, until=at("2026-05-01"), horizon_days=7, active_days=7)


def test_a_date_beyond_the_ledger_becomes_the_day_after_its_last() -> None:
    scope = scope_of(ledger(HEAD + KNOWN), POLICY, until=at("2027-01-01"), horizon_days=7, active_days=9)
    assert (scope.until, scope.horizon_days, scope.active_days) == (at("2026-02-01"), 7, 9)
    assert "The ledger ends on 2026-01-31" in scope.remarks[0]


def test_a_row_of_today_is_not_of_the_future_where_the_business_day_is_ahead_of_utc() -> None:
    policy = Policy(time_zone="Pacific/Auckland")
    world = ledger("customer_id | ordered_at | amount\na | 2026-02-02T08:00 | 1", policy=policy)
    refuse_days_to_come(world, at("2026-02-01T20:00+00:00", policy))  # 2026-02-02T09:00 in Auckland
    with pytest.raises(FutureLedgerError, match="2026-02-02"):
        refuse_days_to_come(world, at("2026-02-01T10:59+00:00", policy))  # a minute before midnight there


def test_requested_days_go_before_those_of_the_policy_and_these_before_the_gaps() -> None:
    policy = Policy(horizon_days=10, active_days=12)
    scope = scope_of(ledger(HEAD + KNOWN), policy, until=None, horizon_days=7, active_days=None)
    assert (scope.horizon_days, scope.active_days) == (7, 12)


def test_an_impossible_horizon_is_refused_with_the_longest_possible_one() -> None:
    with pytest.raises(HorizonBeyondLedgerError, match="at most 15 days"):  # half of 31
        scope_of(ledger(HEAD + KNOWN), POLICY, until=None, horizon_days=32, active_days=None)
    with pytest.raises(WindowError):
        scope_of(ledger(HEAD + KNOWN), POLICY, until=None, horizon_days=0, active_days=None)
