"""Money in other currencies: converted by the rate of its day, or kept waiting for one; never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from features.home import Home
from features.ledger.ingest.in_memory import RejectedRowsError
from features.ledger.ingest.request import HistoryRule
from features.ledger.ledger import Ledger
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy
from tests.specs.ingested import LATER, Ingest, read, reasons, rows_of
from tests.text_tables import ledger, seen

EUROS = Policy(reporting_currency="EUR")
RATES = "currency,rated_on,rate\nUSD,2026-01-05,0.9\nUSD,2026-01-08,0.8\n"
HEADER = "customer_id,ordered_at,amount,currency,cost,discount\n"


def converted(line: str, rates: str, *, known_at: str = "") -> dict[str, object]:
    """The one foreign line, as it stands in a ledger with these rates."""
    head = "customer_id | ordered_at | amount | currency | cost | discount" + (" | known_at" if known_at else "")
    world = ledger(f"{head}\n{line}{f' | {known_at}' if known_at else ''}", rates=rates, policy=EUROS)
    [row] = rows_of(world)
    return row


def drawn(*rates: str, known_at: bool = False) -> str:
    return "\n".join(["currency | rated_on | rate" + (" | known_at" if known_at else ""), *rates])


def test_a_line_is_converted_by_the_rate_of_its_day_and_keeps_what_it_was() -> None:
    row = converted("a | 2026-01-05 10:00 | 100 | USD | 60 | 5", drawn("USD | 2026-01-05 | 0.9"))
    assert (row["amount"], row["cost"], row["discount"]) == (Decimal(90), Decimal(54), Decimal("4.5"))
    assert (row["amount_in_currency"], row["currency"]) == (Decimal(100), "USD")
    assert (row["cost_in_currency"], row["discount_in_currency"]) == (Decimal(60), Decimal(5))


def test_a_line_of_the_reporting_currency_stays_as_it_is() -> None:
    row = converted("a | 2026-01-05 | 100 | EUR | |", drawn("USD | 2026-01-05 | 0.9"))
    assert (row["amount"], row["amount_in_currency"]) == (Decimal(100), None)


@pytest.mark.parametrize(
    ("day", "amount"),
    [("2026-01-05", 90), ("2026-01-07 23:59", 90), ("2026-01-08", 80), ("2026-01-15", 80)],
)
def test_a_rate_holds_until_the_next_one_and_seven_days_at_most(day: str, amount: int) -> None:
    row = converted(f"a | {day} | 100 | USD | |", drawn("USD | 2026-01-05 | 0.9", "USD | 2026-01-08 | 0.8"))
    assert row["amount"] == amount


@pytest.mark.parametrize("day", ["2026-01-04", "2026-01-16"])
def test_before_the_first_rate_and_after_it_ran_out_there_is_none(day: str) -> None:
    with pytest.raises(RejectedRowsError, match="no exchange rate"):
        converted(f"a | {day} | 100 | USD | |", drawn("USD | 2026-01-05 | 0.9", "USD | 2026-01-08 | 0.8"))


def test_the_day_is_the_business_day() -> None:
    policy = Policy(reporting_currency="EUR", time_zone="Asia/Tokyo")
    lines = "customer_id | ordered_at | amount | currency\na | 2026-01-07T23:30Z | 100 | USD"
    rates = drawn("USD | 2026-01-05 | 0.9", "USD | 2026-01-08 | 0.8")
    assert rows_of(ledger(lines, rates=rates, policy=policy))[0]["amount"] == 80  # 8 January in Tokyo


@pytest.mark.parametrize(
    ("amount", "rate", "product"),
    [
        ("0.0001", "0.5", "0"),  # 0.00005: half to even
        ("0.0003", "0.5", "0.0002"),  # 0.00015
        ("99999999999999.9999", "0.000000000001", "100.0000"),  # 99.99…: exact, then rounded
        ("3", "0.333333333333", "1.0000"),
    ],
)
def test_the_exact_product_is_rounded_once_halves_to_even(amount: str, rate: str, product: str) -> None:
    row = converted(f"a | 2026-01-05 | {amount} | USD | |", drawn(f"USD | 2026-01-05 | {rate}"))
    assert row["amount"] == Decimal(product)


def test_what_becomes_too_large_is_set_aside() -> None:
    with pytest.raises(RejectedRowsError, match="amount too large"):
        converted("a | 2026-01-05 | 99999999999999 | IDR | |", drawn("IDR | 2026-01-05 | 15000"))


@pytest.mark.parametrize("rate", ["0", "-1", "x", ""])
def test_a_rate_that_is_none_is_quarantined(rate: str, bring: Ingest) -> None:
    account = bring(f"currency,rated_on,rate\nUSD,2026-01-05,{rate}\nUSD,2026-01-06,1\n", "rates", policy=EUROS)
    assert (account.accepted.rows, account.quarantined.rows) == (1, 1)


def test_rates_count_as_known_since_their_day_whichever_batch_brought_them(bring: Ingest, home: Home) -> None:
    bring("currency,rated_on,rate\nUSD,2026-01-05,0.9\n", "rates", policy=EUROS)
    account = bring("currency,rated_on,rate\nUSD,2026-01-08,0.8\n", "rates", policy=EUROS, now=LATER)
    assert account.known_at == {"public": 1}
    bring(HEADER + "a,2026-01-08,100,USD,,\n", policy=EUROS)
    [row] = read(home, EUROS)
    assert (row["amount"], row["visible_from"].isoformat()) == (80, "2026-01-08T00:00:00")


def test_a_line_is_known_no_earlier_than_the_first_rate_that_could_convert_it() -> None:
    rates = drawn("USD | 2026-01-05 | 0.9 | 2026-02-01", "USD | 2026-01-04 | 0.7 | 2026-03-01", known_at=True)
    row = converted("a | 2026-01-05 | 100 | USD | |", rates, known_at="2026-01-05")
    assert (row["amount"], str(row["visible_from"])) == (90, "2026-02-01 00:00:00")


def test_a_rate_that_becomes_known_later_changes_no_line_that_was_seen() -> None:
    known = ["USD | 2026-01-04 | 0.7 | 2026-01-04"]
    later = [*known, "USD | 2026-01-05 | 0.9 | 2026-02-01", "USD | 2026-01-04 | 0.6 | 2026-02-01"]
    rows = [converted("a | 2026-01-05 | 100 | USD | |", drawn(*rates, known_at=True), known_at="2026-01-05")
            for rates in (known, later)]  # fmt: skip
    assert rows[0] == rows[1]
    assert rows[0]["amount"] == 70


def test_a_corrected_rate_converts_what_becomes_known_after_it() -> None:
    rates = drawn("USD | 2026-01-05 | 0.9 | 2026-01-05", "USD | 2026-01-05 | 0.8 | 2026-01-20", known_at=True)
    assert converted("a | 2026-01-05 | 100 | USD | |", rates, known_at="2026-01-10")["amount"] == 90
    assert converted("a | 2026-01-05 | 100 | USD | |", rates, known_at="2026-01-20")["amount"] == 80


def test_without_a_rate_rows_wait_and_come_in_once_it_is_there(bring: Ingest, home: Home) -> None:
    lines = HEADER + "a,2026-01-05,10,EUR,,\na,2026-01-06,100,USD,,\nb,2026-01-07,50,USD,,\nc,2026-01-07,9,GBP,,\n"
    first = bring(lines, policy=EUROS)
    assert reasons(first) == {QuarantineReason.RATE: 3}
    assert [(each.currency, each.first_on, each.last_on) for each in first.conversion.missing] == [
        ("GBP", date(2026, 1, 7), date(2026, 1, 7)),
        ("USD", date(2026, 1, 6), date(2026, 1, 7)),
    ]
    assert "No exchange rate of USD from 2026-01-06" in first.conversion.missing[1].sentence
    assert "callfirst ingest rates FILE" in first.conversion.missing[1].sentence
    bring(RATES, "rates", policy=EUROS)
    second = bring(lines, policy=EUROS, history=HistoryRule.ALL)
    assert (second.accepted.rows, second.merged.rows, second.quarantined.rows) == (2, 1, 1)
    assert second.accepted.money == {"USD": Decimal(150)}
    [usd] = second.conversion.converted
    assert (usd.rows, usd.money, usd.reporting) == (2, Decimal(150), Decimal(90 + 45))
    assert (usd.first_rated_on, usd.last_rated_on) == (date(2026, 1, 5), date(2026, 1, 5))
    assert second.conversion.released == 2
    assert [row["amount"] for row in read(home, EUROS)] == [10, 90, 45]
    third = bring(lines, policy=EUROS, history=HistoryRule.ALL)
    assert third.nothing_changed


def test_money_that_names_no_currency_beside_one_that_does_is_asked_for_its_currency(bring: Ingest) -> None:
    text = "customer_id,ordered_at,amount,currency\na,2026-01-05,10,EUR\na,2026-01-06,10,\n"
    (waiting,) = bring(text).conversion.missing
    assert "1 rows from 2026-01-06 to 2026-01-06 name no currency" in waiting.sentence
    assert "--currency" in waiting.sentence
    assert bring(text, currency="EUR").accepted.rows == 1


def test_rows_already_in_are_not_touched_by_a_corrected_rate(bring: Ingest, home: Home) -> None:
    line = HEADER + "a,2026-01-05,100,USD,60,5\n"
    bring(RATES, "rates", policy=EUROS)
    bring(line, policy=EUROS)
    bring("currency,rated_on,rate\nUSD,2026-01-05,0.5\n", "rates", policy=EUROS, now=LATER)
    again = bring(line, policy=EUROS)
    assert again.nothing_changed
    assert [row["amount"] for row in read(home, EUROS)] == [90]
    other = bring(line.replace(",60,", ",61,"), policy=EUROS)  # another cost: another line
    assert other.accepted.rows == 1


def test_payments_are_converted_too() -> None:
    world = ledger(
        "customer_id | ordered_at | amount\na | 2026-01-01 | 1",
        payments="customer_id | invoiced_at | amount | currency\na | 2026-01-05 | 100 | USD",
        rates=drawn("USD | 2026-01-05 | 0.9"),
        policy=EUROS,
    )
    with world.open() as connection:
        assert connection.sql("SELECT amount, amount_in_currency FROM payments").fetchall() == [(90, 100)]


def test_features_are_in_the_reporting_currency() -> None:
    world: Ledger = ledger(
        "customer_id | ordered_at | amount | currency\na | 2026-01-05 | 100 | USD\na | 2026-01-06 | 10 | EUR",
        rates=drawn("USD | 2026-01-05 | 0.9"),
        policy=EUROS,
    )
    assert seen(world, "2026-02-01", "a", policy=EUROS)["net_sales_365_days"] == 90 + 10
