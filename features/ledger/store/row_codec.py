"""The two forms of a ledger row: in the database, and in Arrow tables."""

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
    """A row of the database with values that no ingest writes."""

    def __init__(self, table: str, why: str) -> None:
        super().__init__(
            f"The table {table} of the database holds a value that no ingest writes: {why}.",
            "It was changed outside callfirst: restore a backup of the database, then run: callfirst doctor --rebuild.",
        )


def kept_names(relation: Relation) -> tuple[str, ...]:
    """The stored columns of a relation; business days follow from their instants."""
    return ("row_id", *relation.content, "visible_from")


def kept_rows(connection: duckdb.DuckDBPyConnection, table: str, relation: Relation) -> Iterator[tuple[Any, ...]]:
    """The rows of a DuckDB table as the database stores them: file_no, line_no, then those of ``kept_names``."""
    columns = ", ".join(_kept(relation.schema.field(name)) for name in kept_names(relation))
    connection.execute(f"SELECT file_no, line_no, {columns} FROM {table} ORDER BY row_id")
    while chunk := connection.fetchmany(CHUNK_ROWS):
        yield from chunk


def rows_between(
    connection: Connection, relation: Relation, first_row_id: int, last_row_id: int, zone: str
) -> pa.Table:
    """The stored rows of a relation in a range of row_id, both ends included, in its schema."""
    where = f"WHERE row_id BETWEEN {int(first_row_id)} AND {int(last_row_id)} ORDER BY row_id"
    with duckdb.connect() as work:
        work.execute("SET TimeZone = 'UTC'")
        return as_rows(work, raw_rows(connection, relation, where, ()), relation, zone)


def raw_rows(
    connection: Connection,
    relation: Relation,
    where: str,
    parameters: tuple[Any, ...],
    *,
    beside: Mapping[str, str] = EMPTY,
) -> pa.Table:
    """Rows of a relation in the database's own form, straight from the driver's cursor.

    ``beside``: SQL of further integer columns, by name.

    Raises:
        StoredRowError: a value is of another type than its column's.
    """
    names = kept_names(relation)
    fields = [pa.field(name, _stored_type(relation.schema.field(name).type)) for name in names]
    schema = pa.schema(fields + [pa.field(name, pa.int64()) for name in beside])
    statement = ", ".join([*names, *beside.values()])
    result = connection.exec_driver_sql(f"SELECT {statement} FROM {relation.table} {where}", parameters)
    cursor: Any = result.cursor
    batches = []
    while chunk := cursor.fetchmany(CHUNK_ROWS):
        by_column = zip(zip(*chunk, strict=True), schema, strict=True)
        columns = [_typed(values, field, relation) for values, field in by_column]
        batches.append(pa.record_batch(columns, schema=schema))
    return pa.Table.from_batches(batches, schema)


def as_rows(work: duckdb.DuckDBPyConnection, raw: pa.Table, relation: Relation, zone: str) -> pa.Table:
    """Rows in the database's form, converted to the relation's schema, in the order they came in.

    Raises:
        StoredRowError: a value does not fit its column.
    """
    work.register("raw", raw)
    carried = ", ".join(f"{_carried(relation.schema.field(name))} AS {name}" for name in kept_names(relation))
    days = "".join(f", {day_of(column.name, zone)} AS {column.day}" for column in relation.columns if column.day)
    ordered = ", ".join(relation.schema.names)
    statement = f"SELECT {ordered} FROM (SELECT *{days} FROM (SELECT {carried} FROM raw)) ORDER BY row_id"
    try:
        return work.sql(statement).to_arrow_table().cast(relation.schema)
    except (duckdb.DataError, pa.ArrowInvalid) as error:
        raise StoredRowError(relation.table, first_line(error)) from None


def rows_kept(connection: Connection, relation: Relation, *, first_row_id: int = 0) -> int:
    """The number of stored rows of a relation from a row_id on."""
    count = text(f"SELECT count(*) FROM {relation.table} WHERE row_id >= :first")
    return int(connection.execute(count, {"first": first_row_id}).scalar_one())


def money_kept(connection: Connection, record_type: RecordType, *, first_row_id: int = 0) -> Decimal:
    """The money of the stored rows from a row_id on; exact even where the sum outgrows the database's integers."""
    units, parts = connection.execute(
        text(
            f"SELECT coalesce(sum({record_type.money} / 10000), 0), coalesce(sum({record_type.money} % 10000), 0) "
            f"FROM {record_type.relation.table} WHERE row_id >= :first"
        ),
        {"first": first_row_id},
    ).one()
    return Decimal(units) + Decimal(parts).scaleb(-4)


def _typed(values: tuple[Any, ...], field: pa.Field, relation: Relation) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, OverflowError) as error:
        raise StoredRowError(relation.table, f"{field.name}: {first_line(error)}") from None


def _stored_type(arrow_type: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_string(arrow_type) or _is_wide(arrow_type) else pa.int64()


def _is_wide(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(arrow_type) and arrow_type.precision > WIDE)


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
