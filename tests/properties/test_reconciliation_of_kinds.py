"""Whatever a file of any kind holds: every row comes in, was there or is quarantined, and the ledger holds it."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputTable
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.schema.column import ColumnKind
from features.ledger.schema.record_types import RECORD_TYPES, ColumnSpec, RecordType
from features.policy import Policy
from tests.specs.ingested import LATER, NOW
from tests.text_tables import table

POLICY = Policy(reporting_currency="EUR", time_zone="Europe/Berlin")
ORDER = table("customer_id | ordered_at | amount\na | 2026-01-01 | 1")
IDS = ["a", "b", "", "a\x00"]
DATES = ["2026-01-01", "2026-01-02 10:30", "2026-01-02 09:15", "20260103", "someday", "", "1066-10-14"]
VALUES = {
    ColumnKind.TEXT: ["one", "two", "", "n/a", "broken \ufffd"],
    ColumnKind.MONEY: ["1", "-2.50", "1e999", "x", ""],
    ColumnKind.NUMBER: ["0", "7.5", "11", "-1", "x", ""],
    ColumnKind.PRECISE: ["0.5", "0.333333333333", "0", "2", "x", ""],
    ColumnKind.DAY: DATES,
    ColumnKind.INSTANT: DATES,
    ColumnKind.YES_NO: ["yes", "N", "да", "perhaps", ""],
    ColumnKind.WORDS: ["strategic", "VIP; image", "pretty", ""],
}


def values_of(column: ColumnSpec) -> st.SearchStrategy[str]:
    if column.name.endswith("_id"):
        return st.sampled_from(IDS)
    if column.name == "currency":
        return st.sampled_from(["EUR", "eur", "USD", "EURO", ""])
    if column.kind is ColumnKind.WORD:
        return st.sampled_from([*column.words, *(each for others in column.words.values() for each in others), "?", ""])
    return st.sampled_from(VALUES[column.kind])


def rows_of(kind: RecordType) -> st.SearchStrategy[list[dict[str, str]]]:
    row = st.fixed_dictionaries({column.name: values_of(column) for column in kind.columns})
    return st.lists(row, min_size=1, max_size=10)


def bring(home: Home, kind: RecordType, rows: list[dict[str, str]], *, later: bool = False) -> Reconciliation:
    columns = {column.name: pa.array([row[column.name] for row in rows], pa.string()) for column in kind.columns}
    now = LATER if later else NOW
    return ingest(IngestRequest(kind.name, InputTable(pa.table(columns), "drawn"), home=home, policy=POLICY, now=now))


@pytest.mark.parametrize(
    "kind", [kind for kind in RECORD_TYPES.values() if kind.name != "orders"], ids=lambda kind: kind.name
)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_accepted_and_merged_and_quarantined_are_what_was_read(kind: RecordType, data: st.DataObject) -> None:
    first, second = data.draw(rows_of(kind)), data.draw(rows_of(kind))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        ingest(IngestRequest("orders", InputTable(ORDER, "orders"), home=home, policy=POLICY, now=NOW))
        accounts = [bring(home, kind, first), bring(home, kind, second, later=True)]
        assert bring(home, kind, second, later=True).nothing_changed
        for rows, account in zip((first, second), accounts, strict=True):
            total = account.accepted + account.merged + account.quarantined
            assert total.rows == account.read.rows == len(rows)
        accepted = sum(account.accepted.rows for account in accounts)
        with read_ledger(home, POLICY).open() as connection:
            row_ids = [connection.sql(f"SELECT row_id FROM {relation.name}").fetchall() for relation in kind.relations]
            assert len({row for rows in row_ids for row in rows}) == accepted
            if kind.money:
                money = connection.sql(f"SELECT coalesce(sum({kind.money}), 0) FROM {kind.relation.name}").fetchall()
                euros = [account.accepted.money.get("EUR", Decimal(0)) for account in accounts]
                assert money == [(sum(euros, Decimal(0)),)]
        assert check_consistency(home, POLICY, rebuild=False).sound
