"""The size of a part of the ledger, and the median of values that come part by part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalog.row_sets import COMPLAINTS, ORDER_LINES
from features.engines.columnar.medians import NOTHING, ValueCounts
from features.engines.partitions import ANSWER_BYTES, ROW_BYTES, parts_of
from features.ledger.customer_range import EVERYBODY, CustomerRange
from features.ledger.ledger import Ledger
from features.ledger.relations import RelationRows
from features.ledger.schema.arrow import CUSTOMERS, REPLACEMENTS
from features.ledger.schema.arrow import ORDER_LINES as LINES_SCHEMA

FIRST_OF_JANUARY = datetime(2026, 1, 1)
ORDER_ROWS = pa.Table.from_pylist(
    [
        {
            "row_id": 1,
            "customer_id": "b",
            "ordered_at": FIRST_OF_JANUARY,
            "order_day": FIRST_OF_JANUARY.date(),
            "amount": 1,
            "currency": "EUR",
            "visible_from": FIRST_OF_JANUARY,
        }
    ],
    LINES_SCHEMA,
)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Lines of a, a, b and c, two complaints of b, and d, which has no rows."""
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
    assert cut == [CustomerRange(None, "c"), CustomerRange("c", None)]
    assert parts_of(connection, [ORDER_LINES], numbers_per_customer=10, part_bytes=part_bytes) == [EVERYBODY]


def test_a_median_of_parts_is_the_median_of_the_whole() -> None:
    """1 2 2 | 7 has 2; 1 2 | 5 9 has 2 + (5 - 2) / 2; no values have NaN."""
    assert (ValueCounts.of(np.array([2.0, 1.0, 2.0])) + ValueCounts.of(np.array([7.0]))).median == 2.0
    assert (NOTHING + ValueCounts.of(np.array([9.0, 1.0])) + ValueCounts.of(np.array([5.0, 2.0]))).median == 2 + (
        5 - 2
    ) / 2
    assert np.isnan((NOTHING + NOTHING).median)


def test_files_tell_which_columns_hold_nothing(tmp_path: Path) -> None:
    """Only a column without one value in all groups of all files is known to be empty."""
    paths = tmp_path / "1.parquet", tmp_path / "2.parquet"
    for path, cost in zip(paths, ([None, None, None], [None, None, 5]), strict=True):
        table = pa.table({"row_id": [1, 2, 3], "cost": pa.array(cost, pa.int64()), "by": pa.nulls(3, pa.string())})
        pq.write_table(table, path, row_group_size=1)
    relation = RelationRows(paths, pa.table({}))
    assert relation.known_columns == {"row_id", "cost"}
    assert replace(relation, rows=paths[:1]).known_columns == {"row_id"}


def test_a_part_of_the_ledger_opens_only_the_files_that_may_hold_its_customers(tmp_path: Path) -> None:
    """Files of B to a, of b to é in two groups, of an id too long for statistics, and of rows without a customer."""
    ids_of_file: dict[str, list[str | None]] = {
        "Ba": ["B", "a"],
        "bé": ["b", "c", "d", "é"],
        "?": ["x" * 10_000],
        "-": [None],
    }
    for name, ids in ids_of_file.items():
        table = pa.table({"customer_id": pa.array(ids, pa.string())})
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=2)
    rows = RelationRows(tuple(tmp_path / f"{name}.parquet" for name in ids_of_file), pa.table({}))
    files_of_range = {
        CustomerRange(None, "B"): "? -",
        CustomerRange("B", "C"): "Ba ? -",
        CustomerRange("a", "b"): "Ba ? -",
        CustomerRange("aa", "b"): "? -",
        CustomerRange("aa", "c"): "bé ? -",
        CustomerRange("a", "e"): "Ba bé ? -",
        CustomerRange("é", None): "bé ? -",
        CustomerRange("\U0001f600", None): "? -",
        EVERYBODY: "Ba bé ? -",
    }
    for customers, files in files_of_range.items():
        within = rows.rows_within(customers)
        assert [path.stem for path in within if isinstance(path, Path)] == files.split(), customers


def test_where_no_file_holds_customers_of_a_range_a_view_is_empty(tmp_path: Path) -> None:
    pq.write_table(ORDER_ROWS, tmp_path / "b.parquet")
    ledger = Ledger(
        order_lines=(tmp_path / "b.parquet",),
        replacements=REPLACEMENTS.empty_table(),
        customers=CUSTOMERS.empty_table(),
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 1, 1),
        currency="EUR",
        digest="",
        known_at_proven=True,
    )
    for customers, lines in {CustomerRange("b", "c"): 1, CustomerRange("c", None): 0}.items():
        with ledger.open(within=customers) as connection:
            assert len(connection.sql("FROM order_lines").fetchall()) == lines


def test_of_several_replacements_the_earliest_counts() -> None:
    """Row 1 is replaced on the 3rd and on the 2nd: it is gone from the 2nd on."""
    second, third = (datetime.combine(date(2026, 1, day), datetime.min.time(), UTC) for day in (2, 3))
    replacements = pa.table({"row_id": [1, 2, 1], "replaced_at": [third, third, second]})
    replaced = RelationRows(pa.table({}), replacements).replaced.sort_by("row_id")
    assert replaced.to_pydict() == {"row_id": [1, 2], "replaced_at": [second, third]}
