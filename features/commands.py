"""Here you find the commands of the ledger and its features: ingest, doctor, snapshot."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer
from rich.console import Console

from features.clock import AsOf
from features.errors import CallfirstError
from features.home import Home
from features.ledger import ingest_command
from features.ledger.mirror import read_ledger
from features.ledger.source_ledger import read_source_ledger
from features.policy import read_policy
from features.snapshot import take_snapshot


class SnapshotFileError(CallfirstError):
    """A file the features cannot be written to."""

    def __init__(self, out: Path, error: OSError) -> None:
        why = os.strerror(error.errno) if error.errno else str(error)
        super().__init__(f"Cannot write features to {out}: {why}.", "Choose another --out.")


def register(app: typer.Typer) -> None:
    """Add this package's commands."""
    ingest_command.register(app)
    app.command("snapshot")(snapshot)


def snapshot(
    context: typer.Context,
    as_of: Annotated[str, typer.Option(help="One instant or several with commas; a bare date is its 00:00.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    ledger: Annotated[Path | None, typer.Option(help="Read this file or Parquet folder instead of the home's.")] = None,
    memory: Annotated[str, typer.Option(help="Most memory DuckDB may use; it spills to disk beyond.")] = "4GB",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Features of every customer as of one or many instants, to Parquet.

    Example: callfirst snapshot --as-of 2026-01-01,2026-04-01 --out features.parquet
    """
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    source = read_source_ledger(ledger, policy) if ledger else read_ledger(home, policy)
    instants = [AsOf.parse(text, policy.zone) for text in as_of.split(",")]
    taken = take_snapshot(source, instants, policy, memory=memory)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(taken.table, out)
    except OSError as error:
        raise SnapshotFileError(out, error) from None
    told = {
        "rows": len(taken),
        "as_ofs": [str(instant) for instant in taken.as_ofs],
        "out": str(out),
        "catalogue_fingerprint": taken.catalogue_fingerprint,
        "ledger_digest": taken.ledger_digest,
        "point_in_time_proven": source.known_at_proven,
    }
    if as_json:
        print(json.dumps(told))  # noqa: T201  # the one line a machine reads
        return
    console = Console()
    console.print(
        f"{len(taken):,} rows, {len(taken.as_ofs)} instants, {len(taken.table.column_names) - 2} features: {out}"
    )
    if not source.known_at_proven:
        console.print("Point-in-time not proven: not every order line came with a known-at of its own.")
