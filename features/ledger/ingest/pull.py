"""The pull of sources: new rows of each go into the ledger; a failing source does not stop the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from features.errors import CallfirstError
from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputFiles, InputTable, no_commit_hook
from features.ledger.ingest.source_config import Source
from features.ledger.ingest.watermarks import Watermark, furthest, move, since, watermark_of
from features.ledger.reading.databases import read_query, shown
from features.ledger.reading.files import SourceError
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.store.database import Store, open_store
from features.policy import Policy


@dataclass(frozen=True)
class Pulled:
    """The result of one source.

    Attributes:
        account: None where nothing was new, or the pull failed.
        error: the reason of the failure.
    """

    source: Source
    account: Reconciliation | None
    error: CallfirstError | None = None

    @property
    def failed(self) -> bool:
        """The source could not be read, or none of its rows could be used."""
        return self.error is not None or (self.account is not None and self.account.nothing_usable)

    @property
    def sentence(self) -> str:
        """The sentence beside the account."""
        if self.error:
            return f"The source '{self.source.name}' was not pulled: {self.error.sentence} {self.error.hint}"
        return f"Source {self.source.name}: {'pulled' if self.account else 'nothing new'}."

    def as_json(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "source": self.source.name,
            "account": self.account.as_json() if self.account else None,
            "error": str(self.error) if self.error else None,
        }


def pull_all(
    sources: Iterable[Source], *, home: Home, policy: Policy, now: datetime, dry_run: bool = False
) -> tuple[Pulled, ...]:
    """The result of each source, in order."""
    return tuple(_tried(source, home, policy, now, dry_run) for source in sources)


def _tried(source: Source, home: Home, policy: Policy, now: datetime, dry_run: bool) -> Pulled:
    try:
        return Pulled(source, pull(source, home=home, policy=policy, now=now, dry_run=dry_run))
    except CallfirstError as error:
        return Pulled(source, None, error)


def pull(source: Source, *, home: Home, policy: Policy, now: datetime, dry_run: bool = False) -> Reconciliation | None:
    """The account of a source's rows; None where a query returned no rows.

    The watermark moves only in the transaction that stores the rows.

    Raises:
        CallfirstError: the source cannot be read, or its rows cannot be stored; nothing of it was stored.
    """
    if source.files:
        return ingest(_request(source, InputFiles(_files(source, home)), home, policy, now, dry_run))
    address, watermark = source.address(), _watermark(source, home)
    rows = read_query(address, source.query, since=since(source, watermark))
    if not rows.num_rows:
        return None
    reached = furthest(source, rows, watermark) if source.watermark else None
    on_commit = partial(move, source=source, to=reached, now=now) if reached else no_commit_hook
    table = InputTable(rows, f"{source.name} ({shown(address)})")
    return ingest(replace(_request(source, table, home, policy, now, dry_run), on_commit=on_commit))


def _request(
    source: Source, rows: InputFiles | InputTable, home: Home, policy: Policy, now: datetime, dry_run: bool
) -> IngestRequest:
    return IngestRequest(
        source.kind, rows, home=home, policy=policy, now=now, mapping=source.mapping, currency=source.currency or None,
        known_at_column=source.known_at or None, history=HistoryRule.of(history=source.history), dry_run=dry_run,
    )  # fmt: skip


def _watermark(source: Source, home: Home) -> Watermark | None:
    if not Store.exists(home):
        return None
    with open_store(home) as store, store.engine.connect() as database:
        return watermark_of(database, source)


def _files(source: Source, home: Home) -> list[Path]:
    path = home.root / source.files
    if path.exists():
        return [path]
    paths = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not paths:
        raise SourceError(f"There is no file for '{source.files}'.", "Paths in sources.toml are relative to the home.")
    return paths
