"""How money, days and times are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from features.ledger.ingest.in_memory import ledger_of
from features.ledger.reading.header_matching import ColumnsError
from features.policy import Policy
from tests.specs.ingested import rows_of
from tests.text_tables import table, utc


@pytest.mark.parametrize(
    ("written", "amounts"),
    [
        (["1234.5", "-3", "(12)", "12.50-", "−4", "1e2"], ["1234.5", "-3", "-12", "-12.5", "-4", "100"]),
        (["£1,234.50", "2,000", "£ 3.10"], ["1234.5", "2000", "3.1"]),
        (["1.234,50", "2.000", "3,1 €"], ["1234.5", "2000", "3.1"]),
        (
            ["1'234.50", "1 000.25", "- 1 234 567", "( 5 )", "$ (1,000)"],
            ["1234.5", "1000.25", "-1234567", "-5", "-1000"],
        ),
    ],
)
def test_how_money_is_written_is_told_by_the_column(written: list[str], amounts: list[str]) -> None:
    rows = "\n".join(f"a | 2026-01-0{at} | {text}" for at, text in enumerate(written, start=1))
    ledger = ledger_of(table(f"customer_id | ordered_at | amount\n{rows}"), None, Policy())
    assert [row["amount"] for row in rows_of(ledger)] == [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["2026-03-04", "2026-3-5 10:30", "20260306", "2026/03/07", "7.3.2026 08:15"], [4, 5, 6, 7, 7]),
        (["3/4/2026", "13/3/2026 10:30"], [3, 13]),  # 13 decides: day first; so 3 April
        (["3/4/2026", "3/13/2026 1:30 PM"], [4, 13]),  # 13 decides: month first; so 4 March
        (["4-Mar-2026", "March 5, 2026"], [4, 5]),
    ],
)
def test_how_dates_are_written_is_told_by_the_column(written: list[str], days: list[int]) -> None:
    rows = "\n".join(f"a | {text} | 1" for text in written)
    ledger = ledger_of(table(f"customer_id | ordered_at | amount\n{rows}"), None, Policy())
    assert [row["order_day"].day for row in rows_of(ledger)] == days


def test_dates_that_may_be_two_days_are_refused_where_no_row_decides() -> None:
    with pytest.raises(ColumnsError, match=r"'3/4/2026'.*no row decides"):
        ledger_of(table("customer_id | ordered_at | amount\na | 3/4/2026 | 1\na | 5/6/2026 | 1"), None, Policy())
    with pytest.raises(ColumnsError, match="the rows contradict each other"):
        ledger_of(
            table("customer_id | ordered_at | amount\na | 3/13/2026 | 1\na | 14/6/2026 | 1\na | 1/2/2026 | 1"),
            None,
            Policy(),
        )


def test_times_without_a_zone_are_business_time_and_gaps_and_overlaps_do_no_harm() -> None:
    ledger = ledger_of(
        table("""
        customer_id | ordered_at
        a           | 2026-01-01
        a           | 2026-01-01T23:30:00Z
        a           | 2026-03-29 02:30
        a           | 2026-10-25 02:30
        """).append_column("amount", pa.array([1, 1, 1, 1])),
        None,
        Policy(time_zone="Europe/Paris"),
    )
    found = rows_of(ledger)
    assert [row["order_day"] for row in found] == [
        date(2026, 1, 1),
        date(2026, 1, 2),
        date(2026, 3, 29),
        date(2026, 10, 25),
    ]
    assert found[0]["ordered_at"] == utc("2025-12-31 23:00")
