"""The request of one ingest: rows, home and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.reading.raw_rows import RawRows
from features.ledger.schema.currencies import CURRENCIES
from features.ledger.schema.record_types import RECORD_TYPES, RecordType
from features.ledger.store.batches import LedgerState
from features.policy import Policy
from features.progress import Progress, no_progress

Guard = Callable[[duckdb.DuckDBPyConnection, frozenset[str]], None]
"""Called with ``judged`` and the customers whose rows change, before anything is stored; an error ends the ingest."""

OnCommit = Callable[[Connection], None]
"""Stores something else in the transaction that stores the rows."""


class KindError(LedgerError):
    """An unknown kind of rows."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Rows of the kind '{kind}' cannot come in.", f"Kinds are: {', '.join(RECORD_TYPES)}.")


class UnknownCurrencyError(LedgerError):
    """A currency that is not in ISO 4217."""

    def __init__(self, code: str) -> None:
        super().__init__(f"'{code}' is no currency of ISO 4217.", "Use a code like EUR, GBP or USD.")


class HistoryRule(StrEnum):
    """The rows without a known-at that count as known when they happened."""

    ALL = "of all"
    FIRST = "of the first batch of a kind"
    NONE = "of none"

    @classmethod
    def of(cls, *, history: bool) -> HistoryRule:
        """The rule of a command or a source: of all rows where it says so, else of the first batch of a kind."""
        return cls.ALL if history else cls.FIRST

    def holds(self, state: LedgerState) -> bool:
        """Whether the rule applies to a batch that meets this state of the ledger."""
        return self is HistoryRule.ALL or (self is HistoryRule.FIRST and not state.begun)


@dataclass(frozen=True)
class InputFiles:
    """Files, read in this order.

    Attributes:
        paths: each may be a folder of Parquet.
        encoding: of text files; None: found from their bytes.
    """

    paths: Sequence[Path]
    encoding: str | None = None


@dataclass(frozen=True)
class InputTable:
    """Rows in memory, treated as a file called ``name``."""

    table: pa.Table
    name: str


def no_guard(work: duckdb.DuckDBPyConnection, touched: frozenset[str]) -> None:
    """Every ingest may go on."""


def no_commit_hook(database: Connection) -> None:
    """Only the rows are stored."""


@dataclass(frozen=True)
class IngestRequest:
    """One ingest.

    Attributes:
        kind: a key of RECORD_TYPES.
        now: the instant of the command, aware.
        mapping: our column name → the input's, where names alone do not match.
        currency: Currency (ISO 4217) of rows without one.
        known_at_column: the input's column that says when a row became known.
        history: which rows without a known-at were known when they happened.
        same_as: id → the id it is kept under, from now on and in all stored rows.
        dry_run: nothing is stored.
        on_commit: runs also where every row is stored already, never in a dry run.

    Raises:
        KindError: there is no such kind.
        UnknownCurrencyError: ISO 4217 does not know the currency, or the policy's.
    """

    kind: str
    rows: InputFiles | InputTable
    _: KW_ONLY
    home: Home
    policy: Policy
    now: datetime
    mapping: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    known_at_column: str | None = None
    history: HistoryRule = HistoryRule.FIRST
    same_as: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    progress: Progress = no_progress
    guard: Guard = no_guard
    on_commit: OnCommit = no_commit_hook

    def __post_init__(self) -> None:
        if self.kind not in RECORD_TYPES:
            raise KindError(self.kind)
        for code in filter(None, (self.currency, self.policy.reporting_currency)):
            if code not in CURRENCIES:
                raise UnknownCurrencyError(code)

    @property
    def record_type(self) -> RecordType:
        """The contract of the rows."""
        return RECORD_TYPES[self.kind]

    @property
    def ingested_at(self) -> datetime:
        """The instant of the command, UTC without a zone, as work tables carry it."""
        return self.now.astimezone(UTC).replace(tzinfo=None)

    @property
    def into_mirror(self) -> bool:
        """Whether the rows go to the mirror at once; rows in memory wait until the whole ledger is read next."""
        return isinstance(self.rows, InputFiles)


@dataclass(frozen=True)
class IncomingRows:
    """The rows of one ingest as they were found.

    Attributes:
        raws: one table each of files or sheets.
        matches: our column name → the input's, of each of ``raws``.
    """

    raws: Sequence[RawRows]
    matches: Sequence[Mapping[str, str]]
