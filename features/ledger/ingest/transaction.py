"""The transaction of one ingest: rows are checked, judged, reconciled and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from features.ledger.ingest.batch_writer import store_batch, touched_customers
from features.ledger.ingest.customer_aliases import adopt, rename_checked
from features.ledger.ingest.reconcile import reconciliation_of
from features.ledger.ingest.request import IncomingRows, IngestRequest
from features.ledger.merge.currency_conversion import convert
from features.ledger.merge.events import accepted_on, known_of
from features.ledger.merge.resolve import load_stored_rows, resolve_rows
from features.ledger.mirror.parquet_mirror import append
from features.ledger.mirror.stored_rows import StoredRows
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.reconciliation.tallies import most_frequent_currency
from features.ledger.schema.currencies import NO_CURRENCY
from features.ledger.schema.record_types import RELATIONS
from features.ledger.store.batches import LedgerState, ledger_state_of
from features.ledger.store.database import open_store
from features.ledger.store.quarantine import new_in_quarantine
from features.ledger.store.settings import LedgerSettings
from features.ledger.validation.row_checks import check_rows, create_checked, open_checks


def carry_out(request: IngestRequest, incoming: IncomingRows) -> Reconciliation:
    """The account of the rows after they were stored in database and mirror; of a dry run, only the account."""
    with open_store(request.home) as store, open_checks() as work:
        with store.engine.connect() if request.dry_run else store.writing() as database:
            state = ledger_state_of(database, request.record_type)
            aliases = adopt(database, request.same_as)
            stored = StoredRows(request.home, database, work, request.policy.time_zone)
            settings, remarks = _judge(request, incoming, state, stored, aliases)
            request.guard(work, frozenset(touched_customers(work, request.record_type)))
            quarantined = new_in_quarantine(work, database, request.kind, incoming.raws)
            account = reconciliation_of(request, incoming, stored, remarks, newly_quarantined=quarantined.num_rows)
            if request.dry_run:
                return account
            request.on_commit(database)
            if account.nothing_changed:
                return account
            account = replace(account, batch_id=state.next_batch_id)
            digest = store_batch(
                database, work, account, quarantined, state=state, settings=settings, ingested_at=request.now,
                history=request.history.holds(state), progress=request.progress,
            )  # fmt: skip
        if account.accepted.rows and request.into_mirror:
            _append_to_mirror(request, work, {state.next_batch_id: digest})
    return account


def _append_to_mirror(request: IngestRequest, work: duckdb.DuckDBPyConnection, batch: Mapping[int, str]) -> None:
    for relation in request.record_type.relations:
        query = f"SELECT {', '.join(relation.schema.names)} FROM {accepted_on(request.record_type, relation)}"
        rows = work.sql(f"{query} ORDER BY row_id").to_arrow_table().cast(relation.schema)
        append(request.home, relation, batch, rows)


def _judge(
    request: IngestRequest, incoming: IncomingRows, state: LedgerState, stored: StoredRows, aliases: Mapping[str, str]
) -> tuple[LedgerSettings, list[str]]:
    """The ledger's settings, old or new, and remarks on the reading; every row is in ``judged`` with its fate."""
    policy, record_type, work = request.policy, request.record_type, stored.work
    if state.settings:
        state.settings.refuse_other(policy)
    settled = policy.reporting_currency or (state.settings.reporting_currency if state.settings else None)
    currency = request.currency or settled or NO_CURRENCY
    remarks = _check(work, request, incoming, currency)
    rename_checked(work, record_type, aliases)
    work.execute("CREATE OR REPLACE TEMP TABLE read AS SELECT * FROM checked")
    history = request.history.holds(state)
    request.progress("Comparing with the ledger", 0.0)
    reporting = settled or ""
    if record_type.money:
        reporting = settled or most_frequent_currency(work) or currency
        stored.create_view(RELATIONS["rates"], "stored_rates")
        known = known_of(record_type, history=history, ingested_at=request.ingested_at, zone=policy.time_zone)
        convert(work, record_type, reporting=reporting, holds_days=policy.rate_holds_days, known=known)
    load_stored_rows(stored, record_type)
    resolve_rows(
        work, record_type, history=history, ingested_at=request.ingested_at, first_row_id=state.next_row_id,
        policy=policy,
    )  # fmt: skip
    return LedgerSettings(policy.time_zone, reporting), remarks


def _check(work: duckdb.DuckDBPyConnection, request: IngestRequest, incoming: IncomingRows, currency: str) -> list[str]:
    """Remarks on the reading; every row is in ``checked``."""
    create_checked(work, request.record_type)
    remarks = [remark for raw in incoming.raws for remark in raw.remarks]
    for file_no, (raw, matched) in enumerate(zip(incoming.raws, incoming.matches, strict=True), start=1):
        request.progress("Checking rows", (file_no - 1) / len(incoming.raws))
        remarks += check_rows(
            work, raw, request.record_type, matched=matched, file_no=file_no, policy=request.policy, currency=currency
        )
    return remarks
