"""The commands of the ledger and its features: ingest, doctor, snapshot."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from features.catalog import CATALOG
from features.catalog.definition import fingerprint_of
from features.clock import AsOf, now
from features.engines.partitions import Memory
from features.errors import CallfirstError
from features.home import Home
from features.ledger.external.read import SourceLedger, read_source_ledger
from features.ledger.ingest import commands as ingest_command
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import Policy, read_policy
from features.progress import Progress, progress_bar
from features.snapshot import write_exact_snapshot, write_snapshot


class Engine(StrEnum):
    """The two ways to compute features; both give the same values."""

    ARRAYS = "arrays"
    DUCKDB = "duckdb"


class SnapshotFileError(CallfirstError):
    """A file that features cannot be written to."""

    def __init__(self, out: Path, error: OSError) -> None:
        why = os.strerror(error.errno) if error.errno else str(error)
        super().__init__(f"Cannot write features to {out}: {why}.", "Choose another --out.")


def register(app: typer.Typer) -> None:
    """Add this package's commands."""
    ingest_command.register(app)
    app.command("snapshot")(snapshot)


def snapshot(
    context: typer.Context,
    as_of: Annotated[str, typer.Option(help="One instant, or several separated by commas; a date alone is its 00:00.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    ledger: Annotated[Path | None, typer.Option(help="File or Parquet folder to read instead of the home's.")] = None,
    memory: Annotated[
        str, typer.Option(help="Memory limit of the whole process; work beyond it goes to disk.")
    ] = "4GB",
    engine: Annotated[
        Engine, typer.Option(help="arrays: fast, part by part. duckdb: one exact statement, for comparison.")
    ] = Engine.ARRAYS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Features of every customer as of one or many instants, to Parquet.

    With --ledger the file is checked as ingest checks it: every row is accounted for, none is stored.

    Example: callfirst snapshot --as-of 2026-01-01,2026-04-01 --out features.parquet
    """
    home: Home = context.obj
    policy = read_policy(home.policy_file)
    instants = sorted({AsOf.parse(text, policy.zone) for text in as_of.split(",")})
    memory_limit = Memory.parse(memory)
    if out.is_dir():
        raise SnapshotFileError(out, IsADirectoryError(errno.EISDIR, ""))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            progress_bar(quiet=as_json) as progress,
            _source(home, policy, ledger, out, memory_limit, progress) as source,
        ):
            if engine is Engine.DUCKDB:
                rows = write_exact_snapshot(source.ledger, instants, policy, out, memory=memory)
            else:
                rows = write_snapshot(source.ledger, instants, policy, out, memory=memory, progress=progress)
    except OSError as error:
        raise SnapshotFileError(out, error) from None
    is_proven = source.ledger.known_at_proven
    if as_json:
        result = {
            "rows": rows,
            "as_ofs": [str(instant) for instant in instants],
            "out": str(out),
            "catalogue_fingerprint": fingerprint_of(CATALOG),
            "ledger_digest": source.ledger.digest,
            "point_in_time_proven": is_proven,
            "source": source.account.as_json() if source.account else None,
        }
        print(json.dumps(result))  # noqa: T201  # the one line a machine reads
        return
    console = Console()
    if source.account:
        console.print(source.account.as_text(), soft_wrap=True)
    console.print(f"{rows:,} rows, {len(instants)} instants, {len(CATALOG)} features: {out}")
    if not is_proven:
        console.print("Point-in-time not proven: some rows came without a known-at.")


@contextmanager
def _source(
    home: Home, policy: Policy, path: Path | None, out: Path, memory: Memory, progress: Progress
) -> Iterator[SourceLedger]:
    """The home's ledger, or the one at ``path``; its temporary files lie beside ``out`` until the block ends."""
    if path is None:
        yield SourceLedger(read_ledger(home, policy), None)
        return
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        yield read_source_ledger(
            path, policy, memory_bytes=memory.total_bytes, folder=Path(folder), now=now(), progress=progress
        )
