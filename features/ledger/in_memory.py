"""Here you find a ledger made in memory of raw columns, through the same checks as files."""

from __future__ import annotations

import hashlib
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from features.ledger.cancellations import PAIRS, cancel_at_once
from features.ledger.checks import check_rows, create_checked, open_checks, refuse_other_currencies
from features.ledger.columns import KINDS
from features.ledger.currencies import NO_CURRENCY
from features.ledger.ledger import CUSTOMERS, ORDER_LINES, REPLACEMENTS, EmptyLedgerError, Ledger, LedgerError
from features.ledger.matching import match_columns
from features.ledger.merging import SINCE_EVER, merge_customers, merge_orders
from features.ledger.plain import plain_table
from features.ledger.raw import RawRows
from features.ledger.rows import VERSION_ROWS
from features.ledger.versions import with_replaced_at
from features.policy import Policy


class RejectedRowsError(LedgerError):
    """Rows of an in-memory ledger that cannot be used."""

    def __init__(self, kind: str, reasons: dict[str, int]) -> None:
        listed = ", ".join(f"{reason} ({rows})" for reason, rows in reasons.items())
        super().__init__(f"Rows of {kind} cannot be used: {listed}.", "Correct them, or leave them out.")


def ledger_of(
    orders: pa.Table,
    customers: pa.Table | None,
    policy: Policy,
    *,
    currency: str | None = None,
    history: bool = True,
    ingested_at: datetime = SINCE_EVER,
) -> Ledger:
    """An in-memory ledger of raw columns under the contract's (or usual) names, through the same checks as files.

    Rows without a known-at of their own were known when they happened (``history``), or else at the later of that
    and ``ingested_at``. ``currency`` is that of rows that name none; without it the policy's. Equal tables give
    equal digests; another order of rows another one.

    Raises:
        RejectedRowsError: a row cannot be used.
        EmptyLedgerError: there is no row.
    """
    rows_in = currency or policy.reporting_currency or NO_CURRENCY
    reporting = policy.reporting_currency or rows_in
    with open_checks() as connection:
        _check_table(connection, "orders", orders, policy, rows_in)
        refuse_other_currencies(connection, reporting)
        connection.register("stored", ORDER_LINES.empty_table())
        connection.register("stored_replacements", REPLACEMENTS.empty_table())
        merge_orders(connection, history=history, ingested_at=ingested_at, first_row_id=1)
        connection.register("stored_pairs", PAIRS.empty_table())
        cancel_at_once(connection, minutes=policy.cancel_minutes, zone=policy.time_zone)
        _refuse_rejected(connection, "orders")
        proven = not connection.sql("SELECT 1 FROM good WHERE rule <> 'column' LIMIT 1").fetchall()
        lines = _accepted(connection).cast(ORDER_LINES)
        replacements = connection.sql("SELECT row_id, replaced_at FROM replaced ORDER BY row_id").to_arrow_table()
        replacements = replacements.cast(REPLACEMENTS)
        connection.unregister("stored")
        versions = CUSTOMERS.empty_table()
        if customers is not None:
            _check_table(connection, "customers", customers, policy, rows_in)
            connection.register("stored", VERSION_ROWS.empty_table())
            merge_customers(connection, history=history, ingested_at=ingested_at, first_row_id=1)
            _refuse_rejected(connection, "customers")
            versions = with_replaced_at(_accepted(connection))
    if not lines.num_rows:
        raise EmptyLedgerError
    days = pc.min_max(lines.column("order_day")).as_py()
    return Ledger(
        order_lines=lines,
        replacements=replacements,
        customers=versions,
        starts_on=days["min"],
        ends_on=days["max"],
        currency=reporting,
        digest=_digest_of(lines, replacements, versions),
        known_at_proven=proven,
        non_product_codes=policy.non_product_codes,
    )


def _check_table(
    connection: duckdb.DuckDBPyConnection, kind: str, table: pa.Table, policy: Policy, currency: str
) -> None:
    raw = RawRows(kind, plain_table(table), pa.array(range(1, table.num_rows + 1), pa.int64()))
    create_checked(connection, kind)
    matched = match_columns(table.column_names, KINDS[kind], {}, source=f"the table of {kind}")
    check_rows(connection, raw, kind, matched=matched, file_no=1, zone=policy.time_zone, currency=currency)


def _refuse_rejected(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    reasons = connection.sql(
        "SELECT reason, count(*) FROM checked WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if reasons:
        raise RejectedRowsError(kind, dict(reasons))


def _accepted(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    return connection.sql("SELECT * EXCLUDE (file_no, line_no) FROM accepted ORDER BY row_id").to_arrow_table()


def _digest_of(*tables: pa.Table) -> str:
    """SHA-256, hex, of the tables' values."""
    digest = hashlib.sha256()
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()
