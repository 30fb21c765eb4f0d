"""The commands `train` and `horizon`, and the registration of all commands of training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from features import clock
from features.clock import AsOf
from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import Policy, read_policy
from features.progress import progress_bar
from models.findings import FindingKind, finding_of, keep
from training.commands.checks import checks
from training.commands.evaluate import evaluate
from training.commands.models import list_models, promote, rollback, show_model
from training.commands.monitoring import drift, report_card
from training.dataset.scope import scope_of

if TYPE_CHECKING:  # a second of imports that only `train` pays
    from training.tracking.verdict import Verdict

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add this package's commands."""
    app.command("train")(train)
    app.command("horizon")(horizon)
    app.command("evaluate")(evaluate)
    app.command("checks")(checks)
    app.command("report-card")(report_card)
    app.command("drift")(drift)
    models = typer.Typer(
        help="Models in service, now and before.\n\nExample: callfirst models list", no_args_is_help=True
    )
    models.command("list")(list_models)
    models.command("show")(show_model)
    models.command("promote")(promote)
    models.command("rollback")(rollback)
    app.add_typer(models, name="models")


def train(
    context: typer.Context,
    *,
    until: Annotated[
        str | None,
        typer.Option(help="Train as if today were this date; by default the day after the ledger's last row."),
    ] = None,
    horizon_days: Annotated[
        int | None,
        typer.Option(help="H: days to look ahead; by default from the policy, else from the gaps between orders."),
    ] = None,
    active_days: Annotated[
        int | None, typer.Option(help="W: a customer silent for longer is not active; same default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal scores, to the bit.")] = 0,
    trials: Annotated[int | None, typer.Option(help="Number of tuning trials to run first; by default none.")] = None,
    tuning_minutes: Annotated[
        float | None,
        typer.Option(help="Time limit of the trials in minutes; their number then depends on the machine."),
    ] = None,
    may_be_older: Annotated[
        bool, typer.Option("--promote", help="Put it into service even if the champion has a later date of training.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Learn from the ledger, hold the contest, and put the winner into service if its checks pass.

    Example: callfirst train --until 2026-09-01 --horizon-days 90 --active-days 90
    """
    from training import pipeline
    from training.fitting.tuning import MOST_TRIALS, Budget

    home, policy = _home(context)
    wants_tuning = trials is not None or tuning_minutes is not None
    tuning = Budget(MOST_TRIALS if trials is None else trials, tuning_minutes) if wants_tuning else None
    with progress_bar(quiet=as_json) as progress:
        verdict = pipeline.train(
            home,
            policy,
            until=AsOf.parse(until, policy.zone) if until else None,
            horizon_days=horizon_days,
            active_days=active_days,
            seed=seed,
            tuning=tuning,
            may_be_older=may_be_older,
            progress=progress,
        )
    if as_json:
        _print_json(verdict.record())
    else:
        _print_verdict(verdict, Console())


def horizon(
    context: typer.Context,
    as_of: Annotated[str | None, typer.Option(help="Read the ledger as of this date; by default its end.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose how far ahead to look and how long a customer counts as active, from the gaps between orders.

    Example: callfirst horizon --as-of 2026-09-01
    """
    home, policy = _home(context)
    ledger = read_ledger(home, policy)
    until = AsOf.parse(as_of, policy.zone) if as_of else None
    scope = scope_of(ledger, policy, until=until, horizon_days=None, active_days=None)
    proposal = scope.proposal
    keep(home, finding_of(FindingKind.HORIZON, proposal, ledger, as_of=scope.until, made_at=clock.now()))
    if as_json:
        _print_json({"as_of": str(scope.until), **proposal.record()})
        return
    console = Console()
    console.print(
        f"[bold]H = {proposal.horizon_days} days, W = {proposal.active_days} days[/bold]  as of {scope.until.day}"
    )
    console.print(proposal.sentence)


def _print_verdict(verdict: Verdict, console: Console) -> None:
    for remark in verdict.remarks:
        console.print(remark, style="dim")
    console.print(
        f"As of {verdict.until.day}: {verdict.horizon_days} days ahead, active within {verdict.active_days} days.\n"
    )
    if verdict.figures:
        console.print(_figures_table(verdict))
    for name, reason in (verdict.winner.outcome.skipped if verdict.winner.outcome else {}).items():
        console.print(f"{name} did not take part at every origin: {reason}.", style="dim")
    console.print(f"\n[bold]{verdict.sentence}[/bold]", highlight=False)
    if verdict.bundle.note not in verdict.sentence:
        console.print(verdict.bundle.note, highlight=False)
    console.print(_checks_table(verdict))
    console.print(f"Value at risk comes from: {verdict.winner.shortfall.kind}. In service: {verdict.serving.version}.")
    if verdict.serving.churn is not None and not verdict.serving.is_rule:
        console.print(f"Made of: {verdict.serving.churn.made_of_words}.", highlight=False)
    if verdict.decision.stays is not None:
        hint = f"callfirst models promote '{verdict.bundle.version}'"
        console.print(
            f"Trained and stored, but not put into service: {verdict.bundle.version}. "
            f"To put it into service anyway: {hint}"
        )
    console.print(
        f"MLflow run {verdict.run_id} ({verdict.seconds:.0f} s); look at it with:\n"
        f"  mlflow ui --backend-store-uri {verdict.tracking_uri}",
        soft_wrap=True,
        highlight=False,
    )


def _figures_table(verdict: Verdict) -> Table:
    table = Table(box=None, pad_edge=False, caption="unseen windows; money found: share of the best possible ranking")
    table.add_column("candidate")
    for name in ("kind", "AUC", "Brier", "calibration error", "money found"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for scores in verdict.figures:
        served = scores.name == verdict.winner.name
        table.add_row(
            scores.name,
            str(scores.rank),
            f"{scores.auc:.3f}",
            f"{scores.brier:.3f}",
            f"{scores.calibration_error:.3f} (perfect: {scores.perfect_calibration_error:.3f})",
            f"{scores.money_found:.3f}",
            style="bold" if served else "",
        )
    outcome = verdict.winner.outcome
    for kind, money in (outcome.money if outcome else {}).items():
        served = kind == verdict.winner.shortfall.kind
        table.add_row(str(kind), "money", "", "", "", f"{money:.3f}", style="bold" if served else "")
    return table


def _checks_table(verdict: Verdict) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("check", "", "true if passed", "finding"):
        table.add_column(name, overflow="fold")
    for result in verdict.decision.checks:
        style = {"failed": "bold red", "not applicable": "dim"}.get(str(result.outcome), "")
        table.add_row(result.check.code, str(result.outcome), result.check.title, result.sentence, style=style)
    return table


def _home(context: typer.Context) -> tuple[Home, Policy]:
    home: Home = context.obj
    return home, read_policy(home.policy_file)


def _print_json(answer: dict[str, Any]) -> None:
    print(json.dumps(answer))  # noqa: T201  the one line a machine reads
