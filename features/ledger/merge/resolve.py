"""The fate of every good row: accepted, merged, or cancelled at once by another row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

from features.ledger.merge.cancellations import cancel_at_once, stored_pairs
from features.ledger.merge.events import merge_events, stored_on
from features.ledger.merge.states import merge_states
from features.ledger.mirror.stored_rows import StoredRows
from features.ledger.schema.record_types import RecordType, Relation
from features.ledger.store.database import PLACEHOLDERS
from features.ledger.store.row_codec import as_rows, raw_rows
from features.ledger.store.versions import replaced_among, replacements_of, since_replaced
from features.policy import Policy

FEW_ROWS = 2_000
"""Up to so many new rows meet only rows of the same customers and keys, found by index; more meet the whole mirror."""


def resolve_rows(
    work: duckdb.DuckDBPyConnection,
    kind: RecordType,
    *,
    history: bool,
    ingested_at: datetime,
    first_row_id: int,
    policy: Policy,
) -> None:
    """Writes every row of ``checked`` to ``judged`` with its fate, new rows to ``accepted``; see ``merge_events``.

    Reads ``stored`` and what else the merge of the kind needs.
    """
    if kind.is_state:
        merge_states(work, kind, history=history, ingested_at=ingested_at, first_row_id=first_row_id)
    else:
        merge_events(
            work, kind, history=history, ingested_at=ingested_at, first_row_id=first_row_id, zone=policy.time_zone
        )
    if kind.is_sale:
        cancel_at_once(work, minutes=policy.cancel_minutes, zone=policy.time_zone)


def load_stored_rows(stored: StoredRows, kind: RecordType) -> None:
    """Loads the stored rows that concern the good rows of ``checked`` as ``stored``, with what the merge needs."""
    good = stored.work.sql("SELECT count(*) FROM checked WHERE reason IS NULL").fetchall()[0][0]
    if good <= FEW_ROWS:
        _load_related(stored, kind)
    else:
        _load_all(stored, kind)


def _load_all(stored: StoredRows, kind: RecordType) -> None:
    for relation in kind.relations:
        stored.create_view(relation, stored_on(kind, relation))
    if not kind.is_state:
        stored.work.register("stored_replacements", replacements_of(stored.database, kind.relation))
    if kind.is_sale:
        stored.work.register("stored_pairs", stored_pairs(stored.database))


def _load_related(stored: StoredRows, kind: RecordType) -> None:
    work, database = stored.work, stored.database
    for relation in kind.relations:
        where, parameters = _related(work, relation, PLACEHOLDERS[database.dialect.paramstyle])
        beside = {} if kind.is_state else {"replaced_at": since_replaced(relation)}
        raw = raw_rows(database, relation, f"WHERE {where}", parameters, beside=beside)
        work.register(stored_on(kind, relation), as_rows(work, raw, relation, stored.time_zone))
        if not kind.is_state:
            work.register("stored_replacements", replaced_among(raw))
        if kind.is_sale:
            work.register("stored_pairs", stored_pairs(database, where, parameters))


def _related(work: duckdb.DuckDBPyConnection, relation: Relation, mark: str) -> tuple[str, tuple[Any, ...]]:
    """SQL and its values: stored rows with a customer, or the first part of a key, of a good row."""
    conditions: list[str] = []
    values: list[Any] = []
    for name in dict.fromkeys(name for name in ("customer_id", relation.key[0]) if name in relation.content):
        keys = work.sql(f"SELECT DISTINCT {name} FROM checked WHERE reason IS NULL ORDER BY 1").fetchall()
        present = [value for (value,) in keys if value is not None]
        if present:
            conditions.append(f"{name} IN ({', '.join([mark] * len(present))})")
            values += present
        if name == "customer_id" and len(present) < len(keys):
            conditions.append("customer_id IS NULL")
    return " OR ".join(conditions) or "false", tuple(values)
