"""Every feature of payments, promises and bookings, on drawn rows, with the sum that gives it."""

from __future__ import annotations

from typing import Any

import pytest

from features.catalog import CATALOG
from features.catalog.obligations import OBLIGATIONS
from features.catalog.trends import BOOKED
from features.ledger.ledger import Ledger
from tests.text_tables import ledger, seen

ORDERS = """
    customer_id | ordered_at | amount
    a           | 2025-12-01 | 900
    a           | 2026-05-01 | 100
    b           | 2025-11-30 | 10
    c           | 2025-11-30 | 10
    """


def known(world: Ledger, as_of: str, customer: str) -> dict[str, Any]:
    """The known features of obligations and bookings of a customer."""
    row = seen(world, as_of, customer)
    names = [feature.name for feature in (*OBLIGATIONS, *BOOKED)]
    return {name: row[name] for name in names if row[name] is not None}


PAYMENTS = ledger(
    ORDERS,
    payments="""
    customer_id | payment_id | invoiced_at | due_on     | paid_on    | amount
    a           | 1          | 2025-12-01  | 2026-01-01 | 2026-01-16 | 900
    a           | 2          | 2026-05-01  | 2026-06-01 |            | 60
    a           | 3          | 2026-05-02  | 2026-06-21 |            | 40
    a           | 4          | 2026-06-01  | 2026-07-21 |            | 30
    a           | 5          | 2026-06-02  | 2026-06-03 |            | -5
    c           | 6          | 2026-06-02  |            |            | 70
    """,
)


def test_what_is_unpaid_and_overdue_is_summed_and_a_credit_note_is_never_overdue() -> None:
    assert known(PAYMENTS, "2026-07-01", "a") == {
        "unpaid_money": 60 + 40 + 30 - 5,
        "overdue_money": 60 + 40,
        "invoices_overdue": 2,
        "invoice_overdue_days": 30,
        "payment_delay_worst_365_days": 15,
        "overdue_to_sales_ratio": (60 + 40) / (900 + 100),
    }


def test_an_invoice_is_overdue_from_the_day_after_it_was_due_to_the_day_it_is_paid_on() -> None:
    assert known(PAYMENTS, "2026-01-01", "a")["overdue_money"] == 0
    assert known(PAYMENTS, "2026-01-02", "a")["overdue_money"] == 900
    paid_that_day = known(PAYMENTS, "2026-01-16T18:00", "a")
    assert (paid_that_day["overdue_money"], paid_that_day["invoice_overdue_days"]) == (900, 15)
    assert known(PAYMENTS, "2026-01-17", "a")["unpaid_money"] == 0


def test_money_is_unknown_while_no_invoice_is_recorded_and_overdue_while_none_names_its_due_day() -> None:
    assert known(PAYMENTS, "2025-12-01T12:00", "b") == {}
    assert known(PAYMENTS, "2026-07-01", "b") == {
        "unpaid_money": 0,
        "overdue_money": 0,
        "invoices_overdue": 0,
        "overdue_to_sales_ratio": 0,
    }
    assert known(PAYMENTS, "2026-07-01", "c") == {"unpaid_money": 70}


def test_what_nobody_has_paid_yet_is_unpaid() -> None:
    world = ledger(ORDERS, payments="customer_id | invoiced_at | due_on | amount\n a | 2026-05-01 | 2026-06-01 | 60")
    assert known(world, "2026-07-01", "a") == {
        "unpaid_money": 60,
        "overdue_money": 60,
        "invoices_overdue": 1,
        "invoice_overdue_days": 30,
        "overdue_to_sales_ratio": 60 / (900 + 100),
    }


PROMISES = ledger(
    """
    customer_id | ordered_at | amount | promised_on | delivered_on
    a           | 2026-01-05 | 10     | 2026-01-10  | 2026-01-09
    a           | 2026-02-05 | 10     | 2026-02-10  | 2026-02-17
    a           | 2026-05-05 | 10     | 2026-06-01  |
    a           | 2026-05-06 | 10     | 2026-06-20  | 2026-07-10
    a           | 2026-06-06 | 10     | 2026-08-01  |
    b           | 2026-06-06 | 10     |             |
    """
)


def test_late_deliveries_and_open_broken_promises_are_counted() -> None:
    assert known(PROMISES, "2026-07-01", "a") == {
        "late_delivery_share_365_days": 1 / 2,
        "delivery_delay_worst_365_days": 7,
        "promises_broken": 2,  # of 1 and of 20 June, whose delivery lies ahead
        "promise_broken_days": 30,
    }


def test_a_promise_is_broken_from_the_day_after_to_the_day_of_delivery() -> None:
    assert known(PROMISES, "2026-06-01", "a")["promises_broken"] == 0
    assert known(PROMISES, "2026-06-02", "a")["promises_broken"] == 1
    assert known(PROMISES, "2026-07-10", "a")["promises_broken"] == 2
    assert known(PROMISES, "2026-07-11", "a")["promises_broken"] == 1


def test_nobody_breaks_a_promise_who_gave_none_or_never_writes_down_what_is_delivered() -> None:
    assert known(PROMISES, "2026-07-01", "b") == {}
    silent = ledger("customer_id | ordered_at | amount | promised_on\n a | 2026-01-05 | 10 | 2026-01-10")
    assert known(silent, "2026-07-01", "a") == {}


BOOKINGS = """
    customer_id | ordered_at | amount | promised_on | delivered_on | known_at
    a           | 2026-01-05 | 10     | 2026-01-06  | 2026-01-06   | 2026-01-05
    a           | 2026-03-05 | 20     | 2026-02-10  | 2026-02-08   | 2026-02-01
    a           | 2026-04-05 | 30     |             |              | 2026-02-02
    a           | 2026-04-05 | 40     |             |              | 2026-02-15
    b           | 2026-01-05 | 10     |             |              | 2026-01-05
    """


def test_bookings_are_seen_from_when_they_are_known_until_they_are_orders() -> None:
    world = ledger(BOOKINGS)

    def booked(as_of: str, customer: str) -> tuple[Any, ...]:
        row = seen(world, as_of, customer)
        return tuple(row[feature.name] for feature in BOOKED)

    assert booked("2026-02-10", "a") == (20 + 30, 2, 23)  # 5 March
    assert booked("2026-02-16", "a") == (20 + 30 + 40, 2, 17)
    assert booked("2026-03-10", "a") == (30 + 40, 1, 26)
    assert booked("2026-02-10", "b") == (0, 0, None)
    assert booked("2026-02-01", "a") == (None, None, None)  # no booking on record yet


def test_a_booking_moves_no_other_feature_than_those_of_bookings() -> None:
    without = "\n".join(line for line in BOOKINGS.splitlines() if "2026-03-05" not in line and "2026-04-05" not in line)
    for as_of in ("2026-02-10", "2026-02-16", "2026-03-04"):
        ours, theirs = (seen(ledger(drawn), as_of, "a") for drawn in (BOOKINGS, without))
        moved = {feature.name for feature in CATALOG if ours[feature.name] != theirs[feature.name]}
        assert moved == {feature.name for feature in BOOKED}


def test_a_year_is_compared_with_its_season_and_its_pace() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount | product_id | category
        a           | 2025-01-01 | 5      | p1         | tools
        a           | 2025-06-18 | 100    | p2         | paint
        a           | 2025-07-20 | 7      | p1         | tools
        a           | 2026-05-02 | 11     | p1         | tools
        young       | 2026-04-22 | 60     | p1         | tools
        young       | 2026-06-21 | 80     | p1         | tools
        """
    )
    old = seen(world, "2026-07-01", "a")
    assert (old["order_days_same_weeks_last_year"], old["net_sales_same_weeks_last_year"]) == (1, 100)
    assert old["gap_last_year_days"] == 32  # 18 June to 20 July
    assert old["silence_to_gap_last_year"] == 60 / 32
    assert (old["categories_dropped_90_days"], old["products_dropped_90_days"]) == (0, 0)  # paint: over a year ago
    before = seen(world, "2026-06-15", "a")
    assert (before["categories_dropped_90_days"], before["products_dropped_90_days"]) == (1, 1)
    young = seen(world, "2026-07-01", "young")
    assert young["spend_to_reference_90_days"] == 1  # 140 in its 70 days, spread over 90
    assert young["repeat_order_size_mean"] == 80
    assert young["order_days_same_weeks_last_year"] is None  # was no customer then
    assert (young["gap_last_year_days"], young["days_first_to_last_order"]) == (None, 60)


@pytest.mark.parametrize(("closed_until", "shut"), [("2026-06-16", 5), ("2026-06-11", 0)])
def test_days_on_which_we_were_closed_are_no_silence(closed_until: str, shut: int) -> None:
    drawn = "customer_id | ordered_at | amount\n" + "\n".join(
        f"a | 2026-{day} | 10" for day in ("04-01", "04-11", "04-21", "05-01", "06-10")
    )
    events = f"event | happened_at | until_on | known_at\n closed | 2026-06-10 | {closed_until} | 2026-06-10"
    row = seen(ledger(drawn, events=events), "2026-06-20", "a")
    assert (row["days_since_last_order"], row["shut_days_since_last_order"]) == (10, shut)
    assert row["silence_to_due_gap"] == pytest.approx((10 - shut) / row["due_gap_days"])
    assert row["days_to_next_order"] == pytest.approx(row["due_gap_days"] - (10 - shut))
