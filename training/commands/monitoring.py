"""The commands `report-card` and `drift`, and both together for the nightly run."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from features import clock
from features.clock import AsOf
from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.database import open_store
from features.policy import Policy, read_policy
from models.findings import Finding, FindingKind, add, finding_of, findings_of, newest

AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="Use what was known before this date or instant; by default the ledger's end."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def report_card(context: typer.Context, as_of: AsOfOption = None, as_json: AsJson = False) -> None:
    """Grade all lists with a closed window by the customers that were not called, and show the newest report card.

    Example: callfirst report-card --as-of 2026-12-01
    """
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    until = _as_of(as_of, home, policy)
    new_cards = grade(home, policy, until)
    card = new_cards[-1] if new_cards else _newest_card(home, until)
    if as_json:
        _print_json({**card.payload, "sentence": card.sentence, "new_cards": len(new_cards)})
        return
    console = Console()
    console.print(card.sentence, highlight=False, markup=False)
    figures = card.payload["figures"]
    if figures is None:
        return
    shown = {"AUC": "auc", "Brier": "brier", "calibration error": "calibration_error", "money found": "money_found"}
    figures_shown = [f"{name} {figures[key]:.3f}" for name, key in shown.items() if figures[key] is not None]
    console.print(f"{', '.join(figures_shown)}; {card.payload['model_version']}.", style="dim", highlight=False)


def drift(context: typer.Context, as_of: AsOfOption = None, as_json: AsJson = False) -> None:
    """Show whether customers still look and order as in training; if not, name the likely cause.

    Example: callfirst drift --as-of 2026-12-01
    """
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    finding = watch(home, policy, _as_of(as_of, home, policy))
    if as_json:
        _print_json({**finding.payload, "sentence": finding.sentence})
        return
    Console().print(finding.sentence, style="bold" if finding.payload["alarm"] else "", highlight=False, markup=False)


def judge_night(home: Home, policy: Policy, as_of: AsOf) -> tuple[Finding, ...]:
    """The report cards that are due, and the drift as of the night; each stored as a finding."""
    return (*grade(home, policy, as_of), watch(home, policy, as_of))


def grade(home: Home, policy: Policy, until: AsOf) -> tuple[Finding, ...]:
    """A new report card for every run with a closed window and no card; oldest first."""
    from training.monitoring.grading import report_card as card_of
    from training.monitoring.grading import ungraded_runs

    ledger = read_ledger(home, policy)
    with open_store(home) as store:
        findings = []
        for run in ungraded_runs(store, ledger, until):
            card = card_of(store, run, ledger, until=until, policy=policy)
            findings.append(finding_of(FindingKind.REPORT_CARD, card, ledger, as_of=until, made_at=clock.now()))
            add(store, findings[-1])
    return tuple(findings)


def watch(home: Home, policy: Policy, as_of: AsOf) -> Finding:
    """The drift as seen at the as-of; stored as a finding unless the newest one equals it."""
    from models.registry import champion
    from training.monitoring.drift_detection import look_for_drift

    ledger = read_ledger(home, policy)
    drift_found = look_for_drift(ledger, champion(home), as_of, policy)
    finding = finding_of(FindingKind.DRIFT, drift_found, ledger, as_of=as_of, made_at=clock.now())
    with open_store(home) as store:
        before = newest(store, FindingKind.DRIFT)
        if before is None or (before.as_of, before.payload) != (finding.as_of, finding.payload):
            add(store, finding)
    return finding


def _newest_card(home: Home, until: AsOf) -> Finding:
    from training.monitoring.grading import NothingToGradeError, first_close

    with open_store(home) as store:
        cards = findings_of(store, FindingKind.REPORT_CARD)
        closed = [card for card in cards if card.payload["closed_on"] <= str(until.day)]
        if not closed:
            raise NothingToGradeError(first_close(store))
    return max(closed, key=lambda card: str(card.payload["closed_on"]))


def _as_of(text: str | None, home: Home, policy: Policy) -> AsOf:
    if text:
        return AsOf.parse(text, policy.zone)
    return AsOf.of_day(read_ledger(home, policy).ends_on + timedelta(days=1), policy.zone)


def _print_json(answer: dict[str, Any]) -> None:
    print(json.dumps(answer))  # noqa: T201  the one line a machine reads
