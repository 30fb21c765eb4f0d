"""The commands that fill and check the ledger: ``ingest`` and ``doctor``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import URL

from features.clock import AsOf, now
from features.home import Home
from features.ledger.data_quality import data_quality_of
from features.ledger.ingest.customer_aliases import read_same_as
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.pull import Pulled, pull_all
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputFiles, InputTable
from features.ledger.ingest.source_config import UnknownSourceError, read_sources
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reading.databases import address_of, read_query, shown
from features.ledger.reading.header_matching import parse_mapping
from features.ledger.schema.record_types import RECORD_TYPES
from features.policy import read_policy
from features.progress import progress_bar

INGEST_EXAMPLE = 'Example: callfirst ingest orders orders.csv --map "amount=Net Sales" --currency EUR'
DOCTOR_EXAMPLE = "Example: callfirst doctor --rebuild"
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(app: typer.Typer) -> None:
    """Adds the commands ``ingest`` and ``doctor`` to ``app``."""
    app.command("ingest", epilog=INGEST_EXAMPLE)(ingest_files)
    app.command("doctor", epilog=DOCTOR_EXAMPLE)(examine_ledger)


def ingest_files(
    context: typer.Context,
    kind: Annotated[str | None, typer.Argument(help=f"Kind of the rows: {', '.join(RECORD_TYPES)}.")] = None,
    files: Annotated[
        list[str] | None,
        typer.Argument(help="CSV, TXT (also .gz), Parquet, a folder of Parquet, XLSX; or a database's URL."),
    ] = None,
    *,
    query: Annotated[str, typer.Option(help="Query for the database at the URL; it only reads.")] = "",
    source: Annotated[str, typer.Option(help="Pull this source of sources.toml.")] = "",
    all_sources: Annotated[bool, typer.Option("--all-sources", help="Pull every source of sources.toml.")] = False,
    mapping: Annotated[
        str, typer.Option("--map", metavar="OURS=THEIRS,…", help="Columns by our names: OURS=THEIRS.")
    ] = "",
    currency: Annotated[str, typer.Option(help="Currency (ISO 4217) of rows without one.")] = "",
    known_at: Annotated[str, typer.Option(help="Column with the time a row became known.")] = "",
    encoding: Annotated[
        str, typer.Option(help="Encoding of text files, such as windows-1251; by default found from the bytes.")
    ] = "",
    same_as: Annotated[
        Path | None, typer.Option(help="CSV with customer_id and same_as: ids that are one customer from now on.")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="The rows were known when they happened.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the rows and print the account, but store nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read rows of one kind into the ledger, and account for every row.

    Reading a file again changes nothing. Rows that cannot be used go to quarantine, with reason and original. What
    sources.toml names is pulled with --source or --all-sources, each with its own settings.
    """
    home: Home = context.obj
    if source or all_sources:
        _pull(
            home,
            source,
            [kind, *(files or []), query, mapping, currency, known_at, encoding, same_as, history],
            dry_run,
            as_json,
        )
        return
    if not kind or not files:
        raise typer.BadParameter("give a kind of rows and a file, or name a source of sources.toml with --source")
    request = partial(
        IngestRequest,
        kind,
        home=home,
        policy=read_policy(home.policy_file),
        now=now(),
        mapping=parse_mapping(mapping),
        currency=currency.upper() or None,
        known_at_column=known_at or None,
        history=HistoryRule.of(history=history),
        same_as=read_same_as(same_as) if same_as else {},
        dry_run=dry_run,
    )
    if query or any("://" in file for file in files):
        address = _address(files, query)
        account = ingest(request(InputTable(read_query(address, query), shown(address))))
    else:
        with progress_bar(quiet=as_json) as progress:
            account = ingest(request(InputFiles([Path(file) for file in files], encoding or None), progress=progress))
    Console().print_json(json.dumps(account.as_json())) if as_json else Console().print(
        account.as_text(), soft_wrap=True
    )
    if account.nothing_usable:
        raise typer.Exit(1)


def _address(files: list[str], query: str) -> URL:
    if not query:
        raise typer.BadParameter("say what to ask the database: --query 'SELECT …'")
    if len(files) != 1:
        raise typer.BadParameter("--query goes with the URL of one database")
    return address_of(files[0])


def _pull(home: Home, name: str, others: list[Any], dry_run: bool, as_json: bool) -> None:  # options
    if any(others):
        raise typer.BadParameter("a source has its own kind, query and settings: leave them out beside --source")
    sources = read_sources(home.sources_file)
    if not sources or (name and name not in sources):
        raise UnknownSourceError(name, list(sources))
    chosen = [sources[name]] if name else list(sources.values())
    pulled = pull_all(chosen, home=home, policy=read_policy(home.policy_file), now=now(), dry_run=dry_run)
    if as_json:
        Console().print_json(json.dumps({"sources": [source_result.as_json() for source_result in pulled]}))
    else:
        show_pulled(pulled)
    if any(source_result.failed for source_result in pulled):
        raise typer.Exit(1)


def show_pulled(pulled: Sequence[Pulled]) -> None:
    """Prints the account of each source; failures go to stderr."""
    for source_result in pulled:
        Console(stderr=source_result.error is not None).print(Text(source_result.sentence), soft_wrap=True)
        if source_result.account:
            Console().print(source_result.account.as_text(), soft_wrap=True)


def examine_ledger(
    context: typer.Context,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the mirror again from the database.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the database with its mirror, row by row count and penny by penny; name what is odd in the ledger."""
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    consistency = check_consistency(home, policy, rebuild=rebuild)
    odd = None
    if consistency.sound and consistency.holdings[0].database_rows:
        odd = data_quality_of(read_ledger(home, policy), AsOf.of_instant(now(), policy.zone), policy)
    if as_json:
        Console().print_json(json.dumps(consistency.as_json() | {"oddities": odd.as_json() if odd else None}))
    else:
        for sentence in (consistency.sentence, *(odd.sentences if odd else ())):
            Console().print(sentence, soft_wrap=True, highlight=False, markup=False)
    if not consistency.sound:
        raise typer.Exit(1)
