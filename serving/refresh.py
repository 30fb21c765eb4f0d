"""The refresh: dirty customers get new features, new scores and new published rows.

The as-of is the clock's. Values of the whole company stay: the median gap is that of today's midnight, as in any
snapshot of the day; account groups, shares, key accounts and call lists are those of the night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from features.clock import AsOf
from features.engines.company_values import CompanyValues
from features.errors import CallfirstError
from features.home import Home
from features.ledger.ledger import Ledger
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.batches import newest_batch_of
from features.ledger.store.database import Store
from features.ledger.store.dirty_customers import DirtyMark, dirty_marks, late_rows_since, put_off, still_dirty, unmark
from features.ledger.store.partial_ledger import ledger_of_customers
from features.policy import Policy, read_policy
from features.snapshot import Snapshot, company_values, take_snapshot
from features.standing.accounts import accounts_at
from features.standing.ladder import is_newcomer, rungs_of
from features.standing.standing import in_order_of
from models.bundle import Bundle
from models.manifest import BundleError
from models.registry import NoChampionError, promotions
from serving.publication.publish import PublishedRun, newest_run_or_none
from serving.publication.republish import NightStanding, publish_refreshed, standing_of_night
from serving.scores import rows_of, score_snapshot

AT_ONCE = 1_000
"""Customers of one refresh; the rest wait for the next."""
POISON = (CallfirstError, duckdb.Error, pa.ArrowException, ArithmeticError, LookupError, TypeError, ValueError)
"""Errors that the rows of a single customer may cause for all that are refreshed with it."""
PATIENCE, MOST_PATIENCE = timedelta(seconds=10), timedelta(hours=1)
"""The first and the longest wait of a customer whose refresh fails; the wait doubles with each failure."""
COMPANY_MEMORY = "2GB"


@dataclass(frozen=True)
class Refreshed:
    """The outcome of one refresh.

    Attributes:
        customers: how many customers are published anew.
        failed: the error class of each customer whose refresh failed and waits.
        waiting: why no customer could be refreshed; empty: some were, or none was dirty.
    """

    customers: int = 0
    failed: tuple[str, ...] = ()
    waiting: str = ""


@dataclass(frozen=True)
class _Company:
    """The company's values of one midnight.

    Attributes:
        newest_batch: the newest batch when the values were computed.
    """

    run_id: int
    midnight: AsOf
    policy_digest: str
    newest_batch: int
    values: CompanyValues


@dataclass(frozen=True)
class _Turn:
    """The inputs of one refresh."""

    as_of: AsOf
    run: PublishedRun
    bundle: Bundle
    policy: Policy
    company: CompanyValues


class Refresher:
    """Refreshes the dirty customers of a home; keeps the model and the company's values from one go to the next."""

    def __init__(self, home: Home, store: Store) -> None:
        self._home, self._store = home, store
        self._bundle: tuple[str, Bundle] | None = None
        self._company: _Company | None = None

    def refresh(self, *, now: datetime) -> Refreshed:
        """At most AT_ONCE dirty customers, published anew as of ``now``; one transaction also removes their marks.

        A customer whose rows cause an error is put off alone; the others are published. Nothing is refreshed before a
        night has published.

        Raises:
            StoreError: the database refused; every mark is kept.
        """
        with self._store.engine.connect() as connection:
            marks = dirty_marks(connection, now=now, most=AT_ONCE)
        if not marks:
            return Refreshed()
        run = newest_run_or_none(self._store.engine)
        if run is None:
            return Refreshed(waiting="no night has published yet")
        policy = read_policy(self._home.policy_file)
        as_of = AsOf.of_instant(now, policy.zone)
        try:
            company = self._company_at(as_of.midnight(policy.zone), run, policy)
            return self._published(marks, _Turn(as_of, run, self._champion(), policy, company))
        except BundleError as error:
            return Refreshed(waiting=error.sentence)

    def _published(self, marks: Sequence[DirtyMark], turn: _Turn) -> Refreshed:
        try:
            rows = self._rows([mark.customer_id for mark in marks], turn)
        except BundleError:
            raise
        except POISON as error:
            if len(marks) == 1:
                return self._put_off(marks[0], turn, type(error).__name__)
            half = len(marks) // 2
            first, second = self._published(marks[:half], turn), self._published(marks[half:], turn)
            return Refreshed(first.customers + second.customers, first.failed + second.failed)
        with self._store.writing() as connection:
            still = still_dirty(connection, marks)  # another server that refreshed meanwhile may have seen more
            rows = [row for row in rows if row["customer_id"] in still]
            if not publish_refreshed(connection, turn.run, rows):
                return Refreshed(waiting="a night has published meanwhile")
            unmark(connection, marks, as_of=turn.as_of.instant)
        return Refreshed(len(rows))

    def _put_off(self, mark: DirtyMark, turn: _Turn, error_name: str) -> Refreshed:
        wait = min(PATIENCE * 2 ** min(mark.failures, 20), MOST_PATIENCE)
        with self._store.writing() as connection:
            put_off(connection, mark, until=turn.as_of.instant + wait)
        return Refreshed(failed=(error_name,))

    def _rows(self, customer_ids: Sequence[str], turn: _Turn) -> list[dict[str, Any]]:
        """The rows to publish, of those of the customers that are known by now."""
        ledger = ledger_of_customers(self._store, customer_ids, turn.policy)
        snapshot = take_snapshot(ledger, [turn.as_of], turn.policy, company=turn.company)
        with self._store.engine.connect() as connection:
            night = standing_of_night(connection, turn.run, snapshot.customer_ids)
        standing = _standing(ledger, snapshot, night)
        rungs = rungs_of(snapshot, turn.policy)
        standing = standing.append_column("rung", pa.array(rungs, pa.string()))
        standing = standing.append_column("is_newcomer", pa.array(is_newcomer(rungs)))
        return rows_of(*score_snapshot(ledger, snapshot, standing, turn.bundle, turn.policy))

    def _champion(self) -> Bundle:
        record = next(iter(promotions(self._store)), None)
        if record is None:
            raise NoChampionError
        sha256 = record.bundle_sha256
        if self._bundle is None or self._bundle[0] != sha256:
            self._bundle = (sha256, Bundle.load(self._home.bundles / sha256, sha256))
        return self._bundle[1]

    def _company_at(self, midnight: AsOf, run: PublishedRun, policy: Policy) -> CompanyValues:
        """The company's values of a midnight, computed again if rows known before it have come in since."""
        with self._store.engine.connect() as connection:
            newest_batch = newest_batch_of(connection)
            company = self._company
            if (
                company is None
                or (company.run_id, company.midnight, company.policy_digest) != (run.run_id, midnight, policy.digest)
                or late_rows_since(connection, batch_id=company.newest_batch, midnight=midnight.instant)
            ):
                values = company_values(read_ledger(self._home, policy), [midnight], policy, memory=COMPANY_MEMORY)
                company = self._company = _Company(run.run_id, midnight, policy.digest, newest_batch, values)
        return company.values


def _standing(ledger: Ledger, snapshot: Snapshot, night: dict[str, NightStanding]) -> pa.Table:
    """The standing of the snapshot's customers: name and manager as of now, all else as the night published it."""
    with ledger.open() as connection:
        accounts = in_order_of(accounts_at(connection, snapshot.as_ofs[0]), snapshot)
    ids, groups = accounts.column("customer_id").to_pylist(), accounts.column("group_id").to_pylist()
    standings = [night.get(customer_id) or NightStanding(group) for customer_id, group in zip(ids, groups, strict=True)]
    return pa.table(
        {
            "customer_id": accounts.column("customer_id"),
            "name": accounts.column("name"),
            "manager_id": accounts.column("manager_id"),
            "group_id": pa.array([standing.group_id for standing in standings], pa.string()),
            "company_share": pa.array([standing.company_share for standing in standings], pa.float64()),
            "is_key_account": pa.array([standing.is_key_account for standing in standings], pa.bool_()),
            "is_key_for_manager": pa.array([False] * len(standings), pa.bool_()),  # counts on call lists only
            "key_reasons": pa.array([list(standing.key_reasons) for standing in standings], pa.list_(pa.string())),
        }
    )
