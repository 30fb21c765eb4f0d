"""Which days a ledger could not show an order on: closed by us, or missing from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pyarrow as pa

from features.ledger.business_calendar import shut_days
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from tests.text_tables import POLICY, at, table

BEGIN = date(2026, 1, 5)  # a Monday
WEEKDAYS = tuple(BEGIN + timedelta(days=each) for each in range(140) if each % 7 < 5)
HOLIDAY = date(2026, 4, 6)  # a Monday, 13 weeks on


def world(
    days: Iterable[date], *, customers: int = 12, known_on: dict[date, date] | None = None, events: str = "",
    policy: Policy = POLICY,
) -> Ledger:  # fmt: skip
    """One line of each of so many customers on each of the days, at noon."""
    rows = [
        (f"c{number}", f"{day} 12:00", "10", f"{(known_on or {}).get(day, day)} 12:00")
        for day in days
        for number in range(customers)
    ]
    orders = pa.table(
        dict(zip(("customer_id", "ordered_at", "amount", "known_at"), zip(*rows, strict=True), strict=True))
    )
    others = {"events": table(f"event | happened_at | until_on | known_at | customer_id\n{events}")} if events else {}
    return ledger_of(orders, None, policy, currency="EUR", others=others)


def shut(of: Ledger, *as_ofs: str, policy: Policy = POLICY) -> list[tuple[str, str, str]]:
    with of.open() as connection:
        found = shut_days(connection, [at(each, policy) for each in as_ofs], policy).to_pylist()
    return [(str(row["as_of"].date()), str(row["day"]), row["why"]) for row in found]


def without(*missing: date) -> list[date]:
    return [day for day in WEEKDAYS if day not in missing]


def test_a_day_without_one_line_is_missing_where_that_would_be_a_wonder() -> None:
    assert shut(world(without(HOLIDAY)), "2026-05-01") == [("2026-05-01", "2026-04-06", "missing")]


def test_days_on_which_we_never_open_and_the_first_eight_weeks_are_not() -> None:
    assert shut(world(without(BEGIN + timedelta(weeks=7))), "2026-05-01") == []
    assert shut(world(without(BEGIN + timedelta(weeks=8))), "2026-05-01") == [("2026-05-01", "2026-03-02", "missing")]


def test_few_customers_make_no_alarm() -> None:
    assert shut(world(without(HOLIDAY), customers=11), "2026-05-01") == []


def test_a_weekday_that_was_nearly_empty_once_makes_no_alarm() -> None:
    quiet = HOLIDAY - timedelta(weeks=3)
    busy = world(without(HOLIDAY, quiet), customers=20)
    orders = busy.order_lines
    assert isinstance(orders, pa.Table)
    for customers, wonders in ((2, 0), (3, 1)):
        few = world([quiet], customers=customers).order_lines
        assert isinstance(few, pa.Table)
        lines = pa.concat_tables([orders, few]).select(["customer_id", "ordered_at", "amount"])
        assert len(shut(ledger_of(lines, None, POLICY, currency="EUR"), "2026-05-01")) == wonders


def test_many_lines_of_few_customers_are_no_crowd() -> None:
    orders = pa.concat_tables([world(without(HOLIDAY), customers=3).order_lines] * 10)
    lines = orders.select(["customer_id", "ordered_at", "amount"])
    assert shut(ledger_of(lines, None, POLICY, currency="EUR"), "2026-05-01") == []


def test_a_gap_of_weeks_is_missing_to_its_end() -> None:
    gap = tuple(HOLIDAY + timedelta(days=each) for each in range(14))
    assert [day for _, day, _ in shut(world(without(*gap)), "2026-05-01")] == [
        str(day) for day in gap if day.weekday() < 5
    ]


def test_the_last_days_before_the_as_of_can_be_missing_and_its_own_day_is_not_over() -> None:
    of = world(day for day in WEEKDAYS if day < date(2026, 4, 30))
    assert shut(of, "2026-05-01") == [("2026-05-01", "2026-04-30", "missing")]
    assert shut(of, "2026-04-30") == []


def test_days_are_told_as_they_were_seen() -> None:
    of = world(WEEKDAYS, known_on={HOLIDAY: date(2026, 4, 20)})
    assert shut(of, "2026-04-15", "2026-05-01") == [("2026-04-15", "2026-04-06", "missing")]


def test_a_day_whose_lines_were_all_cancelled_is_not_missing() -> None:
    head = "customer_id | ordered_at | amount"
    cancelled = table(f"{head}\nc1 | {HOLIDAY} 12:00 | 5\nc1 | {HOLIDAY} 12:01 | -5")
    orders = world(without(HOLIDAY)).order_lines
    assert isinstance(orders, pa.Table)
    lines = pa.table({name: [*map(str, orders.column(name).to_pylist()), *cancelled.column(name).to_pylist()]
                      for name in cancelled.column_names})  # fmt: skip
    assert shut(ledger_of(lines, None, POLICY, currency="EUR"), "2026-05-01") == []


def test_closures_are_told_by_events_of_the_whole_company_from_when_they_are_known_on() -> None:
    events = (
        f"closed | {HOLIDAY} | 2026-04-08 | 2026-04-10 |\n"
        "closed | 2026-04-20 | 2026-06-01 | 2026-01-01 |\n"
        "data_missing | 2026-04-09 | | 2026-04-10 |\n"
        "closed | 2026-04-14 | | 2026-04-10 | c1"
    )
    of = world(without(HOLIDAY), events=events)
    assert shut(of, "2026-04-09") == [("2026-04-09", "2026-04-06", "missing")]
    assert shut(of, "2026-04-22") == [
        ("2026-04-22", "2026-04-06", "closed"),
        ("2026-04-22", "2026-04-07", "closed"),  # until 8 April, which is open again
        ("2026-04-22", "2026-04-09", "missing"),
        ("2026-04-22", "2026-04-20", "closed"),
        ("2026-04-22", "2026-04-21", "closed"),  # later ones have not come yet
    ]


def test_closed_days_are_no_days_of_comparison() -> None:
    closed = HOLIDAY - timedelta(weeks=2)
    events = f"closed | {closed} | | {closed} |"
    of = world(without(HOLIDAY, closed), events=events)
    assert [day for _, day, _ in shut(of, "2026-05-01")] == [str(closed), str(HOLIDAY)]


def test_the_days_are_business_days() -> None:
    policy = Policy(time_zone="Pacific/Auckland")
    of = world(without(HOLIDAY), policy=policy)
    assert [day for _, day, _ in shut(of, "2026-05-01", policy=policy)] == ["2026-04-06"]
