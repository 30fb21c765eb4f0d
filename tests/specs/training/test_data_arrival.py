"""Which kinds of rows stopped arriving."""

from __future__ import annotations

from datetime import date, timedelta

from features.ledger.ledger import Ledger
from tests.text_tables import POLICY, at, ledger
from training.monitoring.data_arrival import StoppedFeed, stopped_feeds

ORDERS = "customer_id | ordered_at | amount\n" + "\n".join(
    f"c{n % 30} | {date(2026, 1, 1) + timedelta(days=n // 2)} | 10" for n in range(300)
)  # two a day up to 30 May


def contacts(every_days: int, until: str) -> str:
    days = (date.fromisoformat(until) - date(2026, 1, 1)).days
    lines = [f"c{n} | {date(2026, 1, 1) + timedelta(days=n)} | call" for n in range(0, days, every_days)]
    return "\n".join(["customer_id | contacted_at | channel", *lines])


def stopped(here: Ledger, as_of: str) -> list[tuple[str, date]]:
    return [(each.kind, each.last_on) for each in stopped_feeds(here, at(as_of), POLICY)]


def test_a_kind_that_came_every_day_and_then_no_more_has_stopped() -> None:
    here = ledger(ORDERS, contacts=contacts(1, "2026-05-01"))
    assert stopped(here, "2026-05-31") == [("contacts", date(2026, 4, 30))]
    assert stopped(here, "2026-05-11") == []  # 11 days on, 1 a day would have come: under 12


def test_a_kind_that_comes_now_and_then_is_waited_for_longer() -> None:
    here = ledger(ORDERS, contacts=contacts(7, "2026-05-01"))
    assert stopped(here, "2026-05-31") == []


def test_a_kind_that_never_came_has_not_stopped_and_orders_are_watched_too() -> None:
    assert stopped(ledger(ORDERS), "2026-05-31") == []
    assert stopped(ledger(ORDERS), "2026-06-30") == [("orders", date(2026, 5, 30))]


def test_days_on_which_we_were_closed_are_no_silence() -> None:
    holidays = "event | happened_at | until_on\nclosed | 2026-05-31 | 2026-06-30"
    assert stopped(ledger(ORDERS, events=holidays), "2026-06-30") == []


def test_what_is_known_later_is_not_seen_yet() -> None:
    later = contacts(1, "2026-05-01") + "\nc1 | 2026-05-20 | call"
    assert stopped(ledger(ORDERS, contacts=later), "2026-05-20") == [("contacts", date(2026, 4, 30))]
    assert stopped(ledger(ORDERS, contacts=later), "2026-05-31") == []


def test_it_is_said_with_the_day_and_how_many_came_before() -> None:
    told = StoppedFeed("contacts", date(2026, 4, 30), per_week=7.0, longest_gap_days=1).sentence
    assert told == "contacts stopped arriving after 2026-04-30; before that, 7 came in a week"
