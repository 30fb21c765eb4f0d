"""The command line: the commands of every package under one name, and the demo that runs the whole chain."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

import features.commands
import serving.commands
import training.commands.monitoring
import training.commands.train
from features import clock
from features.errors import CallfirstError, first_line
from features.home import Home
from features.ledger.demo.company import write_demo
from features.ledger.ingest.commands import ingest_files
from features.ledger.store.database import open_store
from serving import access

OUTSIDE = (duckdb.Error, SQLAlchemyError, OSError)
"""Errors of the disk, the database or DuckDB that any command may meet and none can mend."""


class HomeNameError(CallfirstError):
    """A home whose path cannot be written as UTF-8."""

    def __init__(self) -> None:
        super().__init__("The home's path is not valid UTF-8.", "Give the home a plain name.")


app = typer.Typer(
    name="callfirst",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def at_home(
    context: typer.Context,
    home: Annotated[Path, typer.Option(help="Folder that holds this company's database, mirror and models.")] = Path(),
) -> None:
    """From your order ledger to a ranked call list: which key accounts to call first, and why.

    Example: callfirst --home acme ingest orders orders.csv
    """
    try:
        str(home).encode()
    except UnicodeEncodeError:
        raise HomeNameError from None
    context.obj = Home(home)


for package in (features.commands, training.commands.train, serving.commands):
    package.register(app)


@app.command()
def nightly(
    context: typer.Context,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help=f"{serving.commands.AS_OF_HELP} Left out: today.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Pull the sources, grade old lists, look for drift, score, and publish new lists for API and page.

    Done once already, it says so. A source that cannot be pulled is named and makes the exit code 1; the night goes on
    with what is there.

    Example: callfirst nightly
    """
    serving.commands.nightly(context, training.commands.monitoring.judge_night, as_of=as_of, as_json=as_json)


@app.command()
def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="Equal seeds make equal companies, byte for byte.")] = 7,
    size: Annotated[int, typer.Option(help="Number of customers, prospects and former customers included.")] = 600,
    today: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The day on which the demo takes place.")
    ] = datetime(  # noqa: DTZ001  # a day
        2026, 9, 1
    ),
    port: Annotated[int | None, typer.Option(help="Port of the server. Left out: 8000, or a free one.")] = None,
    serve: Annotated[bool, typer.Option(help="Serve API and page at the end.")] = True,
) -> None:
    """Make up a company and run the whole chain on it: ingest, train, nightly, lists, server.

    Example: callfirst --home demo_home demo --seed 7 --size 600 --date 2026-09-01
    """
    home: Home = context.obj
    day = today.date()
    if not 1950 <= day.year <= 2150:
        raise typer.BadParameter("give a day between 1950 and 2150", param_hint="--date")
    _print_step("A made-up wholesaler", f"seed {seed}, {size} customers, four years up to {day}; nobody in it exists")
    files = write_demo(home.var / "demo", seed=seed, customers=size, ends_on=day - timedelta(days=1))
    for name, file in files.items():
        ingest_files(context, "customers" if name == "people" else name, [str(file)])
    _print_step("Training", "every candidate is tested on the newest windows")
    training.commands.train.train(context, until=day.isoformat())
    _print_step("Tonight", "score every customer, write the lists, publish them")
    nightly(context, as_of=day.isoformat())
    _print_step("The top of every call list", "each list has up to twenty lines; here are the first ones")
    serving.commands.call_lists(context, as_of=day.isoformat(), out=home.root / "call-lists")
    if serve:
        _print_step("The server", "stop it with Ctrl-C")
        _print_new_key(home)
        _serve(context, port)


def _print_new_key(home: Home) -> None:
    now = clock.now()
    with open_store(home) as store:
        key = access.create_key(store.engine, f"demo {now:%Y-%m-%d %H:%M:%S.%f}", manager_id=None, now=now)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"Access key (shown this once): {key}", markup=False)


def _serve(context: typer.Context, port: int | None) -> None:
    from serving.api.server import AddressError

    try:
        serving.commands.serve(context, port=port)
    except AddressError:
        if port is not None:
            raise
        serving.commands.serve(context, port=0)


def _print_step(title: str, detail: str) -> None:
    Console(highlight=False).print(f"\n[bold]{title}[/]: {detail}.")


def main() -> None:
    """A command has run; an error of ours is a sentence and a hint on stderr, with exit code 1."""
    try:
        app()
    except CallfirstError as error:
        _exit_with(error.sentence, error.hint)
    except OUTSIDE as error:
        _exit_with(
            f"The disk or the database failed: {first_line(error)}.",
            "Check free space and write access; `callfirst doctor` shows whether the ledger is sound.",
        )


def _exit_with(sentence: str, hint: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[bold red]{escape(sentence)}[/]")
    console.print(escape(hint))
    sys.exit(1)


if __name__ == "__main__":
    main()
