"""The ledger of a few customers, read from the database alone, so that it has pushed rows at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, case, func, select

from features.ledger.connections import small_work
from features.ledger.errors import EmptyLedgerError
from features.ledger.ledger import Ledger
from features.ledger.relations import RelationRows
from features.ledger.schema.arrow import OTHERS, REPLACEMENTS
from features.ledger.schema.record_types import RELATIONS, Relation
from features.ledger.store.database import PLACEHOLDERS, Store
from features.ledger.store.dirty_customers import IDS_AT_ONCE
from features.ledger.store.row_codec import as_rows, raw_rows
from features.ledger.store.settings import read_settings
from features.ledger.store.tables import BATCHES
from features.ledger.store.versions import replaced_among, since_replaced, successors, with_replaced_at
from features.policy import Policy


def ledger_of_customers(store: Store, customer_ids: Sequence[str], policy: Policy) -> Ledger:
    """The rows of these customers and the events of the whole company: all that their features need.

    Its days and its currency are those of the whole ledger. Managers and rates are not in it.

    Raises:
        EmptyLedgerError: no order line was ever accepted.
        SettledError: the policy names another time zone or currency than the ledger was begun with.
    """
    with store.engine.connect() as connection, small_work() as work:
        settings = read_settings(connection)
        reach = _reach_of(connection)
        if settings is None or reach.starts_on is None or reach.ends_on is None:
            raise EmptyLedgerError
        settings.refuse_other(policy)
        ids = sorted(set(customer_ids))
        rows_of = {
            name: _rows_of(connection, work, relation, ids, policy.time_zone)
            for name, relation in RELATIONS.items()
            if relation.kind in reach.kinds and "customer_id" in relation.content
        }
        lines = rows_of["order_lines"]
        states = (
            rows_of[name].rows if name in rows_of else RELATIONS[name].schema.empty_table()
            for name in ("customers", "people")
        )
        return Ledger(
            order_lines=lines.rows,
            replacements=lines.replacements,
            customers=with_replaced_at(*states),
            starts_on=reach.starts_on,
            ends_on=reach.ends_on,
            currency=settings.reporting_currency,
            digest=_digest(reach.newest_batch, ids),
            known_at_proven=reach.known_at_proven,
            non_product_codes=policy.non_product_codes,
            others={name: rows for name, rows in rows_of.items() if name in OTHERS and len(rows.rows)},
        )


@dataclass(frozen=True)
class _Reach:
    """Facts about the whole ledger, from its batches."""

    kinds: frozenset[str]
    newest_batch: int
    starts_on: date | None
    ends_on: date | None
    known_at_proven: bool


def _reach_of(connection: Connection) -> _Reach:
    batches = BATCHES.c
    days = case((batches.kind == "orders", batches.first_on)), case((batches.kind == "orders", batches.last_on))
    unproven = func.sum(batches.accepted_rows - batches.known_at_given_rows)
    rows_by_batch = connection.execute(
        select(batches.kind, func.max(batches.batch_id), func.min(days[0]), func.max(days[1]), unproven)
        .where(batches.accepted_rows > 0)
        .group_by(batches.kind)
    ).all()
    return _Reach(
        kinds=frozenset(kind for kind, *_ in rows_by_batch),
        newest_batch=max((newest for _, newest, *_ in rows_by_batch), default=0),
        starts_on=next((first for kind, _, first, _, _ in rows_by_batch if kind == "orders"), None),
        ends_on=next((last for kind, _, _, last, _ in rows_by_batch if kind == "orders"), None),
        known_at_proven=not any(rows for *_, rows in rows_by_batch),
    )


def _rows_of(
    connection: Connection, work: duckdb.DuckDBPyConnection, relation: Relation, customer_ids: Sequence[str], zone: str
) -> RelationRows:
    mark = PLACEHOLDERS[connection.dialect.paramstyle]
    beside = {} if relation.is_state else {"replaced_at": since_replaced(relation)}
    raws: list[pa.Table] = []
    for start in range(0, len(customer_ids), IDS_AT_ONCE):
        batch_of_ids = tuple(customer_ids[start : start + IDS_AT_ONCE])
        owner_condition = f"customer_id IN ({', '.join([mark] * len(batch_of_ids))})"
        if relation.name == "events" and not start:
            owner_condition = f"({owner_condition} OR customer_id IS NULL)"
        raws.append(raw_rows(connection, relation, f"WHERE {owner_condition}", batch_of_ids, beside=beside))
    raw = pa.concat_tables(raws)
    rows = as_rows(work, raw, relation, zone) if len(raw) else relation.schema.empty_table()
    return RelationRows(rows, _successors(work, rows, relation) if relation.is_state else replaced_among(raw))


def _successors(work: duckdb.DuckDBPyConnection, rows: pa.Table, relation: Relation) -> pa.Table:
    if relation.name == "customers" or not len(rows):
        return REPLACEMENTS.empty_table()  # those of customers stand beside them
    work.register("states", rows)
    return successors(work, "states", relation)


def _digest(newest_batch: int, customer_ids: Sequence[str]) -> str:
    return hashlib.sha256("\0".join([str(newest_batch), *customer_ids]).encode()).hexdigest()
