"""Leakage checks: whether features see the future; for our own catalogue and for any function or table.

In a notebook::

    from training.checks.leakage import check_features
    report = check_features(my_features, ledger, policy)  # my_features(ledger, as_ofs, policy) makes a table
    print(report)

A function is run on perturbed ledgers that are equal at an instant and differ after it: its behaviour shows a leak. A
finished table can only be suspected, from its contents; the report names the checks that are left out.
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
"""Number of customers in the check of a larger ledger, drawn by a hash of their ids."""
TOGETHER = 8
"""Instants that are made together, as training does."""
NOT_PROVABLE = "Cannot be checked on a table: it needs the function that made it."
NOT_CLOSED = "Too few customers or no closed window: there are no outcomes to compare with."


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
    """The results of all checks of a function's features.

    ``until`` is the T of training (default: the day after the ledger's last row); ``as_ofs`` are the instants at which
    ledgers are perturbed (default: two midnights and an hour within a day). A larger ledger is checked on
    ``most_customers`` of its customers. The function is the caller's own code and runs as such, some twenty-five times
    an instant. ``behaviour`` runs the behavioural checks.

    Raises:
        MadeFeaturesError: the function fails on the true ledger, or returns no features.
    """
    scope = _scope_of_check(ledger, policy, until, horizon_days)
    ledger_rows, remarks = _sampled(LedgerRows.of(ledger), scope, most_customers)
    instants = sorted(as_ofs) or _instants(scope, policy)
    origins = origins_of(
        scope.until, scope.horizon_days, scope.active_days, starts_on=scope.starts_on, zone=policy.zone
    )
    behavioural_results, table = behaviour(
        maker, ledger_rows, policy, instants=instants, training_instants=origins.spaced[:TOGETHER], progress=progress
    )
    progress("finished features", 0.95)
    return _report([*behavioural_results, *_statistical_results(table, ledger_rows, scope, policy)], table, remarks)


def check_table(
    features: Any, ledger: Ledger, policy: Policy, *, until: AsOf | None = None, horizon_days: int | None = None
) -> LeakReport:
    """The results of the checks that a finished table allows: customer_id, as_of and any columns.

    Raises:
        MadeFeaturesError: the table has no keys or no features.
    """
    table = FeatureTable.of(features, policy)
    scope = _scope_of_check(ledger, policy, until, horizon_days)
    customers = {customer for customer, _ in table.place}
    ledger_rows, remarks = _sampled(LedgerRows.of(ledger), scope, MOST_CUSTOMERS)
    known = set(known_customers(ledger_rows, scope.until))
    if not customers & known:
        remarks = (*remarks, "None of the table's customers is in the ledger.")
    not_applicable = [
        CheckResult(check, CheckOutcome.NOT_APPLICABLE, remark=NOT_PROVABLE)
        for check in CHECKS
        if check.needs is Needs.MAKER
    ]
    return _report([*not_applicable, *_statistical_results(table, ledger_rows, scope, policy)], table, remarks)


def own_features(ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> Any:
    """Our own catalogue as a feature maker."""
    return take_snapshot(ledger, as_ofs, policy)


def _statistical_results(
    features: FeatureTable, ledger_rows: LedgerRows, scope: TrainingScope, policy: Policy
) -> list[CheckResult]:
    rows = label_rows(
        features, ledger_rows, policy, until=scope.until, horizon_days=scope.horizon_days, active_days=scope.active_days
    )
    if rows is None:
        return [
            CheckResult(check, CheckOutcome.NOT_APPLICABLE, remark=NOT_CLOSED)
            for check in CHECKS
            if check.needs is Needs.TABLE
        ]
    return suspicions(features, rows)


def _report(results: Sequence[CheckResult], features: FeatureTable, remarks: tuple[str, ...]) -> LeakReport:
    by_code = sorted(results, key=lambda result: result.check.code)
    return LeakReport(tuple(by_code), tuple(features.columns), remarks)


def _scope_of_check(ledger: Ledger, policy: Policy, until: AsOf | None, horizon_days: int | None) -> TrainingScope:
    return scope_of(ledger, policy, until=until, horizon_days=horizon_days, active_days=horizon_days)


def _sampled(ledger_rows: LedgerRows, scope: TrainingScope, most: int) -> tuple[LedgerRows, tuple[str, ...]]:
    """The rows of at most ``most`` customers, drawn by a hash of their ids, and a remark where some are left out."""
    known = known_customers(ledger_rows, scope.until)
    if len(known) <= most:
        return ledger_rows, ()
    drawn = sorted(known, key=_drawn_by)[:most]
    days = ledger_rows.rows["order_lines"].column("order_day")
    for edge in pc.min_max(days).as_py().values():  # the sample begins and ends when the ledger does
        customers = ledger_rows.rows["order_lines"].column("customer_id").filter(pc.equal(days, edge)).to_pylist()
        drawn.append(min(customers, key=_drawn_by))
    return ledger_rows.of_customers(drawn), (f"Checked on {most:,} of {len(known):,} customers.",)


def _drawn_by(customer_id: str) -> bytes:
    return hashlib.sha256(customer_id.encode()).digest()


def _instants(scope: TrainingScope, policy: Policy) -> list[AsOf]:
    """A midnight one horizon before T, another two before it, and 14:37 on a day between; none in the first third."""
    newest = scope.until.shifted(-scope.horizon_days, policy.zone)
    least = scope.starts_on.toordinal() + max(1, (scope.until.day - scope.starts_on).days // 3)
    older = newest.shifted(-scope.horizon_days, policy.zone)
    noon = AsOf.parse(f"{newest.shifted(-(scope.horizon_days // 2), policy.zone).day}T14:37", policy.zone)
    return sorted(at for at in {newest, older, noon} if at.day.toordinal() > least or at == newest)
