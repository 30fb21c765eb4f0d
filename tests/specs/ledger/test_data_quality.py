"""What doctor names beside soundness: days without lines, ids that look alike, parents in a circle."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from features.ledger.data_quality import data_quality_of
from features.ledger.ingest.in_memory import ledger_of
from tests.text_tables import POLICY, at, table

DAYS = [date(2026, 1, 5) + timedelta(days=each) for each in range(100)]
GAP = ("2026-03-31", "2026-04-01", "2026-04-10")


def test_oddities_are_named_in_plain_words() -> None:
    rows = [(f"c{number}", f"{day} 12:00", "1") for day in DAYS if str(day) not in GAP for number in range(12)]
    rows.append(("C 1", "2026-04-02 12:00", "1"))
    names = ("customer_id", "ordered_at", "amount")
    orders = pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    customers = table("customer_id | parent_id\nc1 | c2\nc2 | c1\nc3 | c1")
    others = {"events": table("event | happened_at\nclosed | 2026-04-10")}
    odd = data_quality_of(ledger_of(orders, customers, POLICY, others=others), at("2027-01-01"), POLICY)
    assert odd.sentences == [
        "Without one line, though such weekdays usually have many customers: 2026-03-31 to 2026-04-01. They count as "
        "missing, not as silence. Load the lines, or say that you were closed: callfirst ingest events FILE.",
        "Closed: 2026-04-10.",
        "1 group of customer ids looks alike: 'c1' (98 rows) and 'C 1' (1 rows). Each stays a separate customer; "
        "if they are one customer, run: callfirst ingest … --same-as FILE (columns customer_id, same_as).",
        "Circular parents: c1 → c2 → c1. Each circle counts as one group: correct parent_id.",
    ]
    assert odd.as_json()["days"][0] == {"first": "2026-03-31", "last": "2026-04-01", "why": "missing"}


def test_a_ledger_without_oddities_says_nothing() -> None:
    orders = table("customer_id | ordered_at | amount\na | 2026-01-01 | 1")
    assert data_quality_of(ledger_of(orders, None, POLICY), at("2027-01-01"), POLICY).sentences == []
