"""The command `checks`: leakage checks of our own features, of a function's, or of a file's."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features.clock import AsOf
from features.errors import first_line
from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import read_policy
from training.errors import TrainingError

if TYPE_CHECKING:  # half a second of imports that only `checks` pays
    from training.checks.feature_tables import FeatureMaker
    from training.checks.report import LeakReport


class FeaturesFileError(TrainingError):
    """A file of features that cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The features in {path} cannot be read: {why}.", "Give a Parquet file.")


class MakerNameError(TrainingError):
    """A name without a feature maker behind it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"'{name}' is not a feature maker: {why}.",
            "Write module:function, or FILE.py:function; it takes (ledger, as_ofs, policy).",
        )


def checks(
    context: typer.Context,
    *,
    features: Annotated[
        Path | None, typer.Option(help="Parquet file with customer_id, as_of and features in columns of their own.")
    ] = None,
    maker: Annotated[
        str | None,
        typer.Option(help="Your own module:function or FILE.py:function; it runs as your code, about eighty times."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Check as if today were this date; by default the day after the ledger's last row."),
    ] = None,
    horizon_days: Annotated[
        int | None,
        typer.Option(help="H: days to look ahead; by default from the policy, else from the gaps between orders."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check features for leaks: whether they see the future. By default it checks our own. Exit code 1 means a leak.

    A function is run on perturbed ledgers, which shows any leak. A finished file can only be suspected.

    Example: callfirst checks --maker my_features.py:make
    """
    from training.checks.leakage import check_features, check_table, own_features

    if features is not None and maker is not None:
        raise typer.BadParameter("give --features or --maker, not both", param_hint="--maker")
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    feature_maker = _maker(maker) if maker else own_features
    table = _table(features) if features else None
    ledger = read_ledger(home, policy)
    at = AsOf.parse(until, policy.zone) if until else None
    if table is not None:
        report = check_table(table, ledger, policy, until=at, horizon_days=horizon_days)
    else:
        with Console(stderr=True).status("checking") as status:
            report = check_features(
                feature_maker,
                ledger,
                policy,
                until=at,
                horizon_days=horizon_days,
                progress=lambda step, share: status.update(f"{share:.0%}  {step}"),
            )
    if as_json:
        print(json.dumps(report.record()))  # noqa: T201  the one line a machine reads
    else:
        _print(report, Console())
    if not report.passed:
        raise typer.Exit(1)


def _print(report: LeakReport, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("", "", f"{len(report.features)} features"):
        table.add_column(name)
    for result in report.results:
        style = {"failed": "bold red", "not applicable": "dim"}.get(str(result.outcome), "")
        table.add_row(result.check.code, str(result.outcome), result.check.title, style=style)
    console.print(table)
    remarks = dict.fromkeys([*(result.remark for result in report.results if result.remark), *report.remarks])
    for remark in remarks:
        console.print(remark, style="dim", highlight=False)
    for result in report.results:
        if result.caught:
            console.print(f"\n[bold]{result.check.code}[/] {escape(result.check.why)}", highlight=False)
        for leak in result.caught:
            console.print(f"  {escape(leak.sentence)}", highlight=False, soft_wrap=True)


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise FeaturesFileError(path, first_line(error)) from None


def _maker(name: str) -> FeatureMaker:
    place, _, function = name.rpartition(":")
    if not place:
        raise MakerNameError(name, "it has no colon")
    try:
        module = _module_in(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except (ImportError, OSError, SyntaxError) as error:
        raise MakerNameError(name, first_line(error)) from None
    function_found = getattr(module, function, None)
    if not callable(function_found):
        raise MakerNameError(name, f"{place} has no function {function}")
    maker: FeatureMaker = function_found
    return maker


def _module_in(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses and pickles of the module look for it there
    spec.loader.exec_module(module)
    return module
