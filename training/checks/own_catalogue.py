"""The leakage checks of our own catalogue; the outcome of the behavioural ones is stored beside the code.

The behaviour of features on perturbed ledgers follows from the code and its libraries. It is tested on the demo
company, once per catalogue and state of both, and stored in ``own_catalogue.json``; this renews it::

    python -m training.checks.own_catalogue
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.metadata import version
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
"""The code that the outcome is valid for: features, ledger and engines, and the checks themselves."""
LIBRARIES = ("duckdb", "numpy", "pyarrow")
"""The libraries that compute features; the outcome is valid for their versions only."""
BEHAVIOURAL = tuple(check for check in CHECKS if check.needs is Needs.MAKER)
CUSTOMERS, YEARS, SEED, ENDS_ON = 150, 3, 7, date(2025, 12, 31)
POLICY = Policy(time_zone="Europe/Berlin")


def check_own_features(
    ledger: Ledger, policy: Policy, *, until: AsOf, horizon_days: int, as_ofs: Sequence[AsOf], most_customers: int
) -> LeakReport:
    """The results of all checks of our own catalogue on a ledger.

    The statistical checks always run on this ledger. The behavioural ones run only if the stored outcome is not of this
    code and these libraries, or of a failure.
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
    """Whether all behavioural checks passed for exactly this catalogue, code and libraries."""
    valid_for = _valid_for()
    try:
        outcome = json.loads(OUTCOME.read_text(encoding="utf-8"))
        passed = all(outcome["checks"][check.code] == CheckOutcome.PASSED for check in BEHAVIOURAL)
        return outcome["passed"] is True and passed and {name: outcome[name] for name in valid_for} == valid_for
    except (OSError, ValueError, LookupError, TypeError):  # there is none, or it is damaged or of another form
        return False


def outcome_of(report: LeakReport) -> dict[str, Any]:
    """The stored outcome of a report: its code and libraries, the test ledger, and the outcome of each check."""
    return {
        **_valid_for(),
        "ledger": f"demo company, seed {SEED}, {CUSTOMERS} customers, {YEARS} years up to {ENDS_ON}",
        "time_zone": POLICY.time_zone,
        "features": len(report.features),
        "passed": report.passed,
        "checks": {result.check.code: str(result.outcome) for result in report.results},
    }


@cache
def _valid_for() -> dict[str, Any]:
    digest = hashlib.sha256()
    for folder in SOURCES:
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder.parent).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return {
        "catalogue_fingerprint": CATALOG_FINGERPRINT,
        "code_sha256": digest.hexdigest(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _passed_before(
    maker: FeatureMaker,
    ledger_rows: LedgerRows,
    policy: Policy,
    *,
    instants: Sequence[AsOf],
    training_instants: Sequence[AsOf],
    progress: Progress,  # noqa: ARG001  as run_checks has it
) -> tuple[list[CheckResult], FeatureTable]:
    """The answer of ``run_checks`` for a maker that passes; features are made once, for the statistical checks."""
    passed = [CheckResult(check, CheckOutcome.PASSED) for check in BEHAVIOURAL]
    return passed, made_by(maker, ledger_rows.ledger("as it is"), sorted({*instants, *training_instants}), policy)


def _demo_ledger() -> Ledger:
    company = invent_company(ends_on=ENDS_ON, seed=SEED, customers=CUSTOMERS, years=YEARS)
    customers = pa.concat_tables([company.customers, company.touches["people"]], promote_options="default")
    others = {kind: rows for kind, rows in company.touches.items() if kind != "people"}
    return ledger_of(company.orders, customers, POLICY, others=others, currency="EUR")


def main() -> None:
    """Run every check on the demo company and store the outcome; fail where one fails."""
    report = check_features(own_features, _demo_ledger(), POLICY)
    OUTCOME.write_text(json.dumps(outcome_of(report), indent=1) + "\n", encoding="utf-8")
    if not report.passed:
        sys.exit(str(report))


if __name__ == "__main__":
    main()
