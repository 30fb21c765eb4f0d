"""The batches the database holds, and the numbers the next one begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Table, func, select

from features.ledger.schema.record_types import RecordType
from features.ledger.store.settings import LedgerSettings, read_settings
from features.ledger.store.tables import BATCHES, TABLES


@dataclass(frozen=True)
class Batch:
    """A batch of rows that the database holds.

    Attributes:
        kind: of its rows.
        first_on, last_on: first and last day on which they happened; None of states.
        digest: of its rows.
    """

    kind: str
    batch_id: int
    first_row_id: int
    last_row_id: int
    rows: int
    known_at_given: int
    first_on: date | None
    last_on: date | None
    digest: str


def batches_of(connection: Connection, kind: str | None = None) -> tuple[Batch, ...]:
    """The batches with rows, oldest first: of one kind or of all kinds."""
    columns = BATCHES.c
    columns_read = (
        *(columns.kind, columns.batch_id, columns.first_row_id, columns.last_row_id, columns.accepted_rows),
        *(columns.known_at_given_rows, columns.first_on, columns.last_on, columns.digest),
    )
    statement = select(*columns_read).where(columns.accepted_rows > 0).order_by(columns.batch_id)
    if kind:
        statement = statement.where(columns.kind == kind)
    return tuple(Batch(*row) for row in connection.execute(statement))


@dataclass(frozen=True)
class LedgerState:
    """The state of the ledger before a batch.

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
    return next_id(database, BATCHES, "batch_id") - 1


def ledger_state_of(database: Connection, record_type: RecordType) -> LedgerState:
    """The state of the ledger for the next writer."""
    batches = select(func.count()).where(BATCHES.c.kind == record_type.name, BATCHES.c.accepted_rows > 0)
    return LedgerState(
        settings=read_settings(database),
        begun=bool(database.execute(batches).scalar_one()),
        next_batch_id=next_id(database, BATCHES, "batch_id"),
        next_row_id=max(next_id(database, TABLES[relation.name], "row_id") for relation in record_type.relations),
    )


def next_id(database: Connection, table: Table, column: str) -> int:
    """The first free number of an id column: one more than its largest, 1 in an empty table."""
    newest: int | None = database.execute(select(func.max(table.c[column]))).scalar()
    return (newest or 0) + 1
