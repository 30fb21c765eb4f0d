"""The writing of one batch to the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Table, insert

from features.ledger.merge.events import accepted_on, digest_of
from features.ledger.reconciliation.report import Reconciliation, UnreconciledError
from features.ledger.schema.record_types import RECORD_TYPES, RecordType
from features.ledger.store.batches import LedgerState, next_id
from features.ledger.store.database import insert_rows
from features.ledger.store.dirty_customers import mark_dirty
from features.ledger.store.row_codec import kept_names, kept_rows, money_kept, rows_kept
from features.ledger.store.settings import LedgerSettings, keep_settings
from features.ledger.store.tables import BATCHES, ORDER_REPLACEMENTS, QUARANTINE, ROW_REPLACEMENTS, TABLES
from features.progress import Progress


def store_batch(
    database: Connection,
    work: duckdb.DuckDBPyConnection,
    account: Reconciliation,
    quarantined: pa.Table,
    *,
    state: LedgerState,
    settings: LedgerSettings,
    ingested_at: datetime,
    history: bool,
    progress: Progress,
) -> str:
    """The digest of the batch after it was stored: rows, replacements, quarantine and its account."""
    kind = RECORD_TYPES[account.kind]
    rows = account.accepted.rows
    if rows:
        keep_settings(database, settings)
    digest = _batch_digest(work, kind)
    database.execute(
        insert(BATCHES).values(
            batch_id=state.next_batch_id,
            kind=account.kind,
            ingested_at=ingested_at,
            history=history,
            accepted_rows=rows,
            known_at_given_rows=_known_at_given(work),
            first_row_id=state.next_row_id if rows else None,
            last_row_id=state.next_row_id + rows - 1 if rows else None,
            first_on=account.first_on,
            last_on=account.last_on,
            digest=digest,
            reconciliation=json.dumps(account.as_json()),
        )
    )
    for relation in kind.relations:
        with _indexed_afterwards(database, TABLES[relation.name], is_worth_it=rows >= state.next_row_id):
            insert_rows(
                database,
                TABLES[relation.name],
                ("batch_id", "file_no", "line_no", *kept_names(relation)),
                ((state.next_batch_id, *row) for row in kept_rows(work, accepted_on(kind, relation), relation)),
                on_rows=lambda done: progress("Storing rows", done / max(rows, 1)),
            )
    if not kind.is_state:
        _store_replacements(database, work, kind)
        _refuse_other_rows(database, work, account, state)
    _store_quarantine(database, account.kind, quarantined, state.next_batch_id)
    touched = touched_customers(work, kind).items()
    mark_dirty(database, ((customer, state.next_batch_id, *seen) for customer, seen in touched))
    return digest


@contextmanager
def _indexed_afterwards(database: Connection, table: Table, *, is_worth_it: bool) -> Iterator[None]:
    """Drops the indexes while rows go in, and makes them again at once; only where that is worth it."""
    indexes = sorted(table.indexes, key=lambda index: str(index.name)) if is_worth_it else []
    for index in indexes:
        index.drop(database)
    yield
    for index in indexes:
        index.create(database)


def touched_customers(work: duckdb.DuckDBPyConnection, kind: RecordType) -> dict[str, tuple[int, int]]:
    """Customers with a row that the batch adds or replaces.

    With the first and last instant from which any of these rows is visible, or no longer visible, in microseconds.
    """
    relations = [relation for relation in kind.relations if "customer_id" in relation.content]
    if not relations:
        return {}
    moments = [
        f"SELECT customer_id, visible_from AS moment FROM {accepted_on(kind, relation)}" for relation in relations
    ]
    if not kind.is_state:
        moments.append("SELECT customer_id, replaced_at FROM replaced JOIN stored USING (row_id)")
    rows = work.sql(
        f"""SELECT customer_id, epoch_us(min(moment)), epoch_us(max(moment))
        FROM ({" UNION ALL ".join(moments)}) WHERE customer_id IS NOT NULL GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    return {customer: (first, last) for customer, first, last in rows}


def _store_replacements(database: Connection, work: duckdb.DuckDBPyConnection, kind: RecordType) -> None:
    facts = work.sql("SELECT row_id, by_row_id, epoch_us(replaced_at) FROM replaced ORDER BY ALL").fetchall()
    if kind.name == "orders":
        insert_rows(database, ORDER_REPLACEMENTS, ("row_id", "by_row_id", "replaced_at"), facts)
        return
    names = ("shelf", "row_id", "by_row_id", "replaced_at")
    insert_rows(database, ROW_REPLACEMENTS, names, ((kind.relation.name, *fact) for fact in facts))


def _store_quarantine(database: Connection, kind: str, quarantined: pa.Table, batch_id: int) -> None:
    first = next_id(database, QUARANTINE, "row_id")
    columns = [quarantined.column(name).to_pylist() for name in quarantined.column_names]
    rows = ((first + at, batch_id, kind, *row) for at, row in enumerate(zip(*columns, strict=True)))
    insert_rows(database, QUARANTINE, ("row_id", "batch_id", "kind", *quarantined.column_names), rows)


def _refuse_other_rows(
    database: Connection, work: duckdb.DuckDBPyConnection, account: Reconciliation, state: LedgerState
) -> None:
    """Refuses the batch unless the stored rows and money are exactly those the account says were accepted."""
    kind = RECORD_TYPES[account.kind]
    rows = rows_kept(database, kind.relation, first_row_id=state.next_row_id)
    if rows != account.accepted.rows:
        raise UnreconciledError(f"{rows} rows in the database")
    if not kind.money:
        return
    money = money_kept(database, kind, first_row_id=state.next_row_id)
    [(accepted,)] = work.sql(f"SELECT coalesce(sum({kind.money}), 0) FROM accepted").fetchall()
    if money != accepted:
        raise UnreconciledError(f"{money} in the database")


def _batch_digest(work: duckdb.DuckDBPyConnection, kind: RecordType) -> str:
    mixed = " ".join(
        str(
            work.sql(
                f"SELECT count(*) || ' ' || coalesce(bit_xor({digest_of(kept_names(relation))}), 0) "
                f"FROM {accepted_on(kind, relation)}"
            ).fetchall()[0][0]
        )
        for relation in kind.relations
    )
    return hashlib.sha256(mixed.encode()).hexdigest()


def _known_at_given(work: duckdb.DuckDBPyConnection) -> int:
    given = work.sql("SELECT count(*) FROM judged WHERE fate = 'accepted' AND rule IN ('column', 'public')").fetchall()
    return int(given[0][0])
