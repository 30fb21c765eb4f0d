"""What becomes of every good row: accepted, merged, or cancelled at once by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
from sqlalchemy import Connection

from features.home import Home
from features.ledger.merge.cancellations import cancel_at_once, stored_pairs
from features.ledger.merge.events import merge_events, stored_on
from features.ledger.merge.states import merge_states
from features.ledger.mirror.parquet_mirror import mirrored
from features.ledger.schema.record_types import RecordType, Relation
from features.ledger.store.database import PLACEHOLDERS
from features.ledger.store.row_codec import as_rows, raw_rows
from features.ledger.store.versions import replaced_among, replacements_of, since_replaced
from features.policy import Policy

FEW_ROWS = 2_000
"""So many new rows meet those of their own customers and keys alone, found by index; more of them the whole mirror."""


def resolve_rows(
    frames: duckdb.DuckDBPyConnection,
    kind: RecordType,
    *,
    history: bool,
    ingested_at: datetime,
    first_row_id: int,
    policy: Policy,
) -> None:
    """Every row of ``checked`` stands in ``judged`` with its fate, new ones in ``accepted``; see ``merge_events``.

    Expects ``stored`` and what else the merge of the kind wants.
    """
    if kind.is_state:
        merge_states(frames, kind, history=history, ingested_at=ingested_at, first_row_id=first_row_id)
    else:
        merge_events(
            frames, kind, history=history, ingested_at=ingested_at, first_row_id=first_row_id, zone=policy.time_zone
        )
    if kind.is_sale:
        cancel_at_once(frames, minutes=policy.cancel_minutes, zone=policy.time_zone)


def cancel_against_stored(
    frames: duckdb.DuckDBPyConnection, database: Connection, home: Home, kind: RecordType, *, zone: str
) -> None:
    """What the good rows of ``checked`` may meet stands in ``stored`` and what the merge wants beside it."""
    good = frames.sql("SELECT count(*) FROM checked WHERE reason IS NULL").fetchall()[0][0]
    if good <= FEW_ROWS:
        _meet_few(frames, database, kind, zone)
    else:
        _meet_all(frames, database, home, kind, zone)


def _meet_all(frames: duckdb.DuckDBPyConnection, database: Connection, home: Home, kind: RecordType, zone: str) -> None:
    for shelf in kind.relations:
        paths = mirrored(home, database, shelf, zone)
        if paths:
            frames.read_parquet([str(path) for path in paths]).create_view(stored_on(kind, shelf), replace=True)
        else:
            frames.register(stored_on(kind, shelf), shelf.schema.empty_table())
    if not kind.is_state:
        frames.register("stored_replacements", replacements_of(database, kind.relation))
    if kind.is_sale:
        frames.register("stored_pairs", stored_pairs(database))


def _meet_few(frames: duckdb.DuckDBPyConnection, database: Connection, kind: RecordType, zone: str) -> None:
    for shelf in kind.relations:
        where, parameters = _related(frames, shelf, PLACEHOLDERS[database.dialect.paramstyle])
        beside = {} if kind.is_state else {"replaced_at": since_replaced(shelf)}
        raw = raw_rows(database, shelf, f"WHERE {where}", parameters, beside=beside)
        frames.register(stored_on(kind, shelf), as_rows(frames, raw, shelf, zone))
        if not kind.is_state:
            frames.register("stored_replacements", replaced_among(raw))
        if kind.is_sale:
            frames.register("stored_pairs", stored_pairs(database, where, parameters))


def _related(frames: duckdb.DuckDBPyConnection, shelf: Relation, mark: str) -> tuple[str, tuple[Any, ...]]:
    """SQL with its values: rows of the customers, or with the first part of the keys, of the good rows."""
    tests: list[str] = []
    values: list[Any] = []
    for name in dict.fromkeys(name for name in ("customer_id", shelf.key[0]) if name in shelf.content):
        found = frames.sql(f"SELECT DISTINCT {name} FROM checked WHERE reason IS NULL ORDER BY 1").fetchall()
        named = [value for (value,) in found if value is not None]
        if named:
            tests.append(f"{name} IN ({', '.join([mark] * len(named))})")
            values += named
        if name == "customer_id" and len(named) < len(found):
            tests.append("customer_id IS NULL")
    return " OR ".join(tests) or "false", tuple(values)
