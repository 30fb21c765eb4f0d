"""Here you find dirty customers: those of whom rows came in that their published scores have not seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from features.ledger.store import PLACEHOLDERS
from features.ledger.tables import METADATA, Instant

DIRTY_CUSTOMERS = sa.Table(
    "dirty_customers",
    METADATA,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("batch_id", sa.Integer, nullable=False),
    sa.Column("known_at", Instant, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("not_before", Instant, nullable=False, server_default="0"),
    comment="Written with the rows, removed with the scores that have seen them.",
)

IDS_AT_ONCE = 5_000
"""Bound values in one statement; SQLite takes 32,766, PostgreSQL 65,535."""


@dataclass(frozen=True)
class DirtyMark:
    """Why a customer is dirty.

    Attributes:
        batch_id: the newest batch with rows of it, or a row of another batch that one of them replaced.
        known_at: the latest instant from which any of these rows is seen, or seen no more.
        failures: how often in a row it could not be refreshed.
    """

    customer_id: str
    batch_id: int
    known_at: datetime
    failures: int = 0


def mark_dirty(database: sa.Connection, marks: Iterable[tuple[str, int, int]]) -> None:
    """Each customer is dirty; ``marks`` are customer_id, batch_id and known_at in microseconds."""
    rows = list(marks)
    if not rows:
        return
    mark = PLACEHOLDERS[database.dialect.paramstyle]
    latest = "CASE WHEN excluded.known_at > {0}.known_at THEN excluded.known_at ELSE {0}.known_at END"
    database.exec_driver_sql(
        f"INSERT INTO dirty_customers (customer_id, batch_id, known_at) VALUES ({mark}, {mark}, {mark}) "
        "ON CONFLICT (customer_id) DO UPDATE SET batch_id = excluded.batch_id, failures = 0, not_before = 0, "
        f"known_at = {latest.format('dirty_customers')}",
        rows,
    )


def dirty_marks(database: sa.Connection, *, now: datetime, most: int) -> tuple[DirtyMark, ...]:
    """The marks whose turn it is, oldest batch first, at most so many."""
    columns = DIRTY_CUSTOMERS.c
    query = (
        sa.select(columns.customer_id, columns.batch_id, columns.known_at, columns.failures)
        .where(columns.not_before <= now)
        .order_by(columns.batch_id, columns.customer_id)
        .limit(most)
    )
    return tuple(DirtyMark(*row) for row in database.execute(query))


def unmark(database: sa.Connection, marks: Sequence[DirtyMark]) -> None:
    """The marks are gone; one renewed by a later batch stays."""
    mark = PLACEHOLDERS[database.dialect.paramstyle]
    if marks:
        database.exec_driver_sql(
            f"DELETE FROM dirty_customers WHERE customer_id = {mark} AND batch_id <= {mark}",
            [(each.customer_id, each.batch_id) for each in marks],
        )


def put_off(database: sa.Connection, mark: DirtyMark, *, until: datetime) -> None:
    """The mark waits for another turn."""
    columns = DIRTY_CUSTOMERS.c
    same = (columns.customer_id == mark.customer_id) & (columns.batch_id <= mark.batch_id)
    database.execute(sa.update(DIRTY_CUSTOMERS).where(same).values(failures=mark.failures + 1, not_before=until))


def unmark_seen(database: sa.Connection, *, batch_id: int, as_of: datetime) -> None:
    """Marks of rows that whoever read the ledger up to a batch saw as of an instant are gone."""
    columns = DIRTY_CUSTOMERS.c
    database.execute(sa.delete(DIRTY_CUSTOMERS).where(columns.batch_id <= batch_id, columns.known_at < as_of))
