"""The intake: how files, values and pushed rows come into the ledger, each with its account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ingest.request import Guard, HistoryRule, IngestRequest, OnCommit, no_commit_hook
from features.ledger.ingest.transaction import carry_out
from features.ledger.reading.files import ReadOptions, read_tables
from features.ledger.reading.header_matching import match_columns
from features.ledger.reading.normalise import plain_table
from features.ledger.reading.raw_rows import RawRows
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.schema.currencies import CURRENCIES
from features.ledger.schema.record_types import RECORD_TYPES, RecordType, name_key
from features.policy import Policy
from features.progress import Progress, no_progress

__all__ = ["KindError", "UnknownCurrencyError", "ingest", "ingest_rows", "ingest_watched", "ledger_of"]


class KindError(LedgerError):
    """Rows of a kind that cannot come in."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Rows of the kind '{kind}' cannot come in.", f"Kinds are: {', '.join(RECORD_TYPES)}.")


class UnknownCurrencyError(LedgerError):
    """A currency that ISO 4217 does not know."""

    def __init__(self, code: str) -> None:
        super().__init__(f"'{code}' is no currency of ISO 4217.", "Use a code like EUR, GBP or USD.")


def ingest(
    kind: str,
    files: Sequence[Path],
    *,
    home: Home,
    policy: Policy,
    now: datetime,
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
    known_at_column: str | None = None,
    encoding: str | None = None,
    history: bool = False,
    same_as: Mapping[str, str] | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Reconciliation:
    """The account of one command, whose rows are now in the ledger of ``home``: all of them, or after an error none.

    Args:
        kind: a key of KINDS.
        files: read in this order; each may be a folder of Parquet.
        mapping: ours → theirs, where names do not tell.
        currency: ISO 4217, of rows that name none.
        known_at_column: the column of the files that says when we knew.
        encoding: of text files; None: told from their bytes.
        history: rows without a known-at were known when they happened; implied for the first batch of a kind.
        same_as: id → the id it is kept under, from now on and in all that is held.
        dry_run: nothing is stored.
        now: the instant of the command, aware.

    Raises:
        LedgerError: see its subclasses; nothing was stored.
    """
    contract = _contract_of(kind, currency, policy)
    named = _named(mapping, known_at_column)
    told = ReadOptions(_names_known(contract, named), encoding)
    raws: list[RawRows] = []
    for at, path in enumerate(files):
        progress("Reading files", at / len(files))
        raws += read_tables(path, told)
    return carry_out(
        IngestRequest(
            record_type=contract, raws=raws, matches=_matches(contract, raws, named), home=home, policy=policy, now=now,
            currency=currency, history=_rule(history=history), same_as=same_as or {}, dry_run=dry_run,
            progress=progress, into_mirror=True,
        )
    )  # fmt: skip


def ingest_rows(
    kind: str,
    table: pa.Table,
    *,
    source_name: str,
    home: Home,
    policy: Policy,
    now: datetime,
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
    known_at_column: str | None = None,
    history: bool = False,
    same_as: Mapping[str, str] | None = None,
    dry_run: bool = False,
    beside: OnCommit = no_commit_hook,
) -> Reconciliation:
    """The account of rows that came as values: the same as of a file of them called ``source_name``.

    They wait in the database until the whole ledger is read next, which takes them into the mirror. ``beside`` acts
    also where every row is there already, never in a dry run. Other args and raises: see :func:`ingest`.
    """
    contract = _contract_of(kind, currency, policy)
    raws = [_raw(table, source_name)]
    matches = _matches(contract, raws, _named(mapping, known_at_column))
    return carry_out(
        IngestRequest(
            record_type=contract, raws=raws, matches=matches, home=home, policy=policy, now=now,
            currency=currency, history=_rule(history=history), same_as=same_as or {}, dry_run=dry_run,
            on_commit=beside, into_mirror=False,
        )
    )  # fmt: skip


def ingest_watched(
    kind: str, table: pa.Table, *, source_name: str, home: Home, policy: Policy, now: datetime, watch: Guard
) -> Reconciliation:
    """The account of rows under our own names that are never history, after ``watch`` let them pass.

    Raises: see :func:`ingest`, and what ``watch`` raises.
    """
    contract = _contract_of(kind, None, policy)
    raws = [_raw(table, source_name)]
    return carry_out(
        IngestRequest(
            record_type=contract, raws=raws, matches=_matches(contract, raws, {}), home=home, policy=policy, now=now,
            history=HistoryRule.NONE, guard=watch, into_mirror=False,
        )
    )  # fmt: skip


def _contract_of(kind: str, currency: str | None, policy: Policy) -> RecordType:
    if kind not in RECORD_TYPES:
        raise KindError(kind)
    for code in filter(None, (currency, policy.reporting_currency)):
        if code not in CURRENCIES:
            raise UnknownCurrencyError(code)
    return RECORD_TYPES[kind]


def _rule(*, history: bool) -> HistoryRule:
    return HistoryRule.ALL if history else HistoryRule.FIRST


def _raw(table: pa.Table, source_name: str) -> RawRows:
    return RawRows(source_name, plain_table(table), pa.array(range(1, table.num_rows + 1), pa.int64()))


def _named(mapping: Mapping[str, str] | None, known_at_column: str | None) -> dict[str, str]:
    """Ours → theirs, as the command says."""
    return dict(mapping or {}) | ({"known_at": known_at_column} if known_at_column else {})


def _matches(kind: RecordType, raws: Sequence[RawRows], named: dict[str, str]) -> list[dict[str, str]]:
    return [match_columns(raw.table.column_names, kind.columns, named, source=raw.name) for raw in raws]


def _names_known(kind: RecordType, named: Mapping[str, str]) -> frozenset[str]:
    """The names by which a header is told from the lines above it."""
    usual = frozenset(key for column in kind.columns for key in column.keys)
    return usual | {name_key(name) for name in named.values()}
