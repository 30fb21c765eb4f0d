"""Here you find how files come into the ledger: read, checked, merged, stored and accounted for in one transaction."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlalchemy import Connection

from features.errors import first_line
from features.home import Home
from features.ledger.cancellations import cancel_at_once, stored_pairs
from features.ledger.checks import check_rows, create_checked, open_checks, refuse_other_currencies
from features.ledger.columns import KINDS
from features.ledger.currencies import CURRENCIES, NO_CURRENCY
from features.ledger.files import read_file
from features.ledger.in_memory import ledger_of
from features.ledger.ledger import ORDER_LINES, LedgerError
from features.ledger.matching import match_columns
from features.ledger.merging import merge_customers, merge_orders
from features.ledger.mirror import append, mirrored, replacements_of
from features.ledger.non_products import is_product
from features.ledger.quarantine import new_in_quarantine
from features.ledger.raw import RawRows
from features.ledger.reconciliation import NO_CANCELLATIONS, NOTHING, Reconciliation, UnreconciledError
from features.ledger.rows import customer_versions
from features.ledger.settings import LedgerSettings
from features.ledger.store import Progress, Store
from features.ledger.storing import Held, held_of, store_batch
from features.ledger.tables import CUSTOMER_VERSIONS
from features.ledger.tallies import (
    cancellations_of,
    columns_of,
    days_spanned,
    known_at_rules,
    lines_in_detail,
    most_frequent_currency,
    quarantine_by_reason,
    rows_to_come,
    tally,
    values_set_aside,
)
from features.policy import Policy

__all__ = ["KindError", "UnknownCurrencyError", "ingest", "ledger_of"]


class KindError(LedgerError):
    """Rows of a kind that cannot come in."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Rows of the kind '{kind}' cannot come in.", f"Kinds are: {', '.join(KINDS)}.")


class UnknownCurrencyError(LedgerError):
    """A currency that ISO 4217 does not know."""

    def __init__(self, code: str) -> None:
        super().__init__(f"'{code}' is no currency of ISO 4217.", "Use a code like EUR, GBP or USD.")


@dataclass(frozen=True)
class _Command:
    """What one ingest was asked to do."""

    kind: str
    raws: Sequence[RawRows]
    matches: Sequence[Mapping[str, str]]
    home: Home
    policy: Policy
    now: datetime
    currency: str | None
    history: bool
    dry_run: bool
    progress: Progress


class FramesError(LedgerError):
    """The machine, or a damaged mirror, gave out while rows were compared; nothing was stored."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The rows could not be compared: {why}. Nothing was stored.",
            "Free memory and disk space, or ingest fewer files at a time; then try: callfirst doctor.",
        )


def _silent(step: str, done: int, total: int) -> None:
    """Nobody is told."""


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
    history: bool = False,
    dry_run: bool = False,
    progress: Progress = _silent,
) -> Reconciliation:
    """The account of one command, whose rows are now in the ledger of ``home``: all of them, or after an error none.

    Args:
        kind: a key of KINDS.
        files: read in this order; each may be a folder of Parquet.
        mapping: ours → theirs, where names do not tell.
        currency: ISO 4217, of rows that name none.
        known_at_column: the column of the files that says when we knew.
        history: rows without a known-at were known when they happened; implied for the first batch of a kind.
        dry_run: nothing is stored.
        now: the instant of the command, aware.

    Raises:
        LedgerError: see its subclasses; nothing was stored.
    """
    if kind not in KINDS:
        raise KindError(kind)
    for code in filter(None, (currency, policy.reporting_currency)):
        if code not in CURRENCIES:
            raise UnknownCurrencyError(code)
    named = dict(mapping or {}) | ({"known_at": known_at_column} if known_at_column else {})
    raws: list[RawRows] = []
    for at, path in enumerate(files):
        progress("Reading files", at, len(files))
        raws.append(read_file(path))
    matches = [match_columns(raw.table.column_names, KINDS[kind], named, source=raw.name) for raw in raws]
    command = _Command(kind, raws, matches, home, policy, now, currency, history, dry_run, progress)
    try:
        if dry_run and not Store.exists(home):
            with tempfile.TemporaryDirectory() as nowhere:
                return _carry_out(replace(command, home=Home(Path(nowhere))))
        return _carry_out(command)
    except duckdb.Error as error:
        raise FramesError(first_line(error)) from None


def _carry_out(command: _Command) -> Reconciliation:
    store = Store.open(command.home)
    try:
        with open_checks() as frames:
            with store.engine.connect() if command.dry_run else store.writing() as database:
                held = held_of(database, command.kind)
                settings = _judge(frames, database, command, held)
                news = new_in_quarantine(frames, database, command.kind, command.raws)
                account = _account(frames, command, newly_quarantined=news.num_rows)
                if command.dry_run or account.nothing_changed:
                    return account
                account = replace(account, batch_id=held.next_batch_id)
                history = command.history or not held.begun
                digest = store_batch(
                    database, frames, account, news, held=held, settings=settings, ingested_at=command.now,
                    history=history, progress=command.progress,
                )  # fmt: skip
            if command.kind == "orders" and account.accepted.rows:
                lines = frames.sql("SELECT * EXCLUDE (file_no, line_no) FROM accepted ORDER BY row_id")
                append(command.home, held.next_batch_id, digest, lines.to_arrow_table().cast(ORDER_LINES))
    finally:
        store.close()
    return account


def _judge(frames: duckdb.DuckDBPyConnection, database: Connection, command: _Command, held: Held) -> LedgerSettings:
    """The settings the ledger has or gets; every row stands in ``judged`` with its fate."""
    policy, kind = command.policy, command.kind
    if held.settings:
        held.settings.refuse_other(policy)
    settled = policy.reporting_currency or (held.settings.reporting_currency if held.settings else None)
    currency = command.currency or settled or NO_CURRENCY
    create_checked(frames, kind)
    for file_no, (raw, matched) in enumerate(zip(command.raws, command.matches, strict=True), start=1):
        command.progress("Checking rows", file_no - 1, len(command.raws))
        check_rows(frames, raw, kind, matched=matched, file_no=file_no, zone=policy.time_zone, currency=currency)
    frames.execute("CREATE OR REPLACE TEMP TABLE read AS SELECT * FROM checked")
    history = command.history or not held.begun
    ingested_at = command.now.astimezone(UTC).replace(tzinfo=None)
    command.progress("Comparing with the ledger", 0, 1)
    if kind == "orders":
        reporting = settled or most_frequent_currency(frames) or currency
        refuse_other_currencies(frames, reporting)
        paths = mirrored(command.home, database, policy.time_zone)
        if paths:
            frames.read_parquet([str(path) for path in paths]).create_view("stored", replace=True)
        else:
            frames.register("stored", ORDER_LINES.empty_table())
        frames.register("stored_replacements", replacements_of(database))
        merge_orders(frames, history=history, ingested_at=ingested_at, first_row_id=held.next_row_id)
        frames.register("stored_pairs", stored_pairs(database))
        cancel_at_once(frames, minutes=policy.cancel_minutes, zone=policy.time_zone)
    else:
        reporting = settled or NO_CURRENCY
        frames.register("stored", customer_versions(database, CUSTOMER_VERSIONS))
        merge_customers(frames, history=history, ingested_at=ingested_at, first_row_id=held.next_row_id)
    return LedgerSettings(policy.time_zone, reporting)


def _account(frames: duckdb.DuckDBPyConnection, command: _Command, *, newly_quarantined: int) -> Reconciliation:
    kind, files = command.kind, tuple(raw.name for raw in command.raws)
    read = tally(frames, "read", kind)
    if read.rows != sum(len(raw) for raw in command.raws):
        raise UnreconciledError(f"{read.rows} of {sum(len(raw) for raw in command.raws)} rows were checked")
    is_order = kind == "orders"
    equal, corrections, never_seen = lines_in_detail(frames) if is_order else (0, 0, 0)
    first_on, last_on = days_spanned(frames) if is_order else (None, None)
    product = f"({is_product(command.policy.non_product_codes)})"
    used, unused = columns_of(command.raws, command.matches)
    return Reconciliation(
        kind=kind,
        files=files,
        batch_id=None,
        read=read,
        accepted=tally(frames, "judged", kind, "fate = 'accepted'"),
        merged=tally(frames, "judged", kind, "fate = 'merged'"),
        quarantined=tally(frames, "judged", kind, "fate = 'quarantined'"),
        quarantine=quarantine_by_reason(frames, files),
        newly_quarantined=newly_quarantined,
        known_at=known_at_rules(frames),
        returns=tally(frames, "judged", kind, f"fate = 'accepted' AND amount < 0 AND {product}")
        if is_order
        else NOTHING,
        non_products=tally(frames, "judged", kind, f"fate = 'accepted' AND NOT {product}") if is_order else NOTHING,
        equal_lines=equal,
        corrections=corrections,
        never_seen=never_seen,
        cancellations=cancellations_of(frames) if is_order else NO_CANCELLATIONS,
        to_come=rows_to_come(frames, command.now.astimezone(UTC).replace(tzinfo=None)) if is_order else 0,
        set_aside=values_set_aside(frames, kind),
        columns=used,
        columns_unused=unused,
        first_on=first_on,
        last_on=last_on,
        dry_run=command.dry_run,
    )
