"""Our own catalogue's leak checks, with the outcome of the behavioural ones kept beside the code it holds for.

How features behave on other ledgers follows from the code alone. It is found on the demo company, once per catalogue
and state of the code, and kept in ``own_catalogue.json``; this renews it::

    python -m training.checks.own_catalogue
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

import features
from features.catalog import CATALOG_FINGERPRINT
from features.clock import AsOf
from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.progress import Progress
from training.checks.behavioural import run_checks
from training.checks.catalogue import CHECKS, CheckOutcome, Needs
from training.checks.feature_tables import FeatureMaker, FeatureTable, made_by
from training.checks.leakage import check_features, own_features
from training.checks.ledger_rows import LedgerRows
from training.checks.report import CheckResult, LeakReport

OUTCOME = Path(__file__).with_name("own_catalogue.json")
SOURCES = (Path(features.__file__).parent, Path(__file__).parent)
"""The code whose bytes the outcome holds for: features, ledger and engines, and the checks themselves."""
CUSTOMERS, YEARS, SEED, ENDS_ON = 150, 3, 7, date(2025, 12, 31)
POLICY = Policy(time_zone="Europe/Berlin")


def check_own_features(
    ledger: Ledger, policy: Policy, *, until: AsOf, horizon_days: int, as_ofs: Sequence[AsOf], most_customers: int
) -> LeakReport:
    """What all checks find of our own catalogue on a ledger.

    The statistical checks look at this ledger. The behavioural ones run only where none are known to pass for this
    very code.
    """
    return check_features(
        own_features,
        ledger,
        policy,
        until=until,
        horizon_days=horizon_days,
        as_ofs=as_ofs,
        most_customers=most_customers,
        behaviour=_passed_before if is_proven() else run_checks,
    )


def is_proven() -> bool:
    """Whether the behavioural checks are known to pass for this very catalogue and code."""
    try:
        outcome = json.loads(OUTCOME.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return bool(outcome["passed"]) and {name: outcome[name] for name in _code()} == _code()


def outcome_of(report: LeakReport) -> dict[str, Any]:
    """What is kept of a report: what it holds for, on what it was found, and how each check came out."""
    return {
        **_code(),
        "ledger": f"demo company, seed {SEED}, {CUSTOMERS} customers, {YEARS} years up to {ENDS_ON}",
        "features": len(report.features),
        "passed": report.passed,
        "checks": {result.check.code: str(result.outcome) for result in report.results},
    }


@cache
def _code() -> dict[str, str]:
    digest = hashlib.sha256()
    for folder in SOURCES:
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder.parent).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return {"catalogue_fingerprint": CATALOG_FINGERPRINT, "code_sha256": digest.hexdigest()}


def _passed_before(
    maker: FeatureMaker,
    world: LedgerRows,
    policy: Policy,
    *,
    instants: Sequence[AsOf],
    beside: Sequence[AsOf],
    progress: Progress,  # noqa: ARG001  as run_checks has it
) -> tuple[list[CheckResult], FeatureTable]:
    """What ``run_checks`` answers of a maker that passes: the features are made once, for the statistical checks."""
    passed = [CheckResult(check, CheckOutcome.PASSED) for check in CHECKS if check.needs is Needs.MAKER]
    return passed, made_by(maker, world.ledger("as it is"), sorted({*instants, *beside}), policy)


def _demo_ledger() -> Ledger:
    company = invent_company(ends_on=ENDS_ON, seed=SEED, customers=CUSTOMERS, years=YEARS)
    customers = pa.concat_tables([company.customers, company.touches["people"]], promote_options="default")
    others = {kind: rows for kind, rows in company.touches.items() if kind != "people"}
    return ledger_of(company.orders, customers, POLICY, others=others, currency="EUR")


def main() -> None:
    """Run every check on the demo company and keep how they came out; fail where one fails."""
    report = check_features(own_features, _demo_ledger(), POLICY)
    OUTCOME.write_text(json.dumps(outcome_of(report), indent=1) + "\n", encoding="utf-8")
    if not report.passed:
        sys.exit(str(report))


if __name__ == "__main__":
    main()
