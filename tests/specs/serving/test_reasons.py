"""The reasons on a line: which ones, in which words, and how many."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from serving.decisions.facts import CustomerFacts
from serving.decisions.reasons import MOST_REASONS, REASONS, CallReason, ReasonError, reasons_of
from serving.decisions.wording import chance, day, days, figure, money, share

REGULAR = CustomerFacts(
    customer_id="c1",
    currency="GBP",
    population="active",
    is_newcomer=False,
    group_id="c1",
    company_share=0.12,
    key_reasons=["12 % of our sales"],
    days_since_last_order=5,
    days_since_first_order=800,
    due_gap_days=30,
    gap_count=40,
    gap_median_days=18,
    gap_longest_days=60,
    order_days_lifetime=41,
    order_days_90_days=5,
    order_days_365_days=20,
    net_sales_90_days=20_712,  # a quarter of the year's pace
    net_sales_365_days=84_000,
    net_sales_lifetime=180_000,
    net_sales_365_to_before_ratio=1.0,
    net_sales_same_quarter_last_year=21_000,
    order_size_last=4_200,
    order_size_mean_365_days=4_200,
    products_90_days=12,
    products_365_days=12,
    returns_share_365_days=0.02,
    margin_share_365_days=None,
    categories_365_days=None,
    categories_dropped_90_days=None,
    booked_sales=None,
    days_to_booked_order=None,
    days_since_our_last_contact=None,
    complaints_open=None,
    complaint_open_days=None,
    complaints_repeated_365_days=None,
    days_since_buyer_change=None,
    days_since_owner_change=None,
    days_since_new_supplier=None,
    overdue_money=None,
    invoice_overdue_days=None,
    promises_broken=None,
    promise_broken_days=None,
)


def reasons_with(**changes: object) -> tuple[str, ...]:
    return reasons_of(dataclasses.replace(REGULAR, **changes))  # type: ignore[arg-type]


def test_a_calm_regular_is_told_by_its_money_and_its_rhythm() -> None:
    assert reasons_with() == ("84,000 GBP a year, 12 % of our sales", "usually orders every 18 days, last 5 days ago")


def test_what_makes_it_key_beyond_its_share_of_our_sales_is_said() -> None:
    assert "key: 31 % of sales of department north" in reasons_with(
        key_reasons=["12 % of our sales", "31 % of sales of department north"]
    )


def test_silence_beyond_its_rhythm_comes_first() -> None:
    assert reasons_with(days_since_last_order=41)[0] == "usually orders every 18 days, silent for 41 days"


def test_a_silence_longer_than_any_before_is_said() -> None:
    assert "never silent this long before (longest 60 days)" in reasons_with(days_since_last_order=61)


def test_buying_slower_than_the_pace_of_the_year_is_said_for_those_who_order_often() -> None:
    # 12,842 · 365 / (90 · 84,000) = 0.62
    assert "bought 38 % less in the last 90 days than at its yearly pace" in reasons_with(net_sales_90_days=12_842)
    assert not any("pace" in reason for reason in reasons_with(net_sales_90_days=12_842, order_days_365_days=4))


def test_nothing_bought_in_a_quarter_is_said_with_what_it_should_have_been() -> None:
    # 84,000 · 90 / 365 = 20,712
    reasons = reasons_with(net_sales_90_days=0, days_since_last_order=95)
    assert "bought nothing in the last 90 days; at its yearly pace it would be 21,000 GBP" in reasons


def test_returns_products_left_out_and_margin_are_said() -> None:
    reasons = reasons_with(returns_share_365_days=0.14, products_90_days=7)
    assert "returns 14 % of sales" in reasons
    assert "has not bought 5 of 12 products for 90 days" in reasons
    assert "leaves us a margin of only 3 %" in reasons_with(margin_share_365_days=0.03)
    assert "costs us more than it pays" in reasons_with(margin_share_365_days=-0.1)


def test_what_stands_between_us_is_said_before_the_pace() -> None:
    assert reasons_with(complaints_open=1, complaint_open_days=9)[1:] == (
        "a complaint is open for 9 days",
        "usually orders every 18 days, last 5 days ago",
    )
    assert "2 complaints are open, the oldest for 9 days" in reasons_with(complaints_open=2, complaint_open_days=9)
    assert "complained again about the same thing, 2 times in a year" in reasons_with(complaints_repeated_365_days=2)
    assert "waits for 3 order lines, promised up to 12 days ago" in reasons_with(
        promises_broken=3, promise_broken_days=12
    )
    assert "4,000 GBP overdue, the oldest invoice for 1 day" in reasons_with(
        overdue_money=4_000, invoice_overdue_days=1
    )
    assert "its buyer changed today" in reasons_with(days_since_buyer_change=0)
    assert "its owner changed 30 days ago" in reasons_with(days_since_owner_change=30)
    assert "took a new supplier 30 days ago" in reasons_with(days_since_new_supplier=30)
    assert "no contact from us for 90 days" in reasons_with(days_since_our_last_contact=90)
    assert "has booked 4,000 GBP, the next order in 12 days" in reasons_with(
        booked_sales=4_000, days_to_booked_order=12
    )
    reasons = reasons_with(complaints_open=1, complaint_open_days=0, net_sales_90_days=1_000, days_since_last_order=41)
    assert reasons[2:] == (
        "a complaint is open since today",
        "bought 95 % less in the last 90 days than at its yearly pace",
    )


def test_what_is_old_settled_or_unknown_is_not_said() -> None:
    calm = reasons_with()
    assert reasons_with(complaints_open=0, complaints_repeated_365_days=0, promises_broken=0, overdue_money=0) == calm
    assert reasons_with(days_since_buyer_change=183, promises_broken=1, promise_broken_days=366) == calm
    assert reasons_with(days_since_our_last_contact=89, booked_sales=0) == calm


def test_categories_that_dropped_out_are_said_of_who_still_orders_and_stand_for_their_products() -> None:
    dropped = {"categories_365_days": 5, "categories_dropped_90_days": 2, "products_90_days": 7}
    assert reasons_with(**dropped)[-2] == "has not bought from 2 of 5 categories for 90 days"
    assert not any("categories" in reason for reason in reasons_with(**dropped, order_days_90_days=0))


def test_a_season_ahead_is_said() -> None:
    assert "the 90 days ahead brought 32,000 GBP last year" in reasons_with(net_sales_same_quarter_last_year=32_000)


def test_a_newcomer_is_introduced_as_one() -> None:
    newcomer = reasons_with(
        is_newcomer=True,
        order_days_lifetime=1,
        net_sales_lifetime=320,
        net_sales_365_days=320,
        company_share=0.0001,
        days_since_last_order=23,
        days_since_first_order=23,
        gap_count=0,
        gap_median_days=None,
        net_sales_365_to_before_ratio=None,
        net_sales_same_quarter_last_year=0,
    )
    assert newcomer == ("new customer: one order so far for 320 GBP, 23 days ago",)


def test_a_branch_says_that_the_share_is_of_its_group() -> None:
    assert "84,000 GBP a year, its group 12 % of our sales" in reasons_with(group_id="holding")


def test_no_currency_is_shown_where_the_ledger_names_none() -> None:
    assert "84,000 a year, 12 % of our sales" in reasons_with(currency="XXX")


def test_a_line_says_four_things_at_most_and_one_of_each_topic() -> None:
    reasons = reasons_with(
        days_since_last_order=80,
        net_sales_90_days=1_000,
        returns_share_365_days=0.3,
        net_sales_365_to_before_ratio=0.5,
        margin_share_365_days=0.01,
        order_size_last=100,
    )
    assert len(reasons) == MOST_REASONS
    assert reasons[0].startswith("usually orders")


def test_who_never_ordered_has_no_reasons() -> None:
    assert reasons_with(population="never") == ()


def test_the_table_is_in_order_of_priority_with_no_code_twice() -> None:
    assert [reason.priority for reason in REASONS] == sorted(reason.priority for reason in REASONS)
    assert len({reason.code for reason in REASONS}) == len(REASONS)


def test_a_reason_that_speaks_of_no_fact_cannot_be_built() -> None:
    with pytest.raises(ReasonError, match="no fact"):
        CallReason("odd", 1, "odd", lambda _: True, "weighs {f.weight_text}")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "0 GBP"),
        (-0.2, "0 GBP"),
        (84, "84 GBP"),
        (1_234, "1,200 GBP"),
        (84_321, "84,000 GBP"),
        (123_456, "123,000 GBP"),
        (999_600, "1.00 million GBP"),
        (12_345_678, "12.3 million GBP"),
        (-84_321, "-84,000 GBP"),
    ],
)
def test_money_is_rounded_as_a_person_would(amount: float, words: str) -> None:
    assert money(amount, "GBP") == words


def test_shares_chances_and_days_are_said_without_false_precision() -> None:
    assert [share(0.073), share(0.12), share(0.0004), share(0.02)] == ["7.3 %", "12 %", "under 0.1 %", "2 %"]
    assert [chance(0.999), chance(0.001), chance(0.625)] == ["over 99 %", "under 1 %", "62 %"]
    assert [days(1), days(41.2), day(date(2011, 9, 9)), figure(-0.4), figure(11_197_873), figure(684.4)] == [
        "1 day",
        "41 days",
        "9 Sep 2011",
        "0",
        "11,200,000",
        "684",
    ]
