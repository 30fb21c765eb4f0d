"""Here you find how rows come into the ledger: read, checked, merged, stored and accounted for in one transaction."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from features.errors import first_line
from features.home import Home
from features.ledger.cancellations import cancel_at_once
from features.ledger.checks import check_rows, create_checked, open_checks
from features.ledger.columns import KINDS, SHELVES, Kind, name_key
from features.ledger.conversion import NO_CONVERSION, conversion_of
from features.ledger.currencies import CURRENCIES, NO_CURRENCY
from features.ledger.doubts import doubts, unread_currencies
from features.ledger.files import Told, read_tables
from features.ledger.in_memory import ledger_of
from features.ledger.ledger import LedgerError
from features.ledger.look_alikes import NO_LOOK_ALIKES, LookAlikes, new_look_alikes
from features.ledger.matching import match_columns
from features.ledger.meeting import meet_stored
from features.ledger.merging import accepted_on, known_of, merge_events
from features.ledger.merging_states import merge_states
from features.ledger.mirror import append, mirrored
from features.ledger.non_products import is_product
from features.ledger.plain import plain_table
from features.ledger.quarantine import new_in_quarantine
from features.ledger.rates import convert
from features.ledger.raw import RawRows
from features.ledger.reconciliation import NO_CANCELLATIONS, NOTHING, Reconciliation, UnreconciledError
from features.ledger.same_as import adopt, rename_checked
from features.ledger.settings import LedgerSettings
from features.ledger.store import Progress, Store
from features.ledger.storing import Held, held_of, store_batch, touched_customers
from features.ledger.tallies import (
    cancellations_of,
    columns_of,
    commitments,
    days_spanned,
    equal_rows,
    known_at_rules,
    most_frequent_currency,
    quarantine_by_reason,
    rows_in_detail,
    rows_to_come,
    tally,
    values_set_aside,
)
from features.policy import Policy

__all__ = ["KindError", "UnknownCurrencyError", "ingest", "ingest_rows", "ledger_of"]


class KindError(LedgerError):
    """Rows of a kind that cannot come in."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Rows of the kind '{kind}' cannot come in.", f"Kinds are: {', '.join(KINDS)}.")


class UnknownCurrencyError(LedgerError):
    """A currency that ISO 4217 does not know."""

    def __init__(self, code: str) -> None:
        super().__init__(f"'{code}' is no currency of ISO 4217.", "Use a code like EUR, GBP or USD.")


class HistoryRule(StrEnum):
    """Of which rows without a known-at of their own we say that they were known when they happened."""

    ALL = "of all"
    FIRST = "of the first batch of a kind"
    NONE = "of none"

    def holds(self, held: Held) -> bool:
        """Whether it does of a batch that meets what is held."""
        return self is HistoryRule.ALL or (self is HistoryRule.FIRST and not held.begun)


Watch = Callable[[duckdb.DuckDBPyConnection, frozenset[str]], None]
"""Is shown ``judged`` and the customers its rows touch before anything is stored; what it raises ends it all."""


Beside = Callable[[Connection], None]
"""Keeps something else in the transaction that keeps the rows."""


def _nothing(database: Connection) -> None:
    """Rows alone are kept."""


@dataclass(frozen=True)
class _Command:
    """What one ingest was asked to do; ``into_mirror``: at once, not when the whole ledger is read next."""

    kind: Kind
    raws: Sequence[RawRows]
    matches: Sequence[Mapping[str, str]]
    home: Home
    policy: Policy
    now: datetime
    currency: str | None
    history: HistoryRule
    dry_run: bool
    progress: Progress
    watch: Watch
    into_mirror: bool
    beside: Beside = _nothing
    same_as: Mapping[str, str] = field(default_factory=dict)


class FramesError(LedgerError):
    """The machine, or a damaged mirror, gave out while rows were compared; nothing was stored."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The rows could not be compared: {why}. Nothing was stored.",
            "Free memory and disk space, or ingest fewer files at a time; then try: callfirst doctor.",
        )


def _silent(step: str, done: int, total: int) -> None:
    """Nobody is told."""


def _unwatched(frames: duckdb.DuckDBPyConnection, touched: frozenset[str]) -> None:
    """Nobody looks."""


def _rule(*, history: bool) -> HistoryRule:
    return HistoryRule.ALL if history else HistoryRule.FIRST


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
    progress: Progress = _silent,
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
    _refuse_unknown(kind, currency, policy)
    told = Told(_names_known(KINDS[kind], [*(mapping or {}).values(), *filter(None, [known_at_column])]), encoding)
    raws: list[RawRows] = []
    for at, path in enumerate(files):
        progress("Reading files", at, len(files))
        raws += read_tables(path, told)
    matches = _matches(KINDS[kind], raws, dict(mapping or {}), known_at_column)
    rule = _rule(history=history)
    command = _Command(
        KINDS[kind], raws, matches, home, policy, now, currency, rule, dry_run, progress, _unwatched, True
    )
    return _in_one(replace(command, same_as=same_as or {}))


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
    beside: Beside = _nothing,
) -> Reconciliation:
    """The account of rows that came as values: the same as of a file of them called ``source_name``.

    They wait in the database until the whole ledger is read next, which takes them into the mirror. ``beside`` acts
    also where every row is there already, never in a dry run. Other args and raises: see :func:`ingest`.
    """
    _refuse_unknown(kind, currency, policy)
    raw = _raw(table, source_name)
    matches, rule = _matches(KINDS[kind], [raw], dict(mapping or {}), known_at_column), _rule(history=history)
    command = _Command(
        KINDS[kind], [raw], matches, home, policy, now, currency, rule, dry_run, _silent, _unwatched, False, beside
    )
    return _in_one(replace(command, same_as=same_as or {}))


def ingest_watched(
    kind: str, table: pa.Table, *, source_name: str, home: Home, policy: Policy, now: datetime, watch: Watch
) -> Reconciliation:
    """The account of rows under our own names that are never history, after ``watch`` let them pass.

    Raises: see :func:`ingest`, and what ``watch`` raises.
    """
    _refuse_unknown(kind, None, policy)
    raw = _raw(table, source_name)
    matches = _matches(KINDS[kind], [raw], {}, None)
    return _in_one(
        _Command(KINDS[kind], [raw], matches, home, policy, now, None, HistoryRule.NONE, False, _silent, watch, False)
    )


def _raw(table: pa.Table, source_name: str) -> RawRows:
    return RawRows(source_name, plain_table(table), pa.array(range(1, table.num_rows + 1), pa.int64()))


def _refuse_unknown(kind: str, currency: str | None, policy: Policy) -> None:
    if kind not in KINDS:
        raise KindError(kind)
    for code in filter(None, (currency, policy.reporting_currency)):
        if code not in CURRENCIES:
            raise UnknownCurrencyError(code)


def _matches(
    kind: Kind, raws: Sequence[RawRows], mapping: dict[str, str], known_at_column: str | None
) -> list[dict[str, str]]:
    named = mapping | ({"known_at": known_at_column} if known_at_column else {})
    return [match_columns(raw.table.column_names, kind.columns, named, source=raw.name) for raw in raws]


def _names_known(kind: Kind, named: Sequence[str]) -> frozenset[str]:
    """The names by which a header is told from the lines above it."""
    usual = frozenset(key for column in kind.columns for key in column.keys)
    return usual | {name_key(name) for name in named}


def _in_one(command: _Command) -> Reconciliation:
    """The account of a command carried out whole; of a dry run on a home that is not there, nothing is made."""
    try:
        if command.dry_run and not Store.exists(command.home):
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
                same = adopt(database, command.same_as)
                settings, remarks = _judge(frames, database, command, held, same)
                command.watch(frames, frozenset(touched_customers(frames, command.kind)))
                news = new_in_quarantine(frames, database, command.kind.name, command.raws)
                account = _account(frames, database, command, remarks, newly_quarantined=news.num_rows)
                if command.dry_run:
                    return account
                command.beside(database)
                if account.nothing_changed:
                    return account
                account = replace(account, batch_id=held.next_batch_id)
                digest = store_batch(
                    database, frames, account, news, held=held, settings=settings, ingested_at=command.now,
                    history=command.history.holds(held), progress=command.progress,
                )  # fmt: skip
            if account.accepted.rows and command.into_mirror:
                for shelf in command.kind.shelves:
                    query = f"SELECT {', '.join(shelf.schema.names)} FROM {accepted_on(command.kind, shelf)}"
                    rows = frames.sql(f"{query} ORDER BY row_id").to_arrow_table().cast(shelf.schema)
                    append(command.home, shelf, {held.next_batch_id: digest}, rows)
    finally:
        store.close()
    return account


def _judge(
    frames: duckdb.DuckDBPyConnection, database: Connection, command: _Command, held: Held, same: Mapping[str, str]
) -> tuple[LedgerSettings, list[str]]:
    """The settings the ledger has or gets, and remarks on the reading; every row stands in ``judged`` with its fate."""
    policy, kind = command.policy, command.kind
    if held.settings:
        held.settings.refuse_other(policy)
    settled = policy.reporting_currency or (held.settings.reporting_currency if held.settings else None)
    currency = command.currency or settled or NO_CURRENCY
    create_checked(frames, kind.name)
    remarks = [remark for raw in command.raws for remark in raw.remarks]
    for file_no, (raw, matched) in enumerate(zip(command.raws, command.matches, strict=True), start=1):
        command.progress("Checking rows", file_no - 1, len(command.raws))
        remarks += check_rows(
            frames, raw, kind.name, matched=matched, file_no=file_no, policy=policy, currency=currency
        )
    rename_checked(frames, kind, same)
    frames.execute("CREATE OR REPLACE TEMP TABLE read AS SELECT * FROM checked")
    history = command.history.holds(held)
    ingested_at = command.now.astimezone(UTC).replace(tzinfo=None)
    command.progress("Comparing with the ledger", 0, 1)
    reporting = settled or ""
    if kind.money:
        reporting = settled or most_frequent_currency(frames) or currency
        _register_rates(frames, database, command)
        known = known_of(kind, history=history, ingested_at=ingested_at, zone=policy.time_zone)
        convert(frames, kind, reporting=reporting, holds_days=policy.rate_holds_days, known=known)
    meet_stored(frames, database, command.home, kind, zone=policy.time_zone)
    if kind.is_state:
        merge_states(frames, kind, history=history, ingested_at=ingested_at, first_row_id=held.next_row_id)
    else:
        merge_events(
            frames, kind, history=history, ingested_at=ingested_at, first_row_id=held.next_row_id,
            zone=policy.time_zone,
        )  # fmt: skip
    if kind.name == "orders":
        cancel_at_once(frames, minutes=policy.cancel_minutes, zone=policy.time_zone)
    return LedgerSettings(policy.time_zone, reporting), remarks


def _register_rates(frames: duckdb.DuckDBPyConnection, database: Connection, command: _Command) -> None:
    paths = mirrored(command.home, database, SHELVES["rates"], command.policy.time_zone)
    if paths:
        frames.read_parquet([str(path) for path in paths]).create_view("stored_rates", replace=True)
    else:
        frames.register("stored_rates", SHELVES["rates"].schema.empty_table())


def _alike(frames: duckdb.DuckDBPyConnection, database: Connection, command: _Command) -> LookAlikes:
    """Ids that look alike; of pushed rows nobody reads the account, and doctor tells."""
    if "customer_id" not in command.kind.shelf.content or command.history is HistoryRule.NONE:
        return NO_LOOK_ALIKES
    known = ["SELECT NULL AS customer_id WHERE false"]
    for name in ("order_lines", "customers"):
        paths = mirrored(command.home, database, SHELVES[name], command.policy.time_zone)
        if paths:
            frames.read_parquet([str(path) for path in paths]).create_view(f"known_{name}", replace=True)
            known.append(f"SELECT customer_id FROM known_{name}")
    return new_look_alikes(frames, " UNION ALL ".join(known))


def _account(
    frames: duckdb.DuckDBPyConnection,
    database: Connection,
    command: _Command,
    remarks: Sequence[str],
    *,
    newly_quarantined: int,
) -> Reconciliation:
    kind, files = command.kind, tuple(raw.name for raw in command.raws)
    read = tally(frames, "read", kind.name)
    if read.rows != sum(len(raw) for raw in command.raws):
        raise UnreconciledError(f"{read.rows} of {sum(len(raw) for raw in command.raws)} rows were checked")
    now = command.now.astimezone(UTC).replace(tzinfo=None)
    equal = 0 if kind.is_state else equal_rows(frames, command.raws)
    corrections, never_seen = (0, 0) if kind.is_state else rows_in_detail(frames, kind)
    first_on, last_on = (None, None) if kind.is_state else days_spanned(frames, kind)
    is_order = kind.name == "orders"
    product = f"({is_product(command.policy.non_product_codes)})"
    accepted = "fate = 'accepted'"
    used, unused = columns_of(command.raws, command.matches)
    return Reconciliation(
        kind=kind.name,
        files=files,
        batch_id=None,
        read=read,
        accepted=tally(frames, "judged", kind.name, accepted),
        merged=tally(frames, "judged", kind.name, "fate = 'merged'"),
        quarantined=tally(frames, "judged", kind.name, "fate = 'quarantined'"),
        quarantine=quarantine_by_reason(frames, files),
        newly_quarantined=newly_quarantined,
        known_at=known_at_rules(frames),
        returns=tally(frames, "judged", kind.name, f"{accepted} AND amount < 0 AND {product}") if is_order else NOTHING,
        non_products=tally(frames, "judged", kind.name, f"{accepted} AND NOT {product}") if is_order else NOTHING,
        equal_lines=equal,
        corrections=corrections,
        never_seen=never_seen,
        conversion=conversion_of(frames, database, kind, command.raws) if kind.converted else NO_CONVERSION,
        cancellations=cancellations_of(frames) if is_order else NO_CANCELLATIONS,
        to_come=0 if kind.is_state else rows_to_come(frames, kind, now),
        commitments=0 if kind.is_state else commitments(frames, kind),
        alike=_alike(frames, database, command),
        renamed=frames.sql("SELECT count(*) FROM renamed").fetchall()[0][0],
        set_aside=values_set_aside(frames, kind.name),
        remarks=(*remarks, *(doubts(frames) if is_order else ()), *unread_currencies(used, unused)),
        columns=used,
        columns_unused=unused,
        first_on=first_on,
        last_on=last_on,
        dry_run=command.dry_run,
    )
