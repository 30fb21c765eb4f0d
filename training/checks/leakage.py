"""Whether features see what nobody could know: ours, or those of anybody's own function or table.

In a notebook::

    from training.checks.leakage import check_features
    report = check_features(my_features, ledger, policy)  # my_features(ledger, as_ofs, policy) makes a table
    print(report)

A function is run on other ledgers, alike at an instant and different after it: a leak shows by what it does. A finished
table can only be suspected, by what it knows; the report says which checks that leaves out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow.compute as pc

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.progress import Progress, no_progress
from features.snapshot import take_snapshot
from training.checks.behavioural import run_checks
from training.checks.catalogue import CHECKS, CheckOutcome, Needs
from training.checks.feature_tables import FeatureMaker, FeatureTable
from training.checks.labelled_rows import label_rows
from training.checks.ledger_rows import LedgerRows, known_customers
from training.checks.report import CheckResult, LeakReport
from training.checks.statistical import suspicions
from training.dataset.folds import origins_of
from training.dataset.scope import TrainingScope, scope_of

MOST_CUSTOMERS = 1500
"""Larger ledgers are checked on so many customers, drawn by a hash of their ids."""
TOGETHER = 8
"""Instants that are asked for together, as training does."""
NOT_PROVABLE = "Not provable from a table: it takes the function that made it."
NOT_CLOSED = "Too few customers or no closed window: nothing that came after can be held against it."


def check_features(
    maker: FeatureMaker,
    ledger: Ledger,
    policy: Policy,
    *,
    until: AsOf | None = None,
    horizon_days: int | None = None,
    as_ofs: Sequence[AsOf] = (),
    most_customers: int = MOST_CUSTOMERS,
    progress: Progress = no_progress,
    behaviour: Callable[..., tuple[list[CheckResult], FeatureTable]] = run_checks,
) -> LeakReport:
    """What all checks found of the features that a function makes.

    ``until`` is the T of training (default: the day after the ledger's last row); ``as_ofs`` are the instants at which
    worlds are changed (default: two midnights and an hour within a day). A larger ledger is checked on
    ``most_customers`` of its customers. The function is the caller's own code and
    runs as such, some twenty-five times an instant. ``behaviour`` answers the behavioural checks.

    Raises:
        MadeFeaturesError: the function fails on the ledger as it is, or makes no features.
    """
    scope = _frame(ledger, policy, until, horizon_days)
    world, remarks = _sampled(LedgerRows.of(ledger), scope, most_customers)
    instants = sorted(as_ofs) or _instants(scope, policy)
    origins = origins_of(
        scope.until, scope.horizon_days, scope.active_days, starts_on=scope.starts_on, zone=policy.zone
    )
    behaved, made = behaviour(
        maker, world, policy, instants=instants, beside=origins.spaced[:TOGETHER], progress=progress
    )
    progress("finished features", 0.95)
    return _report([*behaved, *_suspected(made, world, scope, policy)], made, remarks)


def check_table(
    features: Any, ledger: Ledger, policy: Policy, *, until: AsOf | None = None, horizon_days: int | None = None
) -> LeakReport:
    """What can be found of features that lie finished in a table: customer_id, as_of and any columns.

    Raises:
        MadeFeaturesError: the table has no keys or no features.
    """
    made = FeatureTable.of(features, policy)
    scope = _frame(ledger, policy, until, horizon_days)
    asked = {customer for customer, _ in made.place}
    world, remarks = _sampled(LedgerRows.of(ledger), scope, MOST_CUSTOMERS)
    kept = set(known_customers(world, scope.until))
    if not asked & kept:
        remarks = (*remarks, "None of the table's customers is in the ledger.")
    left_out = [
        CheckResult(check, CheckOutcome.NOT_APPLICABLE, remark=NOT_PROVABLE)
        for check in CHECKS
        if check.needs is Needs.MAKER
    ]
    return _report([*left_out, *_suspected(made, world, scope, policy)], made, remarks)


def own_features(ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> Any:
    """Our own catalogue as a feature maker."""
    return take_snapshot(ledger, as_ofs, policy)


def _suspected(made: FeatureTable, world: LedgerRows, scope: TrainingScope, policy: Policy) -> list[CheckResult]:
    looked = label_rows(
        made, world, policy, until=scope.until, horizon_days=scope.horizon_days, active_days=scope.active_days
    )
    if looked is None:
        return [
            CheckResult(check, CheckOutcome.NOT_APPLICABLE, remark=NOT_CLOSED)
            for check in CHECKS
            if check.needs is Needs.TABLE
        ]
    return suspicions(made, looked)


def _report(results: Sequence[CheckResult], made: FeatureTable, remarks: tuple[str, ...]) -> LeakReport:
    by_code = sorted(results, key=lambda result: result.check.code)
    return LeakReport(tuple(by_code), tuple(made.columns), remarks)


def _frame(ledger: Ledger, policy: Policy, until: AsOf | None, horizon_days: int | None) -> TrainingScope:
    return scope_of(ledger, policy, until=until, horizon_days=horizon_days, active_days=horizon_days)


def _sampled(world: LedgerRows, scope: TrainingScope, most: int) -> tuple[LedgerRows, tuple[str, ...]]:
    """The world of at most so many customers, drawn by a hash of their ids."""
    known = known_customers(world, scope.until)
    if len(known) <= most:
        return world, ()
    drawn = sorted(known, key=_drawn_by)[:most]
    days = world.rows["order_lines"].column("order_day")
    for edge in pc.min_max(days).as_py().values():  # the sample begins and ends when the ledger does
        there = world.rows["order_lines"].column("customer_id").filter(pc.equal(days, edge)).to_pylist()
        drawn.append(min(there, key=_drawn_by))
    return world.of_customers(drawn), (f"Checked on {most:,} of {len(known):,} customers.",)


def _drawn_by(customer_id: str) -> bytes:
    return hashlib.sha256(customer_id.encode()).digest()


def _instants(scope: TrainingScope, policy: Policy) -> list[AsOf]:
    """A midnight a horizon before T, another before it, and an hour within a day between them; none before a half."""
    newest = scope.until.shifted(-scope.horizon_days, policy.zone)
    least = scope.starts_on.toordinal() + max(1, (scope.until.day - scope.starts_on).days // 3)
    older = newest.shifted(-scope.horizon_days, policy.zone)
    noon = AsOf.parse(f"{newest.shifted(-(scope.horizon_days // 2), policy.zone).day}T14:37", policy.zone)
    return sorted(at for at in {newest, older, noon} if at.day.toordinal() > least or at == newest)
