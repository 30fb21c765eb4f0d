"""The ledger of a few customers: their features are, to the bit, those that the whole ledger gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.clock import AsOf
from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.database import open_store
from features.ledger.store.partial_ledger import ledger_of_customers
from features.snapshot import company_values, take_snapshot
from tests.specs.ingested import Ingest
from tests.text_tables import POLICY

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
AS_OF = AsOf.of_instant(NOON + timedelta(hours=3), POLICY.zone)

ORDERS = """customer_id,ordered_at,amount,order_id,line_id,product_id,known_at
a,2026-01-05,10.05,o1,1,p,2026-01-05
a,2026-02-05,20.10,o2,1,q,2026-02-06
a,2026-02-25,30,o3,1,p,2026-02-25
a,2026-03-05,40,o4,1,q,2026-07-01
b,2026-01-06,50,o5,1,p,2026-01-06
b,2026-03-06,60,o6,1,p,2026-03-06
b,2026-03-16,70,o7,1,p,2026-03-16
b,2026-04-16,80,o8,1,p,2026-04-16
c,2026-01-06,90,o9,1,p,2026-01-06
"""
CORRECTED = """customer_id,ordered_at,amount,order_id,line_id,product_id,known_at
b,2026-02-05,20.10,o2,1,q,2026-05-01
c,2026-06-01T11:00:00Z,15,o10,1,p,2026-06-01T12:30:00Z
"""
CUSTOMERS = "customer_id,name,known_at\na,Ann & Co,2026-01-01\na,Ann,2026-05-01\nd,Dora,2026-01-01\n"


@pytest.fixture
def filled(bring: Ingest, home: Home) -> Home:
    bring(CUSTOMERS, "customers", now=NOON)
    bring(ORDERS, now=NOON)
    bring(CORRECTED, now=NOON)
    return home


@pytest.mark.parametrize("some", [["a"], ["b", "c"], ["c", "a", "d", "b"], ["nobody"]], ids=" ".join)
def test_features_of_some_customers_are_those_the_whole_ledger_gives(filled: Home, some: list[str]) -> None:
    whole = read_ledger(filled, POLICY)
    everybody = take_snapshot(whole, [AS_OF], POLICY)
    company = company_values(whole, [AS_OF.midnight(POLICY.zone)], POLICY)
    with open_store(filled) as store:
        few = take_snapshot(ledger_of_customers(store, some, POLICY), [AS_OF], POLICY, customers=some, company=company)
    expected = everybody.table.filter(pc.is_in(everybody.table.column("customer_id"), pa.array(some)))
    assert few.table.equals(expected)


def test_they_know_the_days_and_the_currency_of_the_whole_ledger(filled: Home) -> None:
    whole = read_ledger(filled, POLICY)
    with open_store(filled) as store:
        few = ledger_of_customers(store, ["c"], POLICY)
    assert (few.starts_on, few.ends_on, few.currency) == (whole.starts_on, whole.ends_on, whole.currency)


def test_an_event_of_the_whole_company_is_theirs_too(bring: Ingest, filled: Home) -> None:
    bring("event,happened_at,until_on\nclosed,2026-04-01,2026-04-08\n", "events", now=NOON)
    with open_store(filled) as store, ledger_of_customers(store, ["a"], POLICY).open() as connection:
        assert connection.sql("SELECT customer_id, event FROM events").fetchall() == [(None, "closed")]


def test_an_empty_ledger_has_nothing_of_anybody(home: Home) -> None:
    with open_store(home) as store, pytest.raises(EmptyLedgerError):
        ledger_of_customers(store, ["a"], POLICY)
