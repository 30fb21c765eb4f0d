"""Dirty customers: customers with new rows that their published scores do not cover yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from features.ledger.store.database import PLACEHOLDERS
from features.ledger.store.tables import METADATA, Instant

DIRTY_CUSTOMERS = sa.Table(
    "dirty_customers",
    METADATA,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("batch_id", sa.Integer, nullable=False),
    sa.Column("known_from", Instant, nullable=False),
    sa.Column("known_at", Instant, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("not_before", Instant, nullable=False, server_default="0"),
    comment="Written with the rows, removed with the scores that have seen them.",
)

IDS_AT_ONCE = 5_000
"""Bound values in one statement; SQLite takes 32,766, PostgreSQL 65,535."""


@dataclass(frozen=True)
class DirtyMark:
    """The mark of a dirty customer.

    Attributes:
        batch_id: the newest batch that added or replaced a row of the customer.
        known_from, known_at: first and last instant from which any of these rows is visible, or no longer visible.
        failures: number of failed refreshes in a row.
    """

    customer_id: str
    batch_id: int
    known_from: datetime
    known_at: datetime
    failures: int = 0


Fresh = tuple[str, int, int, int]
"""A new mark: customer_id, batch_id, known_from and known_at, the last two in microseconds."""


def mark_dirty(database: sa.Connection, marks: Iterable[Fresh]) -> None:
    """Marks each customer dirty by its batch; an earlier mark is extended."""
    rows = list(marks)
    if not rows:
        return
    values = ", ".join([PLACEHOLDERS[database.dialect.paramstyle]] * 4)
    new, old = "excluded", DIRTY_CUSTOMERS.name
    database.exec_driver_sql(
        f"INSERT INTO {old} (customer_id, batch_id, known_from, known_at) VALUES ({values}) "
        "ON CONFLICT (customer_id) DO UPDATE SET failures = 0, not_before = 0, batch_id = excluded.batch_id, "
        f"known_from = CASE WHEN {new}.known_from < {old}.known_from THEN {new}.known_from ELSE {old}.known_from END, "
        f"known_at = CASE WHEN {new}.known_at > {old}.known_at THEN {new}.known_at ELSE {old}.known_at END",
        rows,
    )


def dirty_marks(database: sa.Connection, *, now: datetime, most: int) -> tuple[DirtyMark, ...]:
    """The marks that are due and have a row visible at ``now``, oldest batch first, up to a limit."""
    columns = DIRTY_CUSTOMERS.c
    query = (
        sa.select(*(columns[name] for name in DirtyMark.__dataclass_fields__))
        .where(columns.not_before <= now, columns.known_from < now)
        .order_by(columns.batch_id, columns.customer_id)
        .limit(most)
    )
    return tuple(DirtyMark(*row) for row in database.execute(query))


def still_dirty(database: sa.Connection, marks: Sequence[DirtyMark]) -> frozenset[str]:
    """The customers without a refresh since the marks were taken."""
    columns, ids = DIRTY_CUSTOMERS.c, [mark.customer_id for mark in marks]
    return frozenset(
        customer
        for start in range(0, len(ids), IDS_AT_ONCE)
        for customer in database.execute(
            sa.select(columns.customer_id).where(columns.customer_id.in_(ids[start : start + IDS_AT_ONCE]))
        ).scalars()
    )


def unmark(database: sa.Connection, marks: Sequence[DirtyMark], *, as_of: datetime) -> None:
    """Removes marks whose rows were all visible as of an instant; a mark renewed by a later batch stays.

    A mark with a row that becomes visible later waits until then.
    """
    mark = PLACEHOLDERS[database.dialect.paramstyle]
    same = f"customer_id = {mark} AND batch_id <= {mark}"
    seen_marks = [(dirty_mark.customer_id, dirty_mark.batch_id) for dirty_mark in marks if dirty_mark.known_at < as_of]
    later = [(dirty_mark.customer_id, dirty_mark.batch_id) for dirty_mark in marks if dirty_mark.known_at >= as_of]
    if seen_marks:
        database.exec_driver_sql(f"DELETE FROM {DIRTY_CUSTOMERS.name} WHERE {same}", seen_marks)
    if later:
        database.exec_driver_sql(f"UPDATE {DIRTY_CUSTOMERS.name} SET not_before = known_at + 1 WHERE {same}", later)


def put_off(database: sa.Connection, mark: DirtyMark, *, until: datetime) -> None:
    """Postpones a mark after a failed refresh; a renewed mark is not postponed."""
    columns = DIRTY_CUSTOMERS.c
    same = (columns.customer_id == mark.customer_id) & (columns.batch_id <= mark.batch_id)
    database.execute(sa.update(DIRTY_CUSTOMERS).where(same).values(failures=mark.failures + 1, not_before=until))


def unmark_seen(database: sa.Connection, *, batch_id: int, as_of: datetime) -> None:
    """Removes the marks of rows up to a batch that were visible as of an instant."""
    columns = DIRTY_CUSTOMERS.c
    database.execute(sa.delete(DIRTY_CUSTOMERS).where(columns.batch_id <= batch_id, columns.known_at < as_of))


def late_rows_since(database: sa.Connection, *, batch_id: int, midnight: datetime) -> bool:
    """Whether a later batch brought a dirty customer a row that was known before the midnight."""
    columns = DIRTY_CUSTOMERS.c
    late = sa.select(sa.literal(1)).where(columns.batch_id > batch_id, columns.known_from < midnight).limit(1)
    return database.execute(late).first() is not None
