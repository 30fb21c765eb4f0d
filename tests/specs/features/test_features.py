"""Every feature of order lines on one drawn customer, with the sum that gives it."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest

from features.catalog import CATALOG
from features.catalog.interactions import INTERACTIONS
from features.catalog.obligations import OBLIGATIONS
from features.catalog.trends import BOOKED
from features.snapshot import company_values, take_snapshot
from tests.text_tables import POLICY, at, day, ledger, rows_of, seen

# As of 2026-07-01. Customer a: seven order days and a return. The others only give the company a rhythm.
WORLD = ledger(
    """
    customer_id | ordered_at          | amount  | product_id | category | cost | discount
    a           | 2024-06-20T10:00:00 | 100     | p1         | tools    | 60   | 0
    a           | 2025-07-11T09:00:00 | 200     | p1         | tools    | 120  | 20
    a           | 2025-08-10T09:00:00 | 300     | p2         | tools    | 200  | 0
    a           | 2026-03-08T09:00:00 | 150     | p3         | paint    | 90   | 15
    a           | 2026-04-07T09:00:00 | 250     | p1         | tools    | 140  | 0
    a           | 2026-04-09T09:00:00 | -50     | p1         | tools    | -30  |
    a           | 2026-06-06T09:00:00 | 40      | p4         | paint    | 20   | 4
    a           | 2026-06-06T16:00:00 | 60      | p4         | paint    | 30   | 6
    a           | 2026-06-16T09:00:00 | 80      | p1         | tools    | 50   | 0
    b           | 2026-01-01T00:00:00 | 10      |            |          |      |
    b           | 2026-01-21T00:00:00 | 10      |            |          |      |
    b           | 2026-02-10T00:00:00 | 10      |            |          |      |
    b           | 2026-03-02T00:00:00 | 10      |            |          |      |
    c           | 2026-06-30T23:59:00 | 10      |            |          |      |
    """,
    "customer_id | name\n z | Nobody yet",
)
GAPS = [386, 30, 210, 30, 60, 10]  # days between a's order days
SORTED = [10, 30, 30, 60, 210, 386]
OWN = 210 + 0.5 * (386 - 210)  # 90th percentile: place 0.9 * 5 = 4.5
COMPANY = (OWN + 20) / 2  # median of a's and b's (20: every gap); c has no gaps
DUE = (6 * OWN + 5 * COMPANY) / 11
MEAN = sum(GAPS) / 6
EXPECTED = {
    "last_order_on": day("2026-06-16"),
    "first_order_on": day("2024-06-20"),
    "days_since_last_order": 15,
    "days_since_first_order": 741,
    "order_days_30_days": 2,
    "order_days_90_days": 3,
    "order_days_180_days": 4,
    "order_days_365_days": 6,
    "order_days_730_days": 6,
    "order_days_lifetime": 7,
    "net_sales_30_days": 40 + 60 + 80,
    "net_sales_90_days": 250 - 50 + 40 + 60 + 80,
    "net_sales_180_days": 150 + 250 - 50 + 40 + 60 + 80,
    "net_sales_365_days": 200 + 300 + 150 + 250 - 50 + 40 + 60 + 80,
    "net_sales_730_days": 200 + 300 + 150 + 250 - 50 + 40 + 60 + 80,
    "net_sales_lifetime": 100 + 200 + 300 + 150 + 250 - 50 + 40 + 60 + 80,
    "gross_sales_365_days": 200 + 300 + 150 + 250 + 40 + 60 + 80,
    "gap_count": 6,
    "gap_mean_days": MEAN,
    "gap_median_days": (30 + 60) / 2,
    "gap_deviation_days": sqrt(sum((gap - MEAN) ** 2 for gap in GAPS) / 5),
    "gap_longest_days": 386,
    "gap_longest_365_days": 386,
    "gap_last_days": 10,
    "own_due_gap_days": OWN,
    "company_due_gap_days": COMPANY,
    "due_gap_days": DUE,
    "silence_to_due_gap": 15 / DUE,
    "silence_to_gap_mean": 15 / MEAN,
    "gap_last_to_mean": 10 / MEAN,
    "order_days_90_to_365_share": 3 / 6,
    "net_sales_90_to_365_share": 380 / 1030,
    "net_sales_365_to_before_ratio": None,  # nothing in the 365 days before
    "order_size_mean_365_days": 1080 / 6,
    "order_size_mean_lifetime": 1180 / 7,
    "order_size_last": 80,
    "order_size_change_ratio": 80 / (1180 / 7),
    "products_90_days": 2,  # p1, p4
    "products_365_days": 4,
    "products_lifetime": 4,
    "categories_365_days": 2,
    "returns_share_365_days": 50 / 1080,
    "returns_share_lifetime": 50 / 1180,
    "order_days_same_quarter_last_year": 2,  # 2025-07-01 up to 2025-09-29
    "net_sales_same_quarter_last_year": 200 + 300,
    "buying_months_365_days": 5,  # July, August, March, April, June
    "discount_share_365_days": (20 + 0 + 15 + 0 + 4 + 6 + 0) / (1080 + 45),
    "cost_cover_share_365_days": 1.0,
    "shut_days_since_last_order": 0,
    "order_days_same_weeks_last_year": 1,  # 2025-06-17 up to 2025-07-14
    "net_sales_same_weeks_last_year": 200,
    "gap_last_year_days": 386,  # 2024-06-20 to 2025-07-11 spans 2025-07-01
    "silence_to_gap_last_year": 15 / 386,
    "categories_dropped_90_days": 2 - 2,
    "products_dropped_90_days": 4 - 2,
    "spend_to_reference_90_days": 380 / (1030 / 365 * 90),
    "days_to_next_order": DUE - 15,
    "days_first_to_last_order": 741 - 15,
    "repeat_order_size_mean": (1180 - 100) / 6,
    "margin_share_365_days": (1030 - (120 + 200 + 90 + 140 - 30 + 20 + 30 + 50)) / 1030,
}


FROM_ORDER_LINES = [feature.name for feature in CATALOG if feature.name in EXPECTED]
FROM_OTHERS = {feature.name for feature in (*BOOKED, *INTERACTIONS, *OBLIGATIONS)}


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Any]]:
    return rows_of(take_snapshot(WORLD, [at("2026-07-01")], POLICY))


@pytest.mark.parametrize("name", FROM_ORDER_LINES)
def test_a_feature_has_the_value_its_meaning_says(name: str, rows: dict[str, dict[str, Any]]) -> None:
    value, expected = rows["a"][name], EXPECTED[name]
    assert value == (pytest.approx(expected, rel=1e-12) if isinstance(expected, float) else expected)


def test_what_the_ledger_has_no_rows_of_is_unknown_and_not_zero(rows: dict[str, dict[str, Any]]) -> None:
    assert {feature.name for feature in CATALOG} == set(EXPECTED) | FROM_OTHERS
    assert {rows[customer][name] for customer in rows for name in FROM_OTHERS} == {None}


def test_a_customer_who_never_ordered_has_no_counts_and_nothing_else_is_known() -> None:
    nobody = seen(WORLD, "2026-07-01", "z")
    known = {
        name: value for name, value in nobody.items() if value is not None and name not in ("customer_id", "as_of")
    }
    assert known.pop("company_due_gap_days") == pytest.approx(COMPANY)
    assert known.pop("due_gap_days") == pytest.approx(COMPANY)
    assert set(known.values()) == {0}


def test_products_are_unknown_where_the_ledger_names_none() -> None:
    assert seen(WORLD, "2026-07-01", "b")["products_365_days"] is None


def test_products_are_zero_where_there_was_no_sale_in_the_window() -> None:
    assert seen(WORLD, "2026-07-01", "b")["products_90_days"] == 0


def test_under_three_gaps_the_company_rhythm_stands_in() -> None:
    assert seen(WORLD, "2026-07-01", "c")["due_gap_days"] == pytest.approx(COMPANY)


def test_margin_is_unknown_while_costs_cover_less_than_the_policy_asks() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | cost
        a           | 2026-01-01 | 79     | 40
        a           | 2026-01-02 | 21     |
        """
    )
    row = seen(world, "2026-02-01", "a")
    assert (row["cost_cover_share_365_days"], row["margin_share_365_days"]) == (0.79, None)


def test_orders_on_or_after_the_as_of_are_not_seen_and_one_microsecond_before_is() -> None:
    world = ledger(
        """
        customer_id | ordered_at                 | amount
        a           | 2026-01-01T12:00:00        | 1
        a           | 2026-01-31T23:59:59.999999 | 2
        a           | 2026-02-01T00:00:00        | 4
        a           | 2026-02-01T08:00:00        | 8
        """
    )
    assert seen(world, "2026-02-01", "a")["net_sales_lifetime"] == 1 + 2
    assert seen(world, "2026-02-01T08:00:00", "a")["net_sales_lifetime"] == 1 + 2 + 4


def test_a_row_known_late_is_seen_only_after_it_was_known() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | known_at
        a           | 2026-01-01 | 1      | 2026-01-01
        a           | 2026-01-10 | 2      | 2026-02-10
        """
    )
    assert seen(world, "2026-02-10", "a")["net_sales_lifetime"] == 1
    assert seen(world, "2026-02-11", "a")["net_sales_lifetime"] == 1 + 2


def test_a_correction_replaces_its_line_from_when_it_was_known() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | order_id | line_id | known_at
        a           | 2026-01-01 | 100    | o1       | 1       | 2026-01-01
        a           | 2026-01-01 | 60     | o1       | 1       | 2026-02-10
        """
    )
    assert seen(world, "2026-02-10", "a")["net_sales_lifetime"] == 100
    assert seen(world, "2026-02-11", "a")["net_sales_lifetime"] == 60


def test_an_order_known_before_it_happens_is_no_past_order() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | known_at
        a           | 2026-01-01 | 1      | 2026-01-01
        a           | 2026-03-01 | 2      | 2026-01-02
        """
    )
    assert seen(world, "2026-02-01", "a")["net_sales_lifetime"] == 1


def test_a_return_nets_money_but_is_no_order_day() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount
        a           | 2026-01-01 | 100
        a           | 2026-01-20 | -100
        """
    )
    row = seen(world, "2026-02-01", "a")
    assert (row["net_sales_lifetime"], row["order_days_lifetime"], row["days_since_last_order"]) == (100 - 100, 1, 31)


def test_the_company_rhythm_is_the_one_of_midnight_all_day_long() -> None:
    world = ledger(
        """
        customer_id | ordered_at          | amount
        a           | 2026-01-01          | 1
        a           | 2026-01-11          | 1
        a           | 2026-01-21          | 1
        a           | 2026-01-31          | 1
        b           | 2026-01-01          | 1
        b           | 2026-01-05          | 1
        b           | 2026-01-09          | 1
        b           | 2026-02-01T08:00:00 | 1
        """
    )
    assert seen(world, "2026-02-01T18:00", "a")["company_due_gap_days"] == 10  # b's third gap came after midnight
    assert seen(world, "2026-02-02", "a")["company_due_gap_days"] == pytest.approx((10 + (4 + 0.8 * (23 - 4))) / 2)


def test_the_first_booking_of_all_counts_though_the_company_was_asked_before_it() -> None:
    """Booked on March 2nd for the 12th: as seen on the 5th it is 7 days away."""
    before = "customer_id | ordered_at | amount | known_at\na | 2026-01-01 | 1 | 2026-01-01"
    booked = ledger(f"{before}\na | 2026-03-12 | 1 | 2026-03-02")
    company = company_values(ledger(before), [at("2026-03-05")], POLICY)
    for values in (company, None):
        snapshot = take_snapshot(booked, [at("2026-03-05")], POLICY, customers=["a"], company=values)
        assert rows_of(snapshot)["a"]["days_to_booked_order"] == 7


def test_a_customer_known_later_is_nobody_yet() -> None:
    world = ledger(
        "customer_id | ordered_at | amount\na | 2026-01-01 | 1",
        "customer_id | name | known_at\nlate | Later | 2026-02-10\nearly | Early | 2026-01-10",
    )
    assert take_snapshot(world, [at("2026-02-10")], POLICY).customer_ids == ["a", "early"]
    assert take_snapshot(world, [at("2026-02-11")], POLICY).customer_ids == ["a", "early", "late"]


def test_many_instants_at_once_equal_each_alone() -> None:
    instants = [at("2026-03-15"), at("2026-04-08T12:00"), at("2026-07-01")]
    together = take_snapshot(WORLD, instants, POLICY)
    for instant in instants:
        assert rows_of(together.at(instant)) == rows_of(take_snapshot(WORLD, [instant], POLICY))
