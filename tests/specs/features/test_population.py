"""Active, lapsed, never ordered and overdue, to the day."""

from __future__ import annotations

import pytest

from features.snapshot import Snapshot, take_snapshot
from features.standing.population import due_gap_days, overdue_days, population_of
from tests.text_tables import POLICY, at, ledger

# a comes every 20 days, up to 2026-03-02; so does the company, and every due gap is 20 days
RHYTHM = ledger(
    """
    customer_id | ordered_at | amount
    a           | 2026-01-01 | 1
    a           | 2026-01-21 | 1
    a           | 2026-02-10 | 1
    a           | 2026-03-02 | 1
    returned    | 2026-03-02 | -1
    """,
    "customer_id | name\n z | Nobody yet",
)
ONCE = ledger("customer_id | ordered_at | amount\n a | 2026-03-02 | 1")


def populations(snapshot: Snapshot, active_days: int) -> dict[str, str]:
    return dict(zip(snapshot.customer_ids, population_of(snapshot, active_days).tolist(), strict=True))


@pytest.mark.parametrize(
    ("as_of", "active_days", "expected"),
    [
        ("2026-03-22", 10, "active"),  # silent 20 of a due gap of 20
        ("2026-03-23", 10, "lapsed"),  # 21: beyond both
        ("2026-04-01", 30, "active"),  # 30: overdue, but within W
        ("2026-04-02", 30, "lapsed"),
    ],
)
def test_active_is_whose_last_order_lies_within_the_longer_of_w_and_due_gap(
    as_of: str, active_days: int, expected: str
) -> None:
    assert populations(take_snapshot(RHYTHM, [at(as_of)], POLICY), active_days)["a"] == expected


def test_who_only_returned_or_is_only_known_never_came() -> None:
    population = populations(take_snapshot(RHYTHM, [at("2026-03-22")], POLICY), 30)
    assert (population["returned"], population["z"]) == ("never", "never")


def test_overdue_counts_from_the_due_gap_and_from_w_where_nobody_has_a_rhythm() -> None:
    with_rhythm, without = (take_snapshot(world, [at("2026-03-25")], POLICY) for world in (RHYTHM, ONCE))
    assert overdue_days(with_rhythm, 90)[0] == 23 - 20
    assert due_gap_days(without, 90)[0] == 90
    assert overdue_days(without, 90)[0] == 23 - 90
