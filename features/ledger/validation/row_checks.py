"""The check of raw rows: each gets its values, or the reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from features.ledger.parsing.format_votes import votes_of
from features.ledger.parsing.inference import Dialect, dialect_of
from features.ledger.parsing.layout import RowLayout, lay_out
from features.ledger.reading.raw_rows import Misfit, RawRows
from features.ledger.schema.record_types import SQL_TYPES, RecordType
from features.ledger.schema.work_tables import WorkTable
from features.ledger.validation.cross_row_checks import quarantine_collisions, quarantine_totals
from features.ledger.validation.row_reasons import reason_of, set_aside_bits
from features.ledger.validation.row_values import (
    amount_from_price,
    numeric_columns,
    readings_of,
    results_of,
    values_of,
)
from features.policy import Policy


def open_checks() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection of its own, where times are UTC."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def create_checked(connection: duckdb.DuckDBPyConnection, record_type: RecordType) -> None:
    """An empty table ``checked`` for rows of a record type: every column of the contract, and a reason."""
    columns = [f"{column.name} {SQL_TYPES[column.kind]}" for column in record_type.columns]
    columns += [f"{day} DATE" for day in record_type.days.values()]
    columns += [f"{column.name} {SQL_TYPES[column.kind]}" for column in record_type.relation.originals]
    columns += ["rate_known_at TIMESTAMP"] if record_type.converted else []
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {WorkTable.CHECKED} (file_no INTEGER, line_no BIGINT, {', '.join(columns)}, "
        "reason VARCHAR, aside INTEGER)"
    )


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    raw: RawRows,
    record_type: RecordType,
    *,
    matched: Mapping[str, str],
    file_no: int,
    policy: Policy,
    currency: str,
) -> tuple[str, ...]:
    """Remarks on the reading of ``raw``; each of its rows is in ``checked``, with its values or a reason.

    Rows that name no currency get ``currency``; times without a zone are business time.

    Raises:
        AmbiguousDatesError: a column of dates may be day first or month first.
        AmbiguousNumbersError: a column of money may have a decimal point or a decimal comma.
    """
    layout = lay_out(connection, raw, record_type, matched)
    dialect = dialect_of(votes_of(connection, layout), layout)
    check_laid_out(connection, layout, dialect, file_no=file_no, policy=policy, currency=currency)
    if raw.misfits:
        check_misfits(connection, raw.misfits, file_no=file_no)
    if not record_type.is_sale:
        return dialect.remarks
    totals, _ = quarantine_totals(connection, file_no=file_no, source=raw.name)
    quarantine_collisions(connection, file_no=file_no)
    return (*dialect.remarks, *totals)


def check_laid_out(
    connection: duckdb.DuckDBPyConnection,
    layout: RowLayout,
    dialect: Dialect,
    *,
    file_no: int,
    policy: Policy,
    currency: str,
) -> None:
    """Every row of ``texts`` is in ``checked``, and ``texts`` is dropped; see :func:`check_rows`."""
    numbers, zone = numeric_columns(layout, dialect), policy.time_zone
    from_price = amount_from_price(numbers)
    connection.execute(
        f"INSERT INTO {WorkTable.CHECKED} BY NAME "
        f"SELECT {file_no} AS file_no, {', '.join(results_of(layout, zone, currency))}, "
        f"{reason_of(layout, dialect, policy, from_price, currency)} AS reason, {set_aside_bits(layout)} AS aside "
        f"FROM (SELECT *, {', '.join(values_of(layout, numbers, zone, from_price))} "
        f"FROM (SELECT line_no, {', '.join(readings_of(layout, dialect, numbers, zone))} FROM {WorkTable.TEXTS}))"
    )
    connection.execute(f"DROP TABLE {WorkTable.TEXTS}")


def check_misfits(connection: duckdb.DuckDBPyConnection, misfits: Sequence[Misfit], *, file_no: int) -> None:
    """Every line that is no row is in ``checked`` with its reason."""
    lines = pa.array([misfit.line for misfit in misfits], pa.int64())
    reasons = pa.array([str(misfit.reason) for misfit in misfits], pa.string())
    connection.register("misfits", pa.table({"line_no": lines, "reason": reasons}))
    connection.execute(
        f"INSERT INTO {WorkTable.CHECKED} BY NAME SELECT {file_no} AS file_no, line_no, reason, 0 AS aside FROM misfits"
    )
    connection.unregister("misfits")
