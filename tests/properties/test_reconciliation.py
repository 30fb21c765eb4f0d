"""Whatever a file holds: every row of it, and every penny, is accepted, merged or quarantined, and never lost."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reconciliation.report import Reconciliation
from features.policy import Policy

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
HEADER = ("customer_id", "ordered_at", "amount", "currency", "order_id", "line_id", "known_at")
POLICY = Policy(reporting_currency="EUR")

customers = st.sampled_from(["a", "b", "c", "", "nan", "a\x00"])
dates = st.sampled_from(["2026-01-01", "2026-01-02 10:30", "20260103", "4.1.2026", "someday", "", "1066-10-14"])
amounts = st.one_of(
    st.decimals(-1000, 1000, places=2).map(str), st.sampled_from(["NaN", "inf", "", "1e999", "1,000.00", "x"])
)
currencies = st.sampled_from(["EUR", "eur", "", "USD", "EURO"])
ids = st.sampled_from(["", "1", "2"])
known = st.sampled_from(["", "2026-01-05", "2026-02-01", "soon"])
rows = st.tuples(customers, dates, amounts, currencies, ids, ids, known)
good_rows = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["2026-01-01", "2026-01-02 10:30"]),
    st.decimals(-1000, 1000, places=2).map(str),
    st.just("EUR"),
    st.just(""),
    st.just(""),
    st.just(""),
)
Row = tuple[str, ...]


def bring(home: Home, *files: list[Row]) -> Reconciliation:
    paths = []
    for at, lines in enumerate(files):
        text = io.StringIO()
        csv.writer(text).writerows([HEADER, *lines])
        paths.append(home.root / f"{at}.csv")
        paths[-1].write_text(text.getvalue())
    return ingest(IngestRequest("orders", InputFiles(paths), home=home, policy=POLICY, now=NOW))


def rows_and_money(home: Home) -> tuple[int, Decimal]:
    """Rows and money of the ledger, as features read it."""
    try:
        ledger = read_ledger(home, POLICY)
    except EmptyLedgerError:
        return 0, Decimal(0)
    with ledger.open() as connection:
        count, money = connection.sql("SELECT count(*), sum(amount) FROM order_lines").fetchall()[0]
    return count, money


def readable_euros(lines: list[Row]) -> Decimal:
    """What the file holds in EUR, counted here by itself: amounts that are numbers, in EUR or in no currency."""
    known_texts = {"1,000.00": Decimal(1000), "NaN": None, "inf": None, "": None, "1e999": None, "x": None}
    read = [
        known_texts[line[2]] if line[2] in known_texts else Decimal(line[2])
        for line in lines
        if line[3] in ("EUR", "eur", "")
    ]
    return sum((amount for amount in read if amount is not None), Decimal(0))


@settings(max_examples=15, deadline=None)
@given(first=st.lists(rows, min_size=1, max_size=12), second=st.lists(rows, min_size=1, max_size=12))
def test_accepted_and_merged_and_quarantined_are_what_was_read(first: list[Row], second: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        accepted = [bring(home, first), bring(home, second)]
        again = bring(home, first)
        for lines, account in zip((first, second, first), (*accepted, again), strict=True):
            total = account.accepted + account.merged + account.quarantined
            assert (total.rows, total.unreadable) == (account.read.rows, account.read.unreadable)
            assert {code: money for code, money in total.money.items() if money} == {
                code: money for code, money in account.read.money.items() if money
            }
            assert account.read.rows == len(lines)
            assert account.read.money.get("EUR", 0) == readable_euros(lines)
        assert again.nothing_changed
        assert rows_and_money(home) == (
            sum(account.accepted.rows for account in accepted),
            sum((account.accepted.money.get("EUR", Decimal(0)) for account in accepted), Decimal(0)),
        )


@settings(max_examples=8, deadline=None)
@given(lines=st.lists(good_rows, min_size=2, max_size=12, unique=True), data=st.data())
def test_two_files_bring_what_one_brings_where_lines_are_distinct(lines: list[Row], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(lines) - 1))
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        whole, parts = Home(Path(first)), Home(Path(second))
        bring(whole, lines)
        bring(parts, lines[:cut], lines[cut:])
        assert read_ledger(whole, POLICY).digest == read_ledger(parts, POLICY).digest
        assert rows_and_money(whole) == rows_and_money(parts)
