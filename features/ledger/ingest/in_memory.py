"""A ledger in memory: made of raw columns through the same checks as files, or with orders it might have had."""

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
    """Rows of an in-memory ledger that cannot be used."""

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

    ``others``: further tables by their kind. Rows without a known-at of their own were known when they happened
    (``history``), or else at the later of that and ``ingested_at``. ``currency`` is that of rows that name none;
    without it the policy's. Equal tables give equal digests; another order of rows another one.

    Raises:
        RejectedRowsError: a row cannot be used.
        EmptyLedgerError: there is no order line.
    """
    rows_in = currency or policy.reporting_currency or NO_CURRENCY
    door = _Door(policy, rows_in, policy.reporting_currency or rows_in, history, ingested_at)
    given = {"orders": orders} | ({} if customers is None else {"customers": customers}) | dict(others or {})
    with open_checks() as connection:
        held: dict[str, _HeldRows] = {}
        proven = True
        connection.register("stored_rates", RELATIONS["rates"].schema.empty_table())
        for name in sorted((name for name in RECORD_TYPES if name in given), key=lambda name: name != "rates"):
            proven &= _bring(connection, RECORD_TYPES[name], given[name], door)
            if name == "rates":
                connection.register("stored_rates", _left(connection, RECORD_TYPES[name], RELATIONS[name]).rows)
            held |= {shelf.name: _left(connection, RECORD_TYPES[name], shelf) for shelf in RECORD_TYPES[name].relations}
    lines = held.pop("order_lines")
    if not lines.rows.num_rows:
        raise EmptyLedgerError
    states = (
        held[name].rows if name in held else RELATIONS[name].schema.empty_table() for name in ("customers", "people")
    )
    versions = with_replaced_at(*states)
    days = pc.min_max(lines.rows.column("order_day")).as_py()
    beside = {name: each for name, each in held.items() if name in OTHERS and each.rows.num_rows}
    return Ledger(
        order_lines=lines.rows,
        replacements=lines.replacements,
        customers=versions,
        starts_on=days["min"],
        ends_on=days["max"],
        currency=door.reporting,
        digest=digest_of_tables(lines.rows, lines.replacements, versions, *(each.rows for each in beside.values())),
        known_at_proven=proven,
        non_product_codes=policy.non_product_codes,
        others={name: RelationRows(each.rows, each.replacements) for name, each in beside.items()},
    )


@dataclass(frozen=True)
class _HeldRows:
    """What the merge left on a shelf."""

    rows: pa.Table
    replacements: pa.Table


@dataclass(frozen=True)
class _Door:
    """How every table of one in-memory ledger comes in."""

    policy: Policy
    currency: str
    reporting: str
    history: bool
    ingested_at: datetime


def _bring(connection: duckdb.DuckDBPyConnection, kind: RecordType, table: pa.Table, door: _Door) -> bool:
    """Whether every row came with a known-at of its own; they now stand in ``accepted`` (and ``accepted_people``)."""
    raw = RawRows(kind.name, plain_table(table), pa.array(range(1, table.num_rows + 1), pa.int64()))
    create_checked(connection, kind.name)
    matched = match_columns(table.column_names, kind.columns, {}, source=f"the table of {kind.name}")
    check_rows(connection, raw, kind.name, matched=matched, file_no=1, policy=door.policy, currency=door.currency)
    if kind.converted:
        known = known_of(kind, history=door.history, ingested_at=door.ingested_at, zone=door.policy.time_zone)
        holds_days = door.policy.rate_holds_days
        convert(connection, kind, reporting=door.reporting, holds_days=holds_days, known=known)
    for shelf in kind.relations:
        connection.register(stored_on(kind, shelf), shelf.schema.empty_table())
    if not kind.is_state:
        connection.register("stored_replacements", REPLACEMENTS.empty_table())
    if kind.is_sale:
        connection.register("stored_pairs", PAIRS.empty_table())
    resolve_rows(
        connection, kind, history=door.history, ingested_at=door.ingested_at, first_row_id=1, policy=door.policy
    )
    for shelf in kind.relations:
        connection.unregister(stored_on(kind, shelf))
    _refuse_rejected(connection, kind.name)
    return not connection.sql("SELECT 1 FROM good WHERE rule NOT IN ('column', 'public') LIMIT 1").fetchall()


def _refuse_rejected(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    reasons = connection.sql(
        "SELECT reason, count(*) FROM checked WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if reasons:
        raise RejectedRowsError(kind, dict(reasons))


def _left(connection: duckdb.DuckDBPyConnection, kind: RecordType, shelf: Relation) -> _HeldRows:
    """The rows of a shelf and their replacements, as the merge left them."""
    table = accepted_on(kind, shelf)
    rows = connection.sql(f"SELECT {', '.join(shelf.schema.names)} FROM {table} ORDER BY row_id").to_arrow_table()
    if shelf.is_state:
        return _HeldRows(rows.cast(shelf.schema), successors(connection, table, shelf))
    replaced = connection.sql("SELECT row_id, replaced_at FROM replaced ORDER BY row_id").to_arrow_table()
    return _HeldRows(rows.cast(shelf.schema), replaced.cast(REPLACEMENTS))


def with_orders(ledger: Ledger, orders: pa.Table, policy: Policy) -> Ledger:
    """The ledger with further order lines, which pass the same checks as a file; nothing is stored.

    ``ledger`` holds its order lines in memory, as that of ``ledger_of_customers`` does. ``orders`` has the columns of
    the contract (customer_id, ordered_at, amount at the least); each line is known from when it happens.

    Raises:
        RejectedRowsError: a line cannot be used.
    """
    imagined = ledger_of(orders, None, policy, currency=ledger.currency)
    held, further = ledger.order_lines, imagined.order_lines
    if not isinstance(held, pa.Table) or not isinstance(further, pa.Table):
        raise TypeError("order lines in files: take the customer's own by ledger_of_customers")
    first = (pc.max(held.column("row_id")).as_py() or 0) + 1
    numbers = pa.array(range(first, first + len(further)), pa.int64())
    lines = further.set_column(further.column_names.index("row_id"), "row_id", numbers).cast(held.schema)
    return replace(
        ledger,
        order_lines=pa.concat_tables([held, lines]),
        starts_on=min(ledger.starts_on, imagined.starts_on),
        ends_on=max(ledger.ends_on, imagined.ends_on),
        digest=digest_of_tables(held, lines),
    )
