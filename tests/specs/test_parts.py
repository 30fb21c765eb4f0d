"""What a part of the ledger weighs, and the median of values that come part by part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.engines.arrays.medians import NOTHING, Tallied
from features.ledger.ledger import KindRows
from features.parts import ANSWER_BYTES, ROW_BYTES, parts_of
from features.row_sets import COMPLAINTS, ORDER_LINES


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Lines of a, a, b and c, two complaints of b, and d who is only known."""
    connection = duckdb.connect()
    views = {"order_lines": "a a b c", "complaints": "b b", "customers": "a b c d"}
    for view, ids in views.items():
        connection.execute(f"CREATE TABLE {view} AS SELECT unnest(string_split('{ids}', ' ')) AS customer_id")
    return connection


def test_a_part_is_weighed_by_the_rows_of_every_stream_and_by_the_answers_of_every_customer(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """a: 2 rows, b: 1 + 2, c: 1, d: none; each 10 numbers. a and b fill a part: c begins the next."""
    part_bytes = (2 + 1 + 2) * ROW_BYTES + 2 * 10 * ANSWER_BYTES
    streams = [ORDER_LINES, COMPLAINTS]
    cut = parts_of(connection, streams, numbers_per_customer=10, part_bytes=part_bytes)
    assert cut == ["customer_id < 'c'", "customer_id >= 'c'"]
    assert parts_of(connection, [ORDER_LINES], numbers_per_customer=10, part_bytes=part_bytes) == ["TRUE"]


def test_a_median_of_parts_is_the_median_of_the_whole() -> None:
    """Of 1 2 2 | 7 it is 2; of 1 2 | 5 9 it is 2 + (5 - 2) / 2; of nothing it is NaN."""
    assert (Tallied.of(np.array([2.0, 1.0, 2.0])) + Tallied.of(np.array([7.0]))).median == 2.0
    assert (NOTHING + Tallied.of(np.array([9.0, 1.0])) + Tallied.of(np.array([5.0, 2.0]))).median == 2 + (5 - 2) / 2
    assert np.isnan((NOTHING + NOTHING).median)


def test_files_tell_which_columns_hold_nothing(tmp_path: Path) -> None:
    """Only a column without one value in all groups of all files is known to be empty."""
    paths = tmp_path / "1.parquet", tmp_path / "2.parquet"
    for path, cost in zip(paths, ([None, None, None], [None, None, 5]), strict=True):
        table = pa.table({"row_id": [1, 2, 3], "cost": pa.array(cost, pa.int64()), "by": pa.nulls(3, pa.string())})
        pq.write_table(table, path, row_group_size=1)
    held = KindRows(paths, pa.table({}))
    assert held.known_columns == {"row_id", "cost"}
    assert replace(held, rows=paths[:1]).known_columns == {"row_id"}


def test_of_several_replacements_the_earliest_counts() -> None:
    """Row 1 is replaced on the 3rd and on the 2nd: it is gone from the 2nd on."""
    second, third = (datetime.combine(date(2026, 1, day), datetime.min.time(), UTC) for day in (2, 3))
    replacements = pa.table({"row_id": [1, 2, 1], "replaced_at": [third, third, second]})
    found = KindRows(pa.table({}), replacements).replaced.sort_by("row_id")
    assert found.to_pydict() == {"row_id": [1, 2], "replaced_at": [second, third]}
