"""Here you find the commands that fill and check the ledger: ``ingest`` and ``doctor``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from features.clock import AsOf, now
from features.home import Home
from features.ledger.columns import KINDS
from features.ledger.doctor import examine
from features.ledger.intake import ingest
from features.ledger.matching import parse_mapping
from features.ledger.mirror import read_ledger
from features.ledger.oddities import oddities_of
from features.policy import read_policy
from features.progress import progress_bar

INGEST_EXAMPLE = 'Example: callfirst ingest orders orders.csv --map "amount=Net Sales" --currency EUR'
DOCTOR_EXAMPLE = "Example: callfirst doctor --rebuild"
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(app: typer.Typer) -> None:
    """``ingest`` and ``doctor`` are commands of ``app``."""
    app.command("ingest", epilog=INGEST_EXAMPLE)(ingest_files)
    app.command("doctor", epilog=DOCTOR_EXAMPLE)(examine_ledger)


def ingest_files(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"What the rows are: {', '.join(KINDS)}.")],
    files: Annotated[list[Path], typer.Argument(help="CSV, TXT (also .gz), Parquet, a folder of Parquet, or XLSX.")],
    *,
    mapping: Annotated[str, typer.Option("--map", metavar="OURS=THEIRS,…", help="What their columns mean.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217, of rows that name none.")] = "",
    known_at: Annotated[str, typer.Option(help="Their column that says when we knew.")] = "",
    encoding: Annotated[str, typer.Option(help="Of text files, as windows-1251; else told from their bytes.")] = "",
    history: Annotated[bool, typer.Option("--history", help="The rows were known when they happened.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and account, store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Read rows of one kind into the ledger, and account for every row.

    Reading a file again changes nothing. Rows that cannot be used go to quarantine, with reason and original.
    """
    home: Home = context.obj
    with progress_bar(quiet=as_json) as told:
        account = ingest(
            kind,
            files,
            home=home,
            policy=read_policy(home.policy_file),
            now=now(),
            mapping=parse_mapping(mapping),
            currency=currency.upper() or None,
            known_at_column=known_at or None,
            encoding=encoding or None,
            history=history,
            dry_run=dry_run,
            progress=told,
        )
    Console().print_json(json.dumps(account.as_json())) if as_json else Console().print(
        account.as_text(), soft_wrap=True
    )
    if account.nothing_usable:
        raise typer.Exit(1)


def examine_ledger(
    context: typer.Context,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the mirror anew from the database.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the database with its mirror, row by row count and penny by penny; name what is odd in the ledger."""
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    found = examine(home, policy, rebuild=rebuild)
    odd = None
    if found.sound and found.holdings[0].database_rows:
        odd = oddities_of(read_ledger(home, policy), AsOf.of_instant(now(), policy.zone), policy)
    if as_json:
        Console().print_json(json.dumps(found.as_json() | {"oddities": odd.as_json() if odd else None}))
    else:
        for sentence in (found.sentence, *(odd.sentences if odd else ())):
            Console().print(sentence, soft_wrap=True, highlight=False, markup=False)
    if not found.sound:
        raise typer.Exit(1)
