"""Whatever is converted and cancelled: per currency accepted, merged and quarantined are what was read."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reconciliation.report import Reconciliation
from features.policy import Policy

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
POLICY = Policy(reporting_currency="EUR")
HEADER = ("customer_id", "ordered_at", "amount", "quantity", "product_id", "currency")
BEGIN = date(2026, 1, 1)
Row = tuple[str, ...]
Rate = tuple[str, str, str]

days = st.integers(0, 20).map(lambda each: str(BEGIN + timedelta(days=each)))
signed = st.sampled_from([("12.34", "2"), ("-12.34", "-2"), ("100", "1"), ("-100", "-1"), ("0", "0"), ("-7.77", "-1")])
clocks = st.sampled_from(["", " 10:00", " 10:20", " 10:59", " 23:50"])
lines = st.tuples(
    st.sampled_from("ab"), st.sampled_from(["2026-01-03", "2026-01-04", "2026-01-12"]), clocks, signed,
    st.sampled_from(["p", ""]), st.sampled_from(["EUR", "USD", "JPY"]),
).map(lambda each: (each[0], each[1] + each[2], *each[3], each[4], each[5]))  # fmt: skip
rates = st.lists(
    st.tuples(st.sampled_from(["USD", "JPY"]), days, st.sampled_from(["0.9", "0.0061", "1.123456789012"])),
    max_size=5, unique_by=lambda rate: rate[:2],
)  # fmt: skip


def bring(home: Home, kind: str, header: tuple[str, ...], rows: list[Row] | list[Rate]) -> Reconciliation:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    path = home.root / f"{kind}.csv"
    path.write_text(text.getvalue())
    return ingest(IngestRequest(kind, InputFiles([path]), home=home, policy=POLICY, now=NOW, history=HistoryRule.ALL))


def in_euros(row: Row, rates: list[Rate]) -> Decimal | None:
    """What the row makes, reckoned here by itself; None where no rate of its day is known."""
    amount, currency, day = Decimal(row[2]), row[5], date.fromisoformat(row[1][:10])
    if currency == "EUR":
        return amount
    dated_rates = [(date.fromisoformat(on), rate) for code, on, rate in rates if code == currency]
    holding = [(on, rate) for on, rate in dated_rates if timedelta(0) <= day - on <= timedelta(days=7)]
    return (amount * Decimal(max(holding)[1])).quantize(Decimal("0.0001"), ROUND_HALF_EVEN) if holding else None


def sums(rows: list[Row]) -> dict[str, Decimal]:
    return {
        code: sum((Decimal(row[2]) for row in rows if row[5] == code), Decimal(0)) for code in ("EUR", "USD", "JPY")
    }


def all_in(account: Reconciliation) -> bool:
    total = account.accepted + account.merged + account.quarantined
    return total.rows == account.read.rows and total.money == account.read.money


@settings(max_examples=12, deadline=None)
@given(first=st.lists(lines, min_size=1, max_size=10), second=st.lists(lines, min_size=1, max_size=10), known=rates)
def test_conversion_and_cancellation_lose_no_cent(first: list[Row], second: list[Row], known: list[Rate]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        if known:
            bring(home, "rates", ("currency", "rated_on", "rate"), known)
        accounts = [bring(home, "orders", HEADER, rows) for rows in (first, second)]
        for rows, account in zip((first, second), accounts, strict=True):
            assert all_in(account)
            assert {code: money for code, money in sums(rows).items() if money} == {
                code: money for code, money in account.read.money.items() if money
            }
        assert bring(home, "orders", HEADER, first).nothing_changed
        accepted = sum((account.accepted for account in accounts[1:]), accounts[0].accepted)
        convertible = [row for row in first if in_euros(row, known) is not None]
        try:
            with read_ledger(home, POLICY).open() as connection:
                rows_there, money, money_in_force = connection.sql(
                    "SELECT count(*), sum(amount), coalesce(sum(amount) FILTER (replaced_at IS NULL), 0) "
                    "FROM order_lines"
                ).fetchall()[0]
        except EmptyLedgerError:
            assert not convertible
            return
        assert rows_there == accepted.rows >= len(convertible)
        copies = [row for row in set(first) | set(second) for _ in range(max(first.count(row), second.count(row)))]
        assert money == sum((euros for row in copies if (euros := in_euros(row, known)) is not None), Decimal(0))
        assert money_in_force == money  # what is cancelled nets to nothing
