"""Orders cancelled at once: which lines undo each other, from when on, and what features then see."""

from __future__ import annotations

from decimal import Decimal

import pytest

from features.home import Home
from features.ledger.ingest.request import HistoryRule
from features.ledger.ledger import Ledger
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import Policy
from tests.specs.ingested import LATER, Ingest, read, rows_of
from tests.text_tables import POLICY, ledger, seen

ORDERED, CANCELLED = "a | 2026-01-05 10:00 | 50 | p | 5", "a | 2026-01-05 10:12 | -50 | p | -5"
HEADER = "customer_id | ordered_at | amount | product_id | quantity"
CSV = "customer_id,ordered_at,amount,product_id,quantity,known_at\n"
FIRST = "a | 2026-01-01 09:00 | 7 | q | 1"


def world(*lines: str, policy: Policy = POLICY) -> Ledger:
    return ledger("\n".join([HEADER, FIRST, *lines]), policy=policy)


def hidden(of: Ledger) -> list[int]:
    """The row_ids of lines that stopped to be seen."""
    return [row["row_id"] for row in rows_of(of) if row["replaced_at"]]


def test_an_order_cancelled_within_the_hour_is_no_order_and_no_return_and_money_nets_to_the_same() -> None:
    found = seen(world(ORDERED, CANCELLED), "2026-02-01", "a")
    assert found["order_days_lifetime"] == 1  # 1 January
    assert found["returns_share_lifetime"] == 0
    assert found["gross_sales_365_days"] == 7
    assert found["net_sales_lifetime"] == 7 + 50 - 50


def test_an_as_of_in_between_still_sees_the_order() -> None:
    of = world(ORDERED, CANCELLED)
    assert seen(of, "2026-01-05T10:12", "a")["net_sales_lifetime"] == 7 + 50
    assert seen(of, "2026-01-05T10:12:01", "a")["net_sales_lifetime"] == 7


@pytest.mark.parametrize(
    "other",
    [
        "a | 2026-01-05 11:00:01 | -50 | p | -5",  # an hour and a second
        "a | 2026-01-05 09:59 | -50 | p | -5",  # before
        "a | 2026-01-05 10:12 | -49.99 | p | -5",
        "a | 2026-01-05 10:12 | -50 | p | -4",
        "a | 2026-01-05 10:12 | -50 | q | -5",
        "a | 2026-01-05 10:12 | -50 | | -5",
        "b | 2026-01-05 10:12 | -50 | p | -5",
    ],
)
def test_what_is_not_exactly_the_opposite_within_the_hour_is_a_return(other: str) -> None:
    assert hidden(world(ORDERED, other)) == []


def test_up_to_the_whole_hour_counts_and_unnamed_products_are_alike() -> None:
    assert hidden(world(ORDERED, "a | 2026-01-05 11:00 | -50 | p | -5")) == [2, 3]
    assert hidden(world("a | 2026-01-05 10:00 | 50 | |", "a | 2026-01-05 10:01 | -50 | |")) == [2, 3]


def test_days_without_a_time_of_day_cancel_nothing_in_any_zone() -> None:
    dates = ("a | 2026-01-05 | 50 | p | 5", "a | 2026-01-05 | -50 | p | -5")
    assert hidden(world(*dates)) == []
    assert hidden(world(*dates, policy=Policy(time_zone="Asia/Tokyo"))) == []
    late = "a | 2026-01-04 23:30 | 50 | p | 5"
    assert hidden(world(late, dates[1])) == [2, 3]


def test_one_return_cancels_one_sale_the_earliest() -> None:
    second = "a | 2026-01-05 10:05 | 50 | p | 5"
    assert hidden(world(ORDERED, second, CANCELLED)) == [2, 4]
    assert hidden(world(ORDERED, second, CANCELLED, CANCELLED)) == [2, 3, 4, 5]
    assert hidden(world(ORDERED, CANCELLED, CANCELLED)) == [2, 3]


def test_what_is_known_later_parts_no_pair() -> None:
    header = HEADER + " | known_at"
    lines = [
        "a | 2026-01-05 10:00 | 50 | p | 5 | 2026-01-05 10:00",
        "a | 2026-01-05 10:30 | -50 | p | -5 | 2026-01-05 10:30",
        "a | 2026-01-05 10:10 | -50 | p | -5 | 2026-01-20",  # earlier, but known later: it finds nothing left
    ]
    assert hidden(ledger("\n".join([header, *lines]))) == [1, 2]


def test_the_cancellation_of_an_order_known_late_counts_from_then_on() -> None:
    header = HEADER + " | known_at"
    lines = [
        "a | 2026-01-05 10:00 | 50 | p | 5 | 2026-01-09",
        "a | 2026-01-05 10:12 | -50 | p | -5 | 2026-01-05 10:12",
    ]
    of = ledger("\n".join([header, FIRST + " | 2026-01-01", *lines]))
    assert seen(of, "2026-01-07", "a")["net_sales_lifetime"] == 7 - 50
    assert seen(of, "2026-01-09T00:00:01", "a")["returns_share_lifetime"] == 0


def test_it_works_across_batches_and_again_changes_nothing(bring: Ingest, home: Home) -> None:
    sale = CSV + "a,2026-01-05 10:00,50,p,5,2026-01-05 10:00\n"
    back = CSV + "a,2026-01-05 10:12,-50,p,-5,2026-01-06\n"
    assert bring(sale).cancellations.pairs == 0
    account = bring(back, now=LATER)
    assert (account.cancellations.pairs, account.cancellations.money) == (1, Decimal(50))
    assert account.cancellations.largest is not None
    assert (account.cancellations.largest.customer_id, account.cancellations.largest.minutes) == ("a", 12)
    assert "customer a after 12 minutes" in account.cancellations.sentence
    assert account.never_seen == 0
    before = read(home)
    assert [row["replaced_at"].isoformat() for row in before] == ["2026-01-06T00:00:00"] * 2
    again = bring(sale + back.removeprefix(CSV), now=LATER)
    assert again.nothing_changed and again.cancellations.pairs == 0
    another = bring(CSV + "a,2026-01-05 10:20,-50,p,-5,2026-01-05 10:20\n", now=LATER)
    assert another.cancellations.pairs == 0  # the sale is taken, though this return was known before the other
    assert read(home)[:2] == before


def test_two_files_say_what_one_file_says(bring: Ingest, home: Home) -> None:
    lines = ["a,2026-01-05 10:00,50,p,5,", "a,2026-01-05 10:12,-50,p,-5,", "a,2026-01-05 10:20,50,p,5,"]
    for line in lines:
        bring(CSV + line + "\n", history=HistoryRule.ALL)
    one = ledger("\n".join(row.replace(",", " | ") for row in (CSV.strip(), *lines)))
    assert hidden(read_ledger(home, POLICY)) == hidden(one) == [1, 2]


def test_two_versions_of_one_line_never_cancel_each_other(bring: Ingest, home: Home) -> None:
    account = bring(
        "customer_id,ordered_at,order_id,line_id,product_id,amount,known_at\n"
        "b,2026-01-01 02:30,1,2,P,1.50,\n"
        "b,2026-01-01 02:30,1,2,P,-1.50,2026-01-01 01:00\n"
    )
    assert (account.accepted.rows, account.cancellations.pairs, account.corrections) == (2, 0, 1)
    assert [row["amount"] for row in read(home) if row["replaced_at"] is None] == [Decimal("1.5")]  # known at 02:30


def test_a_correction_that_says_the_same_of_a_cancelled_line_is_cancelled_too() -> None:
    header = "customer_id | ordered_at | amount | order_id | line_id | department | known_at"
    lines = [
        "a | 2026-01-05 10:00 | 50 | o1 | 1 | | 2026-01-05 10:00",
        "a | 2026-01-05 10:12 | -50 | c1 | 1 | | 2026-01-05 10:12",
        "a | 2026-01-05 10:00 | 50 | o1 | 1 | tools | 2026-01-08",
    ]
    assert [row["replaced_at"].isoformat() for row in rows_of(ledger("\n".join([header, *lines])))] == [
        "2026-01-05T10:12:00",
        "2026-01-05T10:12:00",
        "2026-01-08T00:00:00",  # when it became known
    ]


def test_a_sale_corrected_before_its_return_is_met_as_it_then_stands() -> None:
    header = "customer_id | ordered_at | amount | order_id | line_id | known_at"
    lines = [
        "a | 2026-01-05 10:00 | 50 | o1 | 1 | 2026-01-05 10:00",
        "a | 2026-01-05 10:00 | 40 | o1 | 1 | 2026-01-05 10:05",
        "a | 2026-01-05 10:12 | -50 | c1 | 1 | 2026-01-05 10:12",
        "a | 2026-01-05 10:12 | -40 | c1 | 2 | 2026-01-05 10:12",
    ]
    of = ledger("\n".join([header, *lines]))
    assert [row["amount"] for row in rows_of(of) if row["replaced_at"] is None] == [-50]


def test_the_minutes_are_the_companys() -> None:
    assert hidden(world(ORDERED, CANCELLED, policy=Policy(cancel_minutes=11))) == []
