"""How one ingest is carried out: rows checked, judged, reconciled and stored, in one transaction."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
from sqlalchemy import Connection

from features.errors import first_line
from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.ingest.batch_writer import store_batch, touched_customers
from features.ledger.ingest.customer_aliases import adopt, rename_checked
from features.ledger.ingest.reconcile import reconciliation_of
from features.ledger.ingest.request import IngestRequest
from features.ledger.merge.currency_conversion import convert
from features.ledger.merge.events import accepted_on, known_of
from features.ledger.merge.resolve import cancel_against_stored, resolve_rows
from features.ledger.mirror.parquet_mirror import append, mirrored
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.reconciliation.tallies import most_frequent_currency
from features.ledger.schema.currencies import NO_CURRENCY
from features.ledger.schema.record_types import RELATIONS
from features.ledger.store.batches import LedgerState, ledger_state_of
from features.ledger.store.database import Store
from features.ledger.store.quarantine import new_in_quarantine
from features.ledger.store.settings import LedgerSettings
from features.ledger.validation.row_checks import check_rows, create_checked, open_checks


class FramesError(LedgerError):
    """The machine, or a damaged mirror, gave out while rows were compared; nothing was stored."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The rows could not be compared: {why}. Nothing was stored.",
            "Free memory and disk space, or ingest fewer files at a time; then try: callfirst doctor.",
        )


def carry_out(asked: IngestRequest) -> Reconciliation:
    """The account of an ingest carried out whole; of a dry run on a home that is not there, nothing is made."""
    try:
        if asked.dry_run and not Store.exists(asked.home):
            with tempfile.TemporaryDirectory() as nowhere:
                return _carried_out(replace(asked, home=Home(Path(nowhere))))
        return _carried_out(asked)
    except duckdb.Error as error:
        raise FramesError(first_line(error)) from None


def _carried_out(asked: IngestRequest) -> Reconciliation:
    store = Store.open(asked.home)
    try:
        with open_checks() as frames:
            with store.engine.connect() if asked.dry_run else store.writing() as database:
                held = ledger_state_of(database, asked.record_type)
                same = adopt(database, asked.same_as)
                settings, remarks = _judge(frames, database, asked, held, same)
                asked.guard(frames, frozenset(touched_customers(frames, asked.record_type)))
                news = new_in_quarantine(frames, database, asked.record_type.name, asked.raws)
                account = reconciliation_of(frames, database, asked, remarks, newly_quarantined=news.num_rows)
                if asked.dry_run:
                    return account
                asked.on_commit(database)
                if account.nothing_changed:
                    return account
                account = replace(account, batch_id=held.next_batch_id)
                digest = store_batch(
                    database, frames, account, news, held=held, settings=settings, ingested_at=asked.now,
                    history=asked.history.holds(held), progress=asked.progress,
                )  # fmt: skip
            if account.accepted.rows and asked.into_mirror:
                for shelf in asked.record_type.relations:
                    query = f"SELECT {', '.join(shelf.schema.names)} FROM {accepted_on(asked.record_type, shelf)}"
                    rows = frames.sql(f"{query} ORDER BY row_id").to_arrow_table().cast(shelf.schema)
                    append(asked.home, shelf, {held.next_batch_id: digest}, rows)
    finally:
        store.close()
    return account


def _judge(
    frames: duckdb.DuckDBPyConnection,
    database: Connection,
    asked: IngestRequest,
    held: LedgerState,
    same: Mapping[str, str],
) -> tuple[LedgerSettings, list[str]]:
    """The settings the ledger has or gets, and remarks on the reading; every row stands in ``judged`` with its fate."""
    policy, kind = asked.policy, asked.record_type
    if held.settings:
        held.settings.refuse_other(policy)
    settled = policy.reporting_currency or (held.settings.reporting_currency if held.settings else None)
    currency = asked.currency or settled or NO_CURRENCY
    remarks = _check(frames, asked, currency)
    rename_checked(frames, kind, same)
    frames.execute("CREATE OR REPLACE TEMP TABLE read AS SELECT * FROM checked")
    history = asked.history.holds(held)
    asked.progress("Comparing with the ledger", 0.0)
    reporting = settled or ""
    if kind.money:
        reporting = settled or most_frequent_currency(frames) or currency
        _register_rates(frames, database, asked)
        known = known_of(kind, history=history, ingested_at=asked.ingested_at, zone=policy.time_zone)
        convert(frames, kind, reporting=reporting, holds_days=policy.rate_holds_days, known=known)
    cancel_against_stored(frames, database, asked.home, kind, zone=policy.time_zone)
    resolve_rows(
        frames, kind, history=history, ingested_at=asked.ingested_at, first_row_id=held.next_row_id, policy=policy
    )
    return LedgerSettings(policy.time_zone, reporting), remarks


def _check(frames: duckdb.DuckDBPyConnection, asked: IngestRequest, currency: str) -> list[str]:
    """Remarks on the reading; every row stands in ``checked``."""
    kind = asked.record_type.name
    create_checked(frames, kind)
    remarks = [remark for raw in asked.raws for remark in raw.remarks]
    for file_no, (raw, matched) in enumerate(zip(asked.raws, asked.matches, strict=True), start=1):
        asked.progress("Checking rows", (file_no - 1) / len(asked.raws))
        remarks += check_rows(
            frames, raw, kind, matched=matched, file_no=file_no, policy=asked.policy, currency=currency
        )
    return remarks


def _register_rates(frames: duckdb.DuckDBPyConnection, database: Connection, asked: IngestRequest) -> None:
    paths = mirrored(asked.home, database, RELATIONS["rates"], asked.policy.time_zone)
    if paths:
        frames.read_parquet([str(path) for path in paths]).create_view("stored_rates", replace=True)
    else:
        frames.register("stored_rates", RELATIONS["rates"].schema.empty_table())
