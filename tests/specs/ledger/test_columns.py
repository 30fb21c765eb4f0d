"""Which columns of a file stand for which of ours."""

from __future__ import annotations

from decimal import Decimal

import pytest

from features.ledger.ingest.in_memory import ledger_of
from features.ledger.reading.header_matching import ColumnsError, match_columns, parse_mapping
from features.ledger.schema.record_types import ORDER_COLUMNS, RECORD_TYPES, RecordType
from features.policy import Policy
from tests.specs.ingested import Ingest, rows_of
from tests.text_tables import table


@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=list(RECORD_TYPES))
def test_no_usual_name_stands_for_two_columns(kind: RecordType) -> None:
    keys = [key for column in kind.columns for key in column.keys]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["CustomerID", "InvoiceDate", "Revenue"], ("CustomerID", "InvoiceDate", "Revenue")),
        (["Customer ID", "order_date", "Net Sales"], ("Customer ID", "order_date", "Net Sales")),
        (["client_id", "ts", "sales"], ("client_id", "ts", "sales")),
        (["customer_id", "ordered_at", "amount", "total"], ("customer_id", "ordered_at", "amount")),
    ],
)
def test_usual_column_names_are_recognised(found: list[str], expected: tuple[str, ...]) -> None:
    matched = match_columns(found, ORDER_COLUMNS, {}, source="a file")
    assert (matched["customer_id"], matched["ordered_at"], matched["amount"]) == expected


def test_two_columns_for_one_of_ours_are_named_and_refused() -> None:
    with pytest.raises(ColumnsError, match=r"'sales', 'revenue'.*--map"):
        match_columns(["customer", "date", "sales", "revenue"], ORDER_COLUMNS, {}, source="a file")


def test_a_missing_column_is_refused_with_what_was_found_and_an_example() -> None:
    with pytest.raises(ColumnsError, match=r"ordered_at.*'customer', 'sales', 'when'.*--map \"ordered_at=when\""):
        match_columns(["customer", "sales", "when"], ORDER_COLUMNS, {}, source="a file")


def test_a_column_that_the_mapping_took_for_another_is_named_as_what_it_may_be_too() -> None:
    with pytest.raises(ColumnsError) as refused:
        match_columns(["customer", "ordered_at", "sales"], ORDER_COLUMNS, {"known_at": "ordered_at"}, source="f")
    assert '--map "ordered_at=ordered_at"' in refused.value.hint


def test_a_mapping_overrides_recognition_and_must_name_what_is_there() -> None:
    found = ["customer", "date", "sales", "gross"]
    matched = match_columns(found, ORDER_COLUMNS, parse_mapping("amount=gross"), source="a file")
    assert matched["amount"] == "gross"
    for text in ("amount=nothing", "turnover=gross"):
        with pytest.raises(ColumnsError):
            match_columns(found, ORDER_COLUMNS, parse_mapping(text), source="a file")
    with pytest.raises(ColumnsError):
        parse_mapping("amount")


def test_amount_may_come_as_quantity_times_unit_price() -> None:
    ledger = ledger_of(
        table("""
        customer_id | date       | quantity | price
        a           | 2026-01-01 | 3        | 1.10
        a           | 2026-01-02 | -2       | 0.00005
        a           | 2026-01-03 | 1        | 0.00025
        """),
        None,
        Policy(),
    )
    # 3 × 1.10; -2 × 0.00005 = -0.0001; 0.00025 lies between 0.0002 and 0.0003, the even one is taken
    assert [row["amount"] for row in rows_of(ledger)] == [Decimal("3.3000"), Decimal("-0.0001"), Decimal("0.0002")]


def test_columns_that_are_not_used_are_named(bring: Ingest) -> None:
    assert bring("customer_id,date,amount,colour\na,2026-01-01,1,red\n").columns_unused == ("colour",)
