"""Ledgers in memory: from raw columns through the same checks as files, or with what-if orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from features.ledger.errors import EmptyLedgerError, LedgerError
from features.ledger.ledger import Ledger, digest_of_tables
from features.ledger.merge.cancellations import PAIRS
from features.ledger.merge.currency_conversion import convert
from features.ledger.merge.events import SINCE_EVER, accepted_on, known_of, stored_on
from features.ledger.merge.resolve import resolve_rows
from features.ledger.reading.header_matching import match_columns
from features.ledger.reading.normalise import plain_table
from features.ledger.reading.raw_rows import RawRows
from features.ledger.relations import RelationRows
from features.ledger.schema.arrow import OTHERS, REPLACEMENTS
from features.ledger.schema.currencies import NO_CURRENCY
from features.ledger.schema.record_types import RECORD_TYPES, RELATIONS, RecordType, Relation
from features.ledger.store.versions import successors, with_replaced_at
from features.ledger.validation.row_checks import check_rows, create_checked, open_checks
from features.policy import Policy


class RejectedRowsError(LedgerError):
    """Unusable rows of an in-memory ledger."""

    def __init__(self, kind: str, reasons: dict[str, int]) -> None:
        listed = ", ".join(f"{reason} ({rows})" for reason, rows in reasons.items())
        super().__init__(f"Rows of {kind} cannot be used: {listed}.", "Correct them, or leave them out.")


def ledger_of(
    orders: pa.Table,
    customers: pa.Table | None,
    policy: Policy,
    *,
    others: Mapping[str, pa.Table] | None = None,
    currency: str | None = None,
    history: bool = True,
    ingested_at: datetime = SINCE_EVER,
) -> Ledger:
    """An in-memory ledger of raw columns under the contract's (or usual) names, through the same checks as files.

    ``others``: further tables by their kind. Rows without a known-at count as known when they happened (``history``),
    or else at the later of that and ``ingested_at``. ``currency`` is that of rows that name none; without it the
    policy's. Equal tables have equal digests; another order of rows has another digest.

    Raises:
        RejectedRowsError: a row cannot be used.
        EmptyLedgerError: there is no order line.
    """
    rows_in = currency or policy.reporting_currency or NO_CURRENCY
    door = _Door(policy, rows_in, policy.reporting_currency or rows_in, history, ingested_at)
    given = {"orders": orders} | ({} if customers is None else {"customers": customers}) | dict(others or {})
    with open_checks() as connection:
        relations_held: dict[str, _HeldRows] = {}
        proven = True
        connection.register("stored_rates", RELATIONS["rates"].schema.empty_table())
        for name in sorted((name for name in RECORD_TYPES if name in given), key=lambda name: name != "rates"):
            proven &= _bring(connection, RECORD_TYPES[name], given[name], door)
            if name == "rates":
                connection.register("stored_rates", _left(connection, RECORD_TYPES[name], RELATIONS[name]).rows)
            relations_held |= {
                relation.name: _left(connection, RECORD_TYPES[name], relation)
                for relation in RECORD_TYPES[name].relations
            }
    lines = relations_held.pop("order_lines")
    if not lines.rows.num_rows:
        raise EmptyLedgerError
    states = (
        relations_held[name].rows if name in relations_held else RELATIONS[name].schema.empty_table()
        for name in ("customers", "people")
    )
    versions = with_replaced_at(*states)
    days = pc.min_max(lines.rows.column("order_day")).as_py()
    beside = {
        name: rows_held for name, rows_held in relations_held.items() if name in OTHERS and rows_held.rows.num_rows
    }
    return Ledger(
        order_lines=lines.rows,
        replacements=lines.replacements,
        customers=versions,
        starts_on=days["min"],
        ends_on=days["max"],
        currency=door.reporting,
        digest=digest_of_tables(
            lines.rows, lines.replacements, versions, *(rows_held.rows for rows_held in beside.values())
        ),
        known_at_proven=proven,
        non_product_codes=policy.non_product_codes,
        others={name: RelationRows(rows_held.rows, rows_held.replacements) for name, rows_held in beside.items()},
    )


@dataclass(frozen=True)
class _HeldRows:
    """The rows of a relation after the merge."""

    rows: pa.Table
    replacements: pa.Table


@dataclass(frozen=True)
class _Door:
    """The options for every table of one in-memory ledger."""

    policy: Policy
    currency: str
    reporting: str
    history: bool
    ingested_at: datetime


def _bring(connection: duckdb.DuckDBPyConnection, kind: RecordType, table: pa.Table, door: _Door) -> bool:
    """Whether every row came with a known-at; the rows are in ``accepted`` (and ``accepted_people``)."""
    raw = RawRows(kind.name, plain_table(table), pa.array(range(1, table.num_rows + 1), pa.int64()))
    create_checked(connection, kind)
    matched = match_columns(table.column_names, kind.columns, {}, source=f"the table of {kind.name}")
    check_rows(connection, raw, kind, matched=matched, file_no=1, policy=door.policy, currency=door.currency)
    if kind.converted:
        known = known_of(kind, history=door.history, ingested_at=door.ingested_at, zone=door.policy.time_zone)
        holds_days = door.policy.rate_holds_days
        convert(connection, kind, reporting=door.reporting, holds_days=holds_days, known=known)
    for relation in kind.relations:
        connection.register(stored_on(kind, relation), relation.schema.empty_table())
    if not kind.is_state:
        connection.register("stored_replacements", REPLACEMENTS.empty_table())
    if kind.is_sale:
        connection.register("stored_pairs", PAIRS.empty_table())
    resolve_rows(
        connection, kind, history=door.history, ingested_at=door.ingested_at, first_row_id=1, policy=door.policy
    )
    for relation in kind.relations:
        connection.unregister(stored_on(kind, relation))
    _refuse_rejected(connection, kind.name)
    return not connection.sql("SELECT 1 FROM good WHERE rule NOT IN ('column', 'public') LIMIT 1").fetchall()


def _refuse_rejected(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    reasons = connection.sql(
        "SELECT reason, count(*) FROM checked WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if reasons:
        raise RejectedRowsError(kind, dict(reasons))


def _left(connection: duckdb.DuckDBPyConnection, kind: RecordType, relation: Relation) -> _HeldRows:
    """The rows of a relation and their replacements after the merge."""
    table = accepted_on(kind, relation)
    rows = connection.sql(f"SELECT {', '.join(relation.schema.names)} FROM {table} ORDER BY row_id").to_arrow_table()
    if relation.is_state:
        return _HeldRows(rows.cast(relation.schema), successors(connection, table, relation))
    replaced = connection.sql("SELECT row_id, replaced_at FROM replaced ORDER BY row_id").to_arrow_table()
    return _HeldRows(rows.cast(relation.schema), replaced.cast(REPLACEMENTS))


def with_orders(ledger: Ledger, orders: pa.Table, policy: Policy) -> Ledger:
    """The ledger with further order lines, which pass the same checks as a file; nothing is stored.

    ``ledger`` holds its order lines in memory, as from ``ledger_of_customers``. ``orders`` has the columns of the
    contract (at least customer_id, ordered_at, amount); each line is known when it happens.

    Raises:
        RejectedRowsError: a line cannot be used.
    """
    imagined = ledger_of(orders, None, policy, currency=ledger.currency)
    stored_lines, further = ledger.order_lines, imagined.order_lines
    if not isinstance(stored_lines, pa.Table) or not isinstance(further, pa.Table):
        raise TypeError("order lines in files: take the customer's own by ledger_of_customers")
    first = (pc.max(stored_lines.column("row_id")).as_py() or 0) + 1
    numbers = pa.array(range(first, first + len(further)), pa.int64())
    lines = further.set_column(further.column_names.index("row_id"), "row_id", numbers).cast(stored_lines.schema)
    return replace(
        ledger,
        order_lines=pa.concat_tables([stored_lines, lines]),
        starts_on=min(ledger.starts_on, imagined.starts_on),
        ends_on=max(ledger.ends_on, imagined.ends_on),
        digest=digest_of_tables(stored_lines, lines),
    )
