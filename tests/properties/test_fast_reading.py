"""What typed numbers and tidy texts are read as: the same as by the long way over their trimmed text."""

from __future__ import annotations

import math
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.ledger.parsing.layout import is_tidy
from features.ledger.parsing.numbers import DecimalSign, NumericColumn
from features.ledger.parsing.text import text_of, tidy_text_of

CENTS = st.integers(-(10**15), 10**15).map(lambda units: units / 10_000)
DOUBLES = (
    st.floats() | CENTS | st.floats(-1e12, 1e12) | st.sampled_from([0.5, -0.0, 1e11, 1e15, 5e-5, 2.00005, math.nan])
)
COLUMNS = (
    st.lists(st.none() | DOUBLES, min_size=1).map(lambda values: pa.array(values, pa.float64()))
    | st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1).map(
        lambda values: pa.array(values, pa.int64())
    )
    | st.lists(st.none() | st.integers(0, 2**64 - 1), min_size=1).map(lambda values: pa.array(values, pa.uint64()))
    | st.integers(0, 20).flatmap(
        lambda scale: st.lists(st.none() | st.integers(-(10**30), 10**30), min_size=1).map(
            lambda units: pa.array(
                [None if each is None else Decimal(each).scaleb(-scale) for each in units], pa.decimal128(38, scale)
            )
        )
    )
)


def read(column: pa.Array, kind: pa.DataType) -> list[tuple[object, ...]]:
    number = NumericColumn("n", kind, DecimalSign.POINT)
    with duckdb.connect() as work:
        work.register("found", pa.table({"n": column}))
        texts = "SELECT n FROM found" if kind == column.type else f"SELECT {text_of('n', column.type)} AS n FROM found"
        readings = f"SELECT {number.is_given} AS is_given, {number.number} AS n_read FROM ({texts})"
        rows = f"SELECT is_given, n_read IS NOT NULL, {number.wide}, {number.money} FROM ({readings})"
        values: list[tuple[object, ...]] = work.sql(rows).fetchall()
    return values


@given(COLUMNS)
@settings(max_examples=60, deadline=None)
def test_a_typed_number_is_read_as_its_text_would_be(column: pa.Array) -> None:
    assert read(column, column.type) == read(column, pa.string())


def test_doubles_of_four_decimals_are_read_to_the_last_place() -> None:
    units = np.concatenate([np.arange(-20_000, 20_000), 10**14 + np.arange(20_000) * 49_999])
    amounts = [money for *_, money in read(pa.array(units / 10_000), pa.float64())]
    assert amounts == [Decimal(int(unit)).scaleb(-4) for unit in units]


@given(st.lists(st.none() | st.text(st.sampled_from("ab ~!\t\x00\x7fé N/A"), max_size=6) | st.just("NaN"), min_size=1))
@settings(max_examples=80, deadline=None)
def test_a_tidy_column_needs_no_trimming(texts: list[str | None]) -> None:
    column = pa.array([None, " not seen ", *texts], pa.string()).slice(2)
    present = [text for text in texts if text]
    printable = all(" " <= letter <= "~" for text in present for letter in text)
    assert is_tidy(pa.chunked_array([column])) == (printable and all(text == text.strip(" ") for text in present))
    if is_tidy(pa.chunked_array([column])):
        with duckdb.connect() as work:
            work.register("found", pa.table({"t": column}))
            pairs = work.sql(f"SELECT {tidy_text_of('t')}, {text_of('t', pa.string())} FROM found").fetchall()
        assert all(short == long for short, long in pairs)
