"""The two forms of a ledger row: as the database keeps it, and as frames carry it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, text

from features.errors import first_line
from features.ledger.errors import LedgerError
from features.ledger.schema.record_types import RecordType, Relation
from features.ledger.sql import day_of

EMPTY: Mapping[str, str] = {}
CHUNK_ROWS = 50_000
WIDE = 18  # digits from which a decimal does not fit the database's integers, and is kept as text


class StoredRowError(LedgerError):
    """A row of the database holds what no ingest writes."""

    def __init__(self, table: str, why: str) -> None:
        super().__init__(
            f"The table {table} of the database holds a value that no ingest writes: {why}.",
            "Somebody or the disk changed it: restore a backup of the database, then: callfirst doctor --rebuild.",
        )


def kept_names(shelf: Relation) -> tuple[str, ...]:
    """The columns of a shelf that the database keeps; business days follow from their instants."""
    return ("row_id", *shelf.content, "visible_from")


def kept_rows(connection: duckdb.DuckDBPyConnection, table: str, shelf: Relation) -> Iterator[tuple[Any, ...]]:
    """The rows of a DuckDB table as the database keeps them: file_no, line_no, then those of ``kept_names``."""
    columns = ", ".join(_kept(shelf.schema.field(name)) for name in kept_names(shelf))
    connection.execute(f"SELECT file_no, line_no, {columns} FROM {table} ORDER BY row_id")
    while chunk := connection.fetchmany(CHUNK_ROWS):
        yield from chunk


def rows_between(connection: Connection, shelf: Relation, first_row_id: int, last_row_id: int, zone: str) -> pa.Table:
    """The rows of a shelf in the database in a range of row_id, both ends included, as its schema has them."""
    where = f"WHERE row_id BETWEEN {int(first_row_id)} AND {int(last_row_id)} ORDER BY row_id"
    with duckdb.connect() as frames:
        frames.execute("SET TimeZone = 'UTC'")
        return as_rows(frames, raw_rows(connection, shelf, where, ()), shelf, zone)


def raw_rows(
    connection: Connection,
    shelf: Relation,
    where: str,
    parameters: tuple[Any, ...],
    *,
    beside: Mapping[str, str] = EMPTY,
) -> pa.Table:
    """Rows of a shelf in the database's own form, from the driver's own cursor: nothing has to be made of them.

    ``beside``: SQL of whole numbers that are asked for too, by name.

    Raises:
        StoredRowError: a value is of another type than its column's.
    """
    names = kept_names(shelf)
    fields = [pa.field(name, _raw_kind(shelf.schema.field(name).type)) for name in names]
    kinds = pa.schema(fields + [pa.field(name, pa.int64()) for name in beside])
    asked = ", ".join([*names, *beside.values()])
    result = connection.exec_driver_sql(f"SELECT {asked} FROM {shelf.table} {where}", parameters)
    cursor: Any = result.cursor
    batches = []
    while chunk := cursor.fetchmany(CHUNK_ROWS):
        columns = [_typed(values, kind, shelf) for values, kind in zip(zip(*chunk, strict=True), kinds, strict=True)]
        batches.append(pa.record_batch(columns, schema=kinds))
    return pa.Table.from_batches(batches, kinds)


def as_rows(frames: duckdb.DuckDBPyConnection, raw: pa.Table, shelf: Relation, zone: str) -> pa.Table:
    """Rows in the database's form as the shelf's schema has them, in the order they came in.

    Raises:
        StoredRowError: a value is beyond what its column can be.
    """
    frames.register("raw", raw)
    carried = ", ".join(f"{_carried(shelf.schema.field(name))} AS {name}" for name in kept_names(shelf))
    days = "".join(f", {day_of(column.name, zone)} AS {column.day}" for column in shelf.columns if column.day)
    ordered = ", ".join(shelf.schema.names)
    asked = f"SELECT {ordered} FROM (SELECT *{days} FROM (SELECT {carried} FROM raw)) ORDER BY row_id"
    try:
        return frames.sql(asked).to_arrow_table().cast(shelf.schema)
    except (duckdb.DataError, pa.ArrowInvalid) as error:
        raise StoredRowError(shelf.table, first_line(error)) from None


def rows_kept(connection: Connection, shelf: Relation, *, first_row_id: int = 0) -> int:
    """How many rows of a shelf the database holds from a row_id on."""
    count = text(f"SELECT count(*) FROM {shelf.table} WHERE row_id >= :first")
    return int(connection.execute(count, {"first": first_row_id}).scalar_one())


def money_kept(connection: Connection, kind: RecordType, *, first_row_id: int = 0) -> Decimal:
    """The money of the rows the database holds from a row_id on; exact where the sum outgrows its integers."""
    units, parts = connection.execute(
        text(
            f"SELECT coalesce(sum({kind.money} / 10000), 0), coalesce(sum({kind.money} % 10000), 0) "
            f"FROM {kind.relation.table} WHERE row_id >= :first"
        ),
        {"first": first_row_id},
    ).one()
    return Decimal(units) + Decimal(parts).scaleb(-4)


def _typed(values: tuple[Any, ...], field: pa.Field, shelf: Relation) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, OverflowError) as error:
        raise StoredRowError(shelf.table, f"{field.name}: {first_line(error)}") from None


def _raw_kind(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_string(kind) or _is_wide(kind) else pa.int64()


def _is_wide(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) and kind.precision > WIDE)


def _kept(field: pa.Field) -> str:
    if _is_wide(field.type):
        return f"CAST({field.name} AS VARCHAR)"
    if pa.types.is_decimal(field.type):
        return f"CAST(CAST({field.name} AS DECIMAL(38,4)) * 10000 AS BIGINT)"
    if pa.types.is_timestamp(field.type):
        return f"epoch_us({field.name})"
    if pa.types.is_date(field.type):
        return f"CAST({field.name} - DATE '1970-01-01' AS INTEGER)"
    if pa.types.is_boolean(field.type):
        return f"CAST({field.name} AS INTEGER)"
    return str(field.name)


def _carried(field: pa.Field) -> str:
    name = field.name
    if _is_wide(field.type):
        return f"CAST({name} AS DECIMAL({field.type.precision},{field.type.scale}))"
    if pa.types.is_decimal(field.type):
        return f"CAST(CAST({name} AS DECIMAL(18,0)) * CAST(0.0001 AS DECIMAL(5,4)) AS DECIMAL(18,4))"
    if pa.types.is_timestamp(field.type):
        return f"make_timestamp({name})"
    if pa.types.is_date(field.type):
        return f"CAST(DATE '1970-01-01' + CAST({name} AS INTEGER) AS DATE)"
    if pa.types.is_boolean(field.type):
        return f"CAST({name} AS BOOLEAN)"
    return str(name)
