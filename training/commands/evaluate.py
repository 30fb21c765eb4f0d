"""The command `evaluate`: the served model against every baseline, after unseen cutoffs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from features import clock
from features.atomic_write import atomic_write
from features.clock import AsOf
from features.errors import first_line
from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import read_policy
from features.progress import progress_bar
from models.findings import FindingKind, finding_of, keep
from training.errors import TrainingError

if TYPE_CHECKING:  # a second of imports that only `evaluate` pays
    from training.evaluation.results import Evaluation


class EvaluationFolderError(TrainingError):
    """A folder that the evaluation cannot be written to."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"The evaluation cannot be written to {folder}: {why}.", "Give another folder with --out.")


def evaluate(
    context: typer.Context,
    *,
    cutoffs: Annotated[
        str | None,
        typer.Option(help="Dates to train as of, separated by commas; by default the contest's last origins."),
    ] = None,
    horizon_days: Annotated[
        int | None,
        typer.Option(help="H: days to look ahead; by default from the policy, else from the gaps between orders."),
    ] = None,
    active_days: Annotated[
        int | None, typer.Option(help="W: a customer silent for longer is not active; same default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal figures, to the bit.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables and pictures.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train as of each cutoff and compare with every baseline by what came after it. Nothing is promoted.

    Example: callfirst evaluate --cutoffs 2026-03-01,2026-06-01 --horizon-days 90 --out evaluation
    """
    from training.evaluation.evaluate import evaluate as evaluated

    home: Home = context.obj
    policy = read_policy(home.policy_file)
    instants = [AsOf.parse(text, policy.zone) for text in cutoffs.split(",")] if cutoffs else []
    ledger = read_ledger(home, policy)
    with progress_bar(quiet=as_json) as progress:
        evaluation = evaluated(
            ledger,
            policy,
            cutoffs=instants,
            horizon_days=horizon_days,
            active_days=active_days,
            seed=seed,
            progress=progress,
        )
    if out is not None:
        _write(evaluation, out)
    newest = max(part.cutoff for part in evaluation.cutoffs)
    keep(home, finding_of(FindingKind.EVALUATION, evaluation, ledger, as_of=newest, made_at=clock.now()))
    if as_json:
        print(json.dumps(evaluation.record()))  # noqa: T201  the one line a machine reads
    else:
        _print(evaluation, Console(), out)


def _write(evaluation: Evaluation, folder: Path) -> None:
    from training.evaluation.page import page
    from training.plots.evaluation import pictures_of
    from training.plots.training import saved

    texts = {
        "evaluation.json": json.dumps(evaluation.record(), indent=1) + "\n",
        "evaluation.md": page(evaluation, "Evaluation"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with atomic_write(folder / name) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        for name, picture in pictures_of(evaluation).items():
            saved(picture, folder / f"{name}.png")
    except OSError as error:
        raise EvaluationFolderError(folder, error.strerror or first_line(error)) from None


def _print(evaluation: Evaluation, console: Console, out: Path | None) -> None:
    from training.evaluation.baselines import BASELINES
    from training.evaluation.page import shown
    from training.evaluation.results import OURS
    from training.metrics.resampled import Figure

    for remark in evaluation.remarks:
        console.print(remark, style="dim", highlight=False)
    days = ", ".join(f"{part.cutoff.day} ({len(part):,}, served: {part.served})" for part in evaluation.cutoffs)
    console.print(
        f"{evaluation.horizon_days} days ahead, active within {evaluation.active_days} days; judged: {days}.\n",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False, caption="means over cutoffs; in brackets: ours is better by, 95 % interval")
    table.add_column("")
    for figure in Figure:
        table.add_column(str(figure), justify="right", no_wrap=True)
    intervals = {(difference.figure, difference.rival): difference.interval() for difference in evaluation.differences}
    for name in (OURS, *(baseline.name for baseline in BASELINES)):
        cells = []
        for figure in Figure:
            cell = shown(evaluation.means[figure].get(name, float("nan")))
            if (figure, name) in intervals:
                interval = intervals[figure, name]
                cell += f" ({interval.low:+.2f}…{interval.high:+.2f})"
            cells.append(cell)
        table.add_row(name, *cells, style="bold" if name == OURS else "")
    console.print(table)
    for part in evaluation.cutoffs:
        figures = part.calibration
        if figures is not None:
            across = ", across a season change" if figures.is_across_season_change else ""
            expected, observed = f"{figures.predicted:.0%}", f"{figures.observed:.0%}"
            console.print(
                f"{part.cutoff.day}: {expected} were expected to stop, {observed} did{across}.",
                style="dim",
                highlight=False,
            )
    console.print(f"\n[bold]{evaluation.sentence}[/bold]", highlight=False)
    if out is not None:
        console.print(f"Tables and pictures: {out}", highlight=False)
