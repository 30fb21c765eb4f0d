"""Rungs, account groups, shares and key accounts, each on a world small enough to add up by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import take_snapshot
from features.standing.accounts import group_of
from features.standing.standing import Standing, take_standing
from tests.text_tables import POLICY, at, ledger


def _standing(world: Ledger, as_of: str, policy: Policy = POLICY) -> Standing:
    return take_standing(world, take_snapshot(world, [at(as_of)], policy), policy, active_days=90)


def _rows(standing: Standing) -> dict[str, dict[str, Any]]:
    return {row["customer_id"]: row for row in standing.table.to_pylist()}


def _orders(customer: str, days: list[str], amount: int = 10, discount: str = "") -> str:
    return "\n".join(f"{customer} | {day} | {amount} | {discount}" for day in days)


HEAD = "customer_id | ordered_at | amount | discount\n"
MONTHLY = [f"2025-{month:02d}-15" for month in range(1, 13)] + ["2026-01-15"]


def test_the_ladder_goes_from_prospect_over_first_purchase_to_regular() -> None:
    world = ledger(
        HEAD + "\n".join([_orders("one", MONTHLY[:1]), _orders("two", MONTHLY[:2]), _orders("three", MONTHLY[:3])]),
        "customer_id | name\nzero | Nobody yet",
    )
    rungs = {
        customer: (row["rung"], row["is_newcomer"]) for customer, row in _rows(_standing(world, "2025-04-01")).items()
    }
    assert rungs == {
        "zero": ("prospect", False),
        "one": ("first purchase", True),
        "two": ("first purchase", True),
        "three": ("regular", False),
    }


@pytest.mark.parametrize(
    ("discount", "days", "rung"),
    [
        ("0", MONTHLY, "advocate"),  # a year and more, never late, pays our price
        ("1", MONTHLY, "regular"),  # with a discount
        ("", MONTHLY, "regular"),  # no evidence either way
        ("0", MONTHLY[:5] + MONTHLY[8:], "regular"),  # was late within the year
        ("0", MONTHLY[5:], "regular"),  # under a year with us
    ],
)
def test_an_advocate_needs_a_year_a_kept_rhythm_and_evidence_that_it_pays_our_price(
    discount: str, days: list[str], rung: str
) -> None:
    world = ledger(HEAD + _orders("first", ["2025-01-01"]) + "\n" + _orders("a", days, discount=discount))
    assert _rows(_standing(world, "2026-01-31"))["a"]["rung"] == rung


def test_branches_count_as_one_account_group_and_make_it_key_together() -> None:
    filler = "\n".join(_orders(f"small{place}", ["2026-01-10"], amount=9) for place in range(10))
    world = ledger(
        HEAD + "\n".join([_orders("north", ["2026-01-10"], 6), _orders("south", ["2026-01-11"], 5), filler]),
        "customer_id | parent_id\nnorth | chain\nsouth | chain",
    )
    standing = _standing(world, "2026-02-01")
    rows = _rows(standing)
    assert rows["north"]["group_id"] == rows["south"]["group_id"] == "chain"
    assert rows["north"]["company_share"] == pytest.approx((6 + 5) / (6 + 5 + 90))
    assert rows["south"]["is_key_account"] and rows["south"]["key_reasons"] == ["11 % of our sales"]
    assert not rows["small0"]["is_key_account"]
    assert (standing.largest_group_id, standing.largest_share) == ("chain", pytest.approx(11 / 101))


def test_a_key_account_stays_key_until_it_falls_under_the_lower_share() -> None:
    others = "\n".join(_orders(f"o{place:02d}", ["2025-01-05", "2025-12-05"], amount=9) for place in range(10))
    world = ledger(HEAD + _orders("big", ["2025-01-06"], 12) + "\n" + _orders("big", ["2025-12-06"], 9) + "\n" + others)
    # 2025-02-01: 12 / 102 enters. 2026-01-07, January has left: 9 / 99 stays, though 9 / 99 would not enter.
    rows = _rows(_standing(world, "2026-01-07"))
    assert rows["big"]["key_reasons"] == ["9.1 % of our sales, stays key until under 8 %"]
    assert not rows["o00"]["is_key_account"]


def test_nobody_above_ten_percent_leaves_no_key_account_and_names_the_largest_share() -> None:
    world = ledger(HEAD + "\n".join(_orders(f"c{place:02d}", ["2026-01-10"], 10) for place in range(20)))
    standing = _standing(world, "2026-02-01")
    assert not any(row["is_key_account"] for row in _rows(standing).values())
    assert standing.largest_share == pytest.approx(10 / 200)


@pytest.mark.parametrize("cents", [51, 71, 102, 142, 175])
def test_ten_percent_to_the_cent_is_not_above_ten_percent(cents: int) -> None:
    exact, rest = Decimal(cents) / 10_000, Decimal(cents) / 10_000 * 9  # as doubles their share is 0.10000000000000002
    world = ledger(f"customer_id | ordered_at | amount\ntenth | 2026-01-10 | {exact}\nother | 2026-01-10 | {rest}")
    rows = _rows(_standing(world, "2026-02-01"))
    assert not rows["tenth"]["is_key_account"]
    assert _rows(_standing(world, "2026-02-01", Policy(key_enter_share=0.0999)))["tenth"]["is_key_account"]


def test_a_large_share_of_a_department_makes_key_and_says_of_which() -> None:
    head = "customer_id | ordered_at | amount | department\n"
    lines = [f"c{place:02d} | 2026-01-10 | 10 | tools" for place in range(20)] + ["g | 2026-01-10 | 9 | garden"]
    rows = _rows(_standing(ledger(head + "\n".join(lines)), "2026-02-01"))
    assert rows["g"]["key_reasons"] == ["100 % of sales of department garden"]
    assert rows["g"]["company_share"] == pytest.approx(9 / 209)


def test_a_share_of_one_manager_counts_for_that_manager_alone_and_only_from_twenty_active_customers() -> None:
    head = "customer_id | ordered_at | amount | manager_id\n"
    many = [f"m{place:02d} | 2026-01-10 | 1 | maria" for place in range(20)] + ["top | 2026-01-10 | 6 | maria"]
    few = [f"f{place:02d} | 2026-01-10 | 40 | frank" for place in range(15)]
    rows = _rows(_standing(ledger(head + "\n".join(many + few)), "2026-02-01"))
    assert rows["top"]["is_key_for_manager"] and not rows["top"]["is_key_account"]
    assert rows["top"]["key_reasons"] == ["23 % of its manager's sales"]  # 6 / 26
    assert not rows["f00"]["is_key_for_manager"]


def test_the_largest_by_decision_are_key_whatever_their_share() -> None:
    world = ledger(HEAD + "\n".join(_orders(f"c{place:02d}", ["2026-01-10"], 10 + place) for place in range(20)))
    rows = _rows(_standing(world, "2026-02-01", Policy(strategic_top_n=1)))
    assert [customer for customer, row in rows.items() if row["is_key_account"]] == ["c19"]


def test_who_only_returned_is_none_of_the_largest_and_of_equals_the_first_by_name_is() -> None:
    lines = [*(_orders(name, ["2026-01-10"], 50) for name in ("b", "a")), _orders("returned", ["2026-01-10"], -5)]
    standing = _standing(ledger(HEAD + "\n".join(lines)), "2026-02-01", Policy(strategic_top_n=3))
    rows = _rows(standing)
    assert not rows["returned"]["is_key_account"]
    assert standing.largest_group_id == "a"


def test_a_day_on_which_no_order_was_known_yet_has_a_standing_of_nobody() -> None:
    late = "a | 2026-01-01 | 5 | 2026-03-01\na | 2026-05-01 | 5 | 2026-05-01"
    world = ledger(f"customer_id | ordered_at | amount | known_at\n{late}")
    nobody, somebody = _standing(world, "2026-02-01"), _standing(world, "2026-04-01")
    assert (len(nobody.table), nobody.largest_group_id) == (0, None)
    assert nobody.table.schema == somebody.table.schema


def test_a_corrected_line_counts_for_shares_as_it_was_known() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | order_id | line_id | known_at
        a           | 2026-01-10 | 900    | o1       | 1       | 2026-01-10
        a           | 2026-01-10 | 5      | o1       | 1       | 2026-02-10
        b           | 2026-01-10 | 95     | o2       | 1       | 2026-01-10
        """
    )
    before, after = (_rows(_standing(world, as_of))["a"] for as_of in ("2026-02-10", "2026-02-11"))
    assert (before["company_share"], before["is_key_account"]) == (pytest.approx(900 / 995), True)
    assert (after["company_share"], after["is_key_account"]) == (pytest.approx(5 / 100), False)


def test_a_customers_own_department_and_manager_go_before_those_of_its_newest_line_that_names_one() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | department | manager_id
        own         | 2026-01-10 | 1      | garden     | frank
        lines       | 2026-01-10 | 1      | tools      | frank
        lines       | 2026-01-11 | 1      | garden     |
        lines       | 2026-01-12 | 1      |            |
        """,
        "customer_id | department | manager_id\nown | tools | maria",
    )
    rows = _rows(_standing(world, "2026-02-01"))
    units = {customer: (row["department"], row["manager_id"]) for customer, row in rows.items()}
    assert units == {"own": ("tools", "maria"), "lines": ("garden", "frank")}


def test_a_change_of_parent_known_later_does_not_count_before() -> None:
    world = ledger(
        HEAD + _orders("a", ["2026-01-10"]) + "\n" + _orders("b", ["2026-01-10"]),
        "customer_id | parent_id | known_at\na | chain | 2026-03-01\nb | | 2026-01-01",
    )
    assert _rows(_standing(world, "2026-02-01"))["a"]["group_id"] == "a"
    assert _rows(_standing(world, "2026-03-02"))["a"]["group_id"] == "chain"


def test_a_sold_branch_counts_for_its_old_group_until_then() -> None:
    branches = "b1 | 2025-02-10 | 60\nb2 | 2025-02-10 | 60\nrest | 2025-02-10 | 900"
    customers = """
        customer_id | parent_id | known_at
        b1          | chain     | 2025-01-01
        b2          | chain     | 2025-01-01
        b2          | other     | 2025-06-15
        """
    world = ledger(f"customer_id | ordered_at | amount\n{branches}", customers)
    before, after = (_rows(_standing(world, as_of)) for as_of in ("2025-06-01", "2025-07-01"))
    assert before["b1"]["key_reasons"] == before["b2"]["key_reasons"] == ["12 % of our sales"]  # 120 / 1,020
    assert (after["b2"]["group_id"], after["b2"]["company_share"]) == ("other", pytest.approx(60 / 1020))
    assert not after["b1"]["is_key_account"] and not after["b2"]["is_key_account"]  # 5.9 % each


def test_a_key_group_that_gets_a_new_parent_stays_key_under_the_same_rule() -> None:
    lines = "a | 2025-02-10 | 110\nrest | 2025-02-10 | 890\nrest | 2025-04-10 | 222"
    customers = "customer_id | parent_id | known_at\na | | 2025-01-01\na | holding | 2025-06-15"
    world = ledger(f"customer_id | ordered_at | amount\n{lines}", customers)
    row = _rows(_standing(world, "2025-07-01"))["a"]
    assert row["group_id"] == "holding"
    assert row["key_reasons"] == ["9 % of our sales, stays key until under 8 %"]  # 110 / 1,222, entered as a with 11 %


def test_a_mark_in_the_crm_makes_the_whole_group_key_and_says_why() -> None:
    world = ledger(
        HEAD + "\n".join(_orders(name, ["2026-01-10"], 1 if name in "ab" else 1000) for name in ["a", "b", "large"]),
        "customer_id | parent_id | key_mark\na | chain |\nb | chain | reputation; innovator",
    )
    rows = _rows(_standing(world, "2026-02-01"))
    reasons = ["first to take new products, according to our CRM", "its name opens doors, according to our CRM"]
    assert rows["a"]["key_reasons"] == rows["b"]["key_reasons"] == reasons


def test_parents_in_a_circle_are_one_group() -> None:
    parents = {"a": "b", "b": "c", "c": "b"}
    assert {group_of(customer, parents) for customer in "abc"} == {"b"}
