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
    """The batches that brought rows, oldest first: of a kind, or of all."""
    columns = BATCHES.c
    wanted = (
        *(columns.kind, columns.batch_id, columns.first_row_id, columns.last_row_id, columns.accepted_rows),
        *(columns.known_at_given_rows, columns.first_on, columns.last_on, columns.digest),
    )
    found = select(*wanted).where(columns.accepted_rows > 0).order_by(columns.batch_id)
    if kind:
        found = found.where(columns.kind == kind)
    return tuple(Batch(*row) for row in connection.execute(found))


@dataclass(frozen=True)
class LedgerState:
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
    return next_id(database, BATCHES, "batch_id") - 1


def ledger_state_of(database: Connection, kind: RecordType) -> LedgerState:
    """What the ledger holds, as one who writes next must know it."""
    batches = select(func.count()).where(BATCHES.c.kind == kind.name, BATCHES.c.accepted_rows > 0)
    return LedgerState(
        settings=read_settings(database),
        begun=bool(database.execute(batches).scalar_one()),
        next_batch_id=next_id(database, BATCHES, "batch_id"),
        next_row_id=max(next_id(database, TABLES[shelf.name], "row_id") for shelf in kind.relations),
    )


def next_id(database: Connection, table: Table, column: str) -> int:
    """The first free number of an id column: one more than its largest, 1 in an empty table."""
    newest: int | None = database.execute(select(func.max(table.c[column]))).scalar()
    return (newest or 0) + 1
