"""What one ingest is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import duckdb
from sqlalchemy import Connection

from features.home import Home
from features.ledger.reading.raw_rows import RawRows
from features.ledger.schema.record_types import RecordType
from features.ledger.store.batches import LedgerState
from features.policy import Policy
from features.progress import Progress, no_progress

Guard = Callable[[duckdb.DuckDBPyConnection, frozenset[str]], None]
"""Is shown ``judged`` and the customers its rows touch before anything is stored; what it raises ends it all."""

OnCommit = Callable[[Connection], None]
"""Keeps something else in the transaction that keeps the rows."""


class HistoryRule(StrEnum):
    """Of which rows without a known-at of their own we say that they were known when they happened."""

    ALL = "of all"
    FIRST = "of the first batch of a kind"
    NONE = "of none"

    def holds(self, held: LedgerState) -> bool:
        """Whether it does of a batch that meets what is held."""
        return self is HistoryRule.ALL or (self is HistoryRule.FIRST and not held.begun)


def no_guard(frames: duckdb.DuckDBPyConnection, touched: frozenset[str]) -> None:
    """Nobody looks."""


def no_commit_hook(database: Connection) -> None:
    """Rows alone are kept."""


@dataclass(frozen=True, kw_only=True)
class IngestRequest:
    """One ingest.

    Attributes:
        raws: the rows as they came.
        matches: ours → theirs, of each of ``raws``.
        now: the instant of the command, aware.
        currency: ISO 4217, of rows that name none.
        same_as: id → the id it is kept under.
        dry_run: nothing is stored.
        into_mirror: the rows stand there at once, not when the whole ledger is read next.
    """

    record_type: RecordType
    raws: Sequence[RawRows]
    matches: Sequence[Mapping[str, str]]
    home: Home
    policy: Policy
    now: datetime
    history: HistoryRule
    into_mirror: bool
    currency: str | None = None
    same_as: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    progress: Progress = no_progress
    guard: Guard = no_guard
    on_commit: OnCommit = no_commit_hook

    @property
    def ingested_at(self) -> datetime:
        """The instant of the command, UTC without a zone, as frames carry it."""
        return self.now.astimezone(UTC).replace(tzinfo=None)
