"""What if a customer had ordered? The imagined lines count like real ones, and nothing is stored."""

from __future__ import annotations

import pyarrow as pa
import pytest

from features.ledger.ingest.in_memory import RejectedRowsError, with_orders
from features.snapshot import take_snapshot
from tests.text_tables import POLICY, at, ledger

ORDERS = """
customer_id | ordered_at | amount
a           | 2026-01-05 | 10
a           | 2026-01-15 | 20
b           | 2026-01-20 | 70
"""


def test_an_imagined_order_moves_features_as_the_same_order_in_the_file_would() -> None:
    real = ledger(ORDERS + "a | 2026-01-25 | 30\n")
    imagined = with_orders(ledger(ORDERS), order("2026-01-25", "30"), POLICY)
    expected, told = (take_snapshot(each, [at("2026-02-01")], POLICY).table for each in (real, imagined))
    assert told.equals(expected)


def test_an_imagined_order_of_the_future_is_a_booking_and_no_past_order() -> None:
    booked = with_orders(ledger(ORDERS), order("2026-03-01", "30"), POLICY)
    told = take_snapshot(booked, [at("2026-02-01")], POLICY, customers=["a"])
    assert told.feature("order_days_lifetime").tolist() == [2]


def test_an_imagined_order_passes_the_same_checks_as_a_file() -> None:
    with pytest.raises(RejectedRowsError):
        with_orders(ledger(ORDERS), order("2026-01-25", "thirty"), POLICY)


def test_the_ledger_it_is_imagined_on_stays_as_it_is() -> None:
    before = ledger(ORDERS)
    after = with_orders(before, order("2026-01-25", "30"), POLICY)
    assert before.digest == ledger(ORDERS).digest != after.digest


def order(day: str, amount: str) -> pa.Table:
    return pa.table({"customer_id": ["a"], "ordered_at": [day], "amount": [amount]})
