"""The nightly run: score every customer, make every list, publish both at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from features.clock import AsOf
from features.home import Home
from features.ledger.demo.company import is_made_up
from features.ledger.ledger import Ledger
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.batches import newest_batch_of
from features.ledger.store.database import open_store
from features.policy import Policy
from models.registry import champion, champion_record
from serving.decisions.call_list import CallList, call_lists
from serving.decisions.list_notes import company_notes
from serving.decisions.portfolios import ScoredCustomer
from serving.publication.publish import PublishedRun, RunInputs, newest_run_or_none, publish
from serving.scores import ScoreTable, score_customers


@dataclass(frozen=True)
class NightlyResult:
    """The outcome of a nightly run.

    Attributes:
        run: the run that is now served.
        is_new: the run was published just now; false: the newest run already had equal inputs.
        notes: the notes on every list of the day; empty where nothing was published.
        list_count, line_count: lists published, and calls on them; 0 where nothing was published.
    """

    run: PublishedRun
    is_new: bool
    notes: tuple[str, ...] = ()
    list_count: int = 0
    line_count: int = 0


def run_night(home: Home, policy: Policy, as_of: AsOf, *, now: datetime) -> NightlyResult:
    """The newest run is published, whole; a night of the same as-of, ledger, model and policy is not repeated.

    Raises:
        NoChampionError: no model serves yet.
        EmptyLedgerError, AsOfBeforeLedgerError: there is nothing to score.
    """
    newest_batch = _newest_batch(home)  # before the ledger is read, so the night has seen at least this batch
    ledger = read_ledger(home, policy)
    record, bundle = champion_record(home), champion(home)
    inputs = RunInputs(
        as_of=as_of.instant,
        as_of_day=as_of.day,
        model_version=bundle.version,
        bundle_digest=record.bundle_sha256,
        ledger_digest=ledger.digest,
        policy_digest=policy.digest,
        currency=ledger.currency,
        horizon_days=bundle.horizon_days,
        made_up=_is_made_up(ledger),
    )
    with open_store(home) as store:
        newest = newest_run_or_none(store.engine)
        if newest is not None and newest.inputs == inputs:
            return NightlyResult(newest, is_new=False)
        scores = score_customers(ledger, as_of, bundle, policy)
        lists = lists_of(scores, policy)
        published = publish(store, inputs, scores=scores.rows, lists=lists, newest_batch=newest_batch, now=now)
    return NightlyResult(
        published.run,
        published.is_new,
        company_notes(scores.company, policy),
        len(lists),
        sum(len(call_list.lines) for call_list in lists),
    )


def _newest_batch(home: Home) -> int:
    with open_store(home) as store, store.engine.connect() as connection:
        return newest_batch_of(connection)


def _is_made_up(ledger: Ledger) -> bool:
    """Whether the ledger holds a customer of the demo company."""
    with ledger.open() as connection:
        rows = connection.execute("SELECT DISTINCT customer_id FROM order_lines").fetchall()
    return any(is_made_up(customer_id) for (customer_id,) in rows)


def lists_of(scores: ScoreTable, policy: Policy) -> tuple[CallList, ...]:
    """The call lists of a day's scores, one per manager."""
    return call_lists([ScoredCustomer.of(row) for row in scores.rows], scores.company, policy)
