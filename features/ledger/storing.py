"""Here you find what one batch leaves in the database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Table, func, insert, select

from features.ledger.dirty import Fresh, mark_dirty
from features.ledger.ledger import ORDER_LINES
from features.ledger.merging import digest_of
from features.ledger.reconciliation import Reconciliation, UnreconciledError
from features.ledger.rows import LINES_KEPT, VERSION_ROWS, VERSIONS_KEPT, kept_rows, money_kept
from features.ledger.settings import LedgerSettings, keep_settings, read_settings
from features.ledger.store import Progress, insert_rows
from features.ledger.tables import BATCHES, CUSTOMER_VERSIONS, ORDER_REPLACEMENTS, QUARANTINE
from features.ledger.tables import ORDER_LINES as LINES_TABLE

KEPT = {"orders": (LINES_TABLE, ORDER_LINES, LINES_KEPT), "customers": (CUSTOMER_VERSIONS, VERSION_ROWS, VERSIONS_KEPT)}


@dataclass(frozen=True)
class Held:
    """What the ledger held before a batch.

    Attributes:
        settings: None before the first batch of all.
        begun: a batch of this kind brought rows before.
    """

    settings: LedgerSettings | None
    begun: bool
    next_batch_id: int
    next_row_id: int


def newest_batch_of(database: Connection) -> int:
    """The id of the newest batch; 0 before the first."""
    return _next(database, BATCHES, "batch_id") - 1


def held_of(database: Connection, kind: str) -> Held:
    """What the ledger holds, as one who writes next must know it."""
    batches = select(func.count()).where(BATCHES.c.kind == kind, BATCHES.c.accepted_rows > 0)
    return Held(
        settings=read_settings(database),
        begun=bool(database.execute(batches).scalar_one()),
        next_batch_id=_next(database, BATCHES, "batch_id"),
        next_row_id=_next(database, KEPT[kind][0], "row_id"),
    )


def store_batch(
    database: Connection,
    frames: duckdb.DuckDBPyConnection,
    account: Reconciliation,
    quarantined: pa.Table,
    *,
    held: Held,
    settings: LedgerSettings,
    ingested_at: datetime,
    history: bool,
    progress: Progress,
) -> str:
    """The digest of the batch, which now stands in the database: rows, replacements, quarantine and its account."""
    table, schema, names = KEPT[account.kind]
    if account.kind == "orders" and held.settings is None and account.accepted.rows:
        keep_settings(database, settings)
    rows = account.accepted.rows
    digest = _batch_digest(frames, names)
    database.execute(
        insert(BATCHES).values(
            batch_id=held.next_batch_id,
            kind=account.kind,
            ingested_at=ingested_at,
            history=history,
            accepted_rows=rows,
            known_at_given_rows=_known_at_given(frames),
            first_row_id=held.next_row_id if rows else None,
            last_row_id=held.next_row_id + rows - 1 if rows else None,
            first_on=account.first_on,
            last_on=account.last_on,
            digest=digest,
            reconciliation=json.dumps(account.as_json()),
        )
    )
    insert_rows(
        database,
        table,
        ("batch_id", "file_no", "line_no", *names),
        ((held.next_batch_id, *row) for row in kept_rows(frames, "accepted", schema, names)),
        told=lambda done: progress("Storing rows", done, rows),
    )
    if account.kind == "orders":
        _store_replacements(database, frames)
        _refuse_other_money(database, account, held)
    _store_quarantine(database, account.kind, quarantined, held.next_batch_id)
    mark_dirty(database, _touched(frames, account.kind, held.next_batch_id))
    return digest


def _touched(frames: duckdb.DuckDBPyConnection, kind: str, batch_id: int) -> list[Fresh]:
    """A mark for every customer with a row in the batch, or with one that a row of it replaced."""
    moments = "SELECT customer_id, visible_from AS moment FROM accepted"
    if kind == "orders":
        moments += " UNION ALL SELECT customer_id, replaced_at FROM replaced JOIN stored USING (row_id)"
    return frames.sql(
        f"""SELECT customer_id, {batch_id}, epoch_us(min(moment)), epoch_us(max(moment)) FROM ({moments})
        WHERE customer_id IS NOT NULL GROUP BY 1 ORDER BY 1"""
    ).fetchall()


def _store_replacements(database: Connection, frames: duckdb.DuckDBPyConnection) -> None:
    facts = frames.sql("SELECT row_id, by_row_id, epoch_us(replaced_at) FROM replaced ORDER BY ALL").fetchall()
    insert_rows(database, ORDER_REPLACEMENTS, ("row_id", "by_row_id", "replaced_at"), facts)


def _store_quarantine(database: Connection, kind: str, quarantined: pa.Table, batch_id: int) -> None:
    first = _next(database, QUARANTINE, "row_id")
    columns = [quarantined.column(name).to_pylist() for name in quarantined.column_names]
    rows = ((first + at, batch_id, kind, *row) for at, row in enumerate(zip(*columns, strict=True)))
    insert_rows(database, QUARANTINE, ("row_id", "batch_id", "kind", *quarantined.column_names), rows)


def _refuse_other_money(database: Connection, account: Reconciliation, held: Held) -> None:
    """What the database now holds of the batch is what the account says was accepted, to the penny."""
    rows, money = money_kept(database, first_row_id=held.next_row_id)
    if rows != account.accepted.rows or money != sum(account.accepted.money.values(), Decimal(0)):
        raise UnreconciledError(f"{rows} rows and {money} in the database")


def _batch_digest(frames: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> str:
    mixed = frames.sql(f"SELECT count(*) || ' ' || coalesce(bit_xor({digest_of(names)}), 0) FROM accepted").fetchall()
    return hashlib.sha256(str(mixed[0][0]).encode()).hexdigest()


def _known_at_given(frames: duckdb.DuckDBPyConnection) -> int:
    given = frames.sql("SELECT count(*) FROM judged WHERE fate = 'accepted' AND rule = 'column'").fetchall()
    return int(given[0][0])


def _next(database: Connection, table: Table, column: str) -> int:
    newest: int | None = database.execute(select(func.max(table.c[column]))).scalar()
    return (newest or 0) + 1
