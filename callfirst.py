"""Here you find the command line: the commands of every package under one name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import features.commands
import serving.commands
import training.commands
from features.errors import CallfirstError
from features.home import Home

app = typer.Typer(
    name="callfirst",
    help="From your order ledger to a ranked call list: which key accounts to call first, and why.",
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
    """Say where the company's things lie; every command works there."""
    context.obj = Home(home)


for package in (features.commands, training.commands, serving.commands):
    package.register(app)


def main() -> None:
    """Run a command; an error of ours is a sentence and a hint on stderr, and exit code 1."""
    try:
        app()
    except CallfirstError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        console.print(f"[bold red]{_plain(error.sentence)}[/]")
        console.print(_plain(error.hint))
        sys.exit(1)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
