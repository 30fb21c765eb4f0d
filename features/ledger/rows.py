"""Here you find the two forms of a ledger row: as the database keeps it, and as frames carry it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Table, text

from features.ledger.ledger import CUSTOMERS, ORDER_LINES
from features.ledger.parsing import day_of

CHUNK_ROWS = 50_000
LINES_KEPT = tuple(name for name in ORDER_LINES.names if name != "order_day")
VERSIONS_KEPT = tuple(name for name in CUSTOMERS.names if name != "replaced_at")
VERSION_ROWS = pa.schema([field for field in CUSTOMERS if field.name != "replaced_at"])


def kept_rows(
    connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, names: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    """The rows of a DuckDB table as the database keeps them: file_no, line_no, then ``names``."""
    columns = ", ".join(_kept(schema.field(name)) for name in names)
    connection.execute(f"SELECT file_no, line_no, {columns} FROM {table} ORDER BY row_id")
    while chunk := connection.fetchmany(CHUNK_ROWS):
        yield from chunk


def lines_between(connection: Connection, table: Table, first_row_id: int, last_row_id: int, zone: str) -> pa.Table:
    """ORDER_LINES of the database in a range of row_id, both ends included."""
    raw = _raw_between(connection, table, LINES_KEPT, ORDER_LINES, first=first_row_id, last=last_row_id)
    return as_lines(raw, zone)


def as_lines(raw: pa.Table, zone: str) -> pa.Table:
    """ORDER_LINES of rows in the database's form."""
    with duckdb.connect() as frames:
        frames.execute("SET TimeZone = 'UTC'")
        frames.register("raw", raw)
        columns = ", ".join(_carried(ORDER_LINES.field(name)) for name in LINES_KEPT)
        ordered = ", ".join(ORDER_LINES.names)
        carried = f"SELECT *, {day_of('ordered_at', zone)} AS order_day FROM (SELECT {columns} FROM raw)"
        return frames.sql(f"SELECT {ordered} FROM ({carried}) ORDER BY row_id").to_arrow_table().cast(ORDER_LINES)


def money_kept(connection: Connection, *, first_row_id: int = 0) -> tuple[int, Decimal]:
    """Order lines the database holds from a row_id on, and their money; exact where the sum outgrows its integers."""
    rows, units, parts = connection.execute(
        text(
            "SELECT count(*), coalesce(sum(amount / 10000), 0), coalesce(sum(amount % 10000), 0) "
            "FROM order_lines WHERE row_id >= :first"
        ),
        {"first": first_row_id},
    ).one()
    return rows, Decimal(units) + Decimal(parts).scaleb(-4)


def customer_versions(connection: Connection, table: Table) -> pa.Table:
    """Every version of every customer, as VERSION_ROWS."""
    raw = _raw_between(connection, table, VERSIONS_KEPT, VERSION_ROWS, first=0, last=2**62)
    with duckdb.connect() as frames:
        frames.register("raw", raw)
        columns = ", ".join(_carried(VERSION_ROWS.field(name)) for name in VERSIONS_KEPT)
        return frames.sql(f"SELECT {columns} FROM raw ORDER BY row_id").to_arrow_table().cast(VERSION_ROWS)


def _raw_between(
    connection: Connection, table: Table, names: tuple[str, ...], schema: pa.Schema, *, first: int, last: int
) -> pa.Table:
    kinds = pa.schema([pa.field(name, _raw_kind(schema.field(name).type)) for name in names])
    result = connection.exec_driver_sql(
        f"SELECT {', '.join(names)} FROM {table.name} WHERE row_id BETWEEN {int(first)} AND {int(last)} ORDER BY row_id"
    )
    batches = []
    while chunk := result.fetchmany(CHUNK_ROWS):
        columns = [pa.array(values, kind.type) for values, kind in zip(zip(*chunk, strict=True), kinds, strict=True)]
        batches.append(pa.record_batch(columns, schema=kinds))
    return pa.Table.from_batches(batches, kinds)


def _raw_kind(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_string(kind) else pa.int64()


def _kept(field: pa.Field) -> str:
    if pa.types.is_decimal(field.type):
        return f"CAST(CAST({field.name} AS DECIMAL(38,4)) * 10000 AS BIGINT)"
    if pa.types.is_timestamp(field.type):
        return f"epoch_us({field.name})"
    if pa.types.is_date(field.type):
        return f"CAST({field.name} - DATE '1970-01-01' AS INTEGER)"
    return str(field.name)


def _carried(field: pa.Field) -> str:
    name = field.name
    if pa.types.is_decimal(field.type):
        return f"CAST(CAST({name} AS DECIMAL(18,0)) * CAST(0.0001 AS DECIMAL(5,4)) AS DECIMAL(18,4)) AS {name}"
    if pa.types.is_timestamp(field.type):
        return f"make_timestamp({name}) AS {name}"
    if pa.types.is_date(field.type):
        return f"CAST(DATE '1970-01-01' + CAST({name} AS INTEGER) AS DATE) AS {name}"
    return str(name)
