"""Here you find the mirror: a columnar copy of the order lines, derived from the database batch by batch.

``var/mirror/orders/bucket=NN/batch-NNNNNN.parquet`` holds the lines, NN by a stable hash of the customer; and
``var/mirror/orders/batches/NNNNNN.json`` says which files a batch has. A batch without that mark is not there yet.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, func, select

from features.home import Home
from features.ledger.ledger import INSTANT, ORDER_LINES, REPLACEMENTS, EmptyLedgerError, Ledger, LedgerError
from features.ledger.rows import customer_versions, lines_between
from features.ledger.settings import read_settings
from features.ledger.store import Store
from features.ledger.tables import BATCHES, CUSTOMER_VERSIONS, ORDER_REPLACEMENTS
from features.ledger.tables import ORDER_LINES as LINES_TABLE
from features.ledger.versions import with_replaced_at
from features.policy import Policy
from features.whole_file import written_whole

PARQUET = b"PAR1"  # its first and last bytes
BUCKET = "strpos('0123456789abcdef', md5(customer_id)[1]) - 1"  # the hash's first hexadecimal digit


class MirrorError(LedgerError):
    """A mirror that cannot be written."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The database is whole, but its mirror cannot be written: {why}.",
            "Free space in the home folder and look who may write there; whoever reads the ledger next completes it.",
        )


@dataclass(frozen=True)
class Batch:
    """A batch of order lines that the database holds.

    Attributes:
        first_on, last_on: first and last order day in it.
        digest: of its rows.
    """

    batch_id: int
    first_row_id: int
    last_row_id: int
    rows: int
    known_at_given: int
    first_on: date
    last_on: date
    digest: str


def batches_of(connection: Connection, kind: str) -> tuple[Batch, ...]:
    """The batches of a kind that brought rows, oldest first."""
    found = connection.execute(
        select(BATCHES).where(BATCHES.c.kind == kind, BATCHES.c.accepted_rows > 0).order_by(BATCHES.c.batch_id)
    )
    return tuple(
        Batch(
            row.batch_id,
            row.first_row_id,
            row.last_row_id,
            row.accepted_rows,
            row.known_at_given_rows,
            row.first_on,
            row.last_on,
            row.digest,
        )
        for row in found
    )


def mirrored(home: Home, connection: Connection, zone: str) -> tuple[Path, ...]:
    """The files of the mirror, which now holds every order line of the database and no other."""
    folder = home.mirror / "orders"
    batches = batches_of(connection, "orders")
    files: list[Path] = []
    for batch in batches:
        held = _files_of(folder, batch)
        if held is None:
            lines = lines_between(connection, LINES_TABLE, batch.first_row_id, batch.last_row_id, zone)
            held = append(home, batch.batch_id, batch.digest, lines)
        files += held
    return tuple(files)


def append(home: Home, batch_id: int, digest: str, lines: pa.Table) -> list[Path]:
    """The files of one batch, written whole: its mark comes last, so a crash leaves a batch that is not there.

    Raises:
        MirrorError: they cannot be written.
    """
    folder = home.mirror / "orders"
    files: dict[str, dict[str, int | str]] = {}
    try:
        for bucket, part in _buckets(lines):
            path = folder / f"bucket={bucket:02d}" / f"batch-{batch_id:06d}.parquet"
            with written_whole(path) as unfinished:
                pq.write_table(part, unfinished, compression="zstd")
            files[str(path.relative_to(folder))] = {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        with written_whole(_mark(folder, batch_id)) as unfinished:
            mark = {"digest": digest, "rows": lines.num_rows, "files": files}
            unfinished.write_text(json.dumps(mark), encoding="utf-8")
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from None
    return [folder / name for name in files]


def rebuild_mirror(home: Home, connection: Connection, zone: str) -> tuple[Path, ...]:
    """The files of a mirror made anew from the database."""
    shutil.rmtree(home.mirror, ignore_errors=True)
    return mirrored(home, connection, zone)


def damaged_files(home: Home, connection: Connection) -> tuple[Path, ...]:
    """The files of the mirror whose content is not what was written; their sizes alone do not tell."""
    folder = home.mirror / "orders"
    return tuple(
        folder / name
        for batch in batches_of(connection, "orders")
        for name, file in _marked(folder, batch.batch_id)["files"].items()
        if _sha256(folder / name) != file["sha256"]
    )


def read_ledger(home: Home, policy: Policy) -> Ledger:
    """The ledger of ``home``, the mirror brought up with the database where it lagged.

    Raises:
        EmptyLedgerError: nothing was ever accepted.
        SettledError: the policy names another time zone or currency than the ledger was begun with.
    """
    store = Store.open(home)
    try:
        with store.engine.connect() as connection:
            settings = read_settings(connection)
            batches = batches_of(connection, "orders")
            if settings is None or not batches:
                raise EmptyLedgerError
            settings.refuse_other(policy)
            return Ledger(
                order_lines=mirrored(home, connection, policy.time_zone),
                replacements=replacements_of(connection),
                customers=with_replaced_at(customer_versions(connection, CUSTOMER_VERSIONS)),
                starts_on=min(batch.first_on for batch in batches),
                ends_on=max(batch.last_on for batch in batches),
                currency=settings.reporting_currency,
                digest=_digest(connection),
                known_at_proven=all(batch.known_at_given == batch.rows for batch in batches),
                non_product_codes=policy.non_product_codes,
            )
    finally:
        store.close()


def _digest(connection: Connection) -> str:
    """SHA-256 over the digests of every batch that brought rows, in order: the same content, the same digest."""
    found = connection.execute(
        select(BATCHES.c.kind, BATCHES.c.digest).where(BATCHES.c.accepted_rows > 0).order_by(BATCHES.c.batch_id)
    )
    return hashlib.sha256("\n".join(f"{kind} {digest}" for kind, digest in found).encode()).hexdigest()


def replacements_of(connection: Connection) -> pa.Table:
    """REPLACEMENTS of the database: until when each replaced line was seen."""
    earliest = func.min(ORDER_REPLACEMENTS.c.replaced_at)
    found = connection.execute(
        select(ORDER_REPLACEMENTS.c.row_id, earliest).group_by(ORDER_REPLACEMENTS.c.row_id).order_by("row_id")
    ).all()
    return pa.table(
        [
            pa.array([row_id for row_id, _ in found], pa.int64()),
            pa.array([at.replace(tzinfo=None) for _, at in found], INSTANT),
        ],
        schema=REPLACEMENTS,
    )


def _files_of(folder: Path, batch: Batch) -> list[Path] | None:
    """The files of a batch; None where it is not there as the database has it."""
    try:
        mark = _marked(folder, batch.batch_id)
        whole = mark["digest"] == batch.digest and mark["rows"] == batch.rows
        whole = whole and all(_is_whole(folder / name, file["bytes"]) for name, file in mark["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return [folder / name for name in mark["files"]] if whole else None


def _is_whole(path: Path, size: int) -> bool:
    """Whether a file has its size and begins and ends as Parquet does: a power cut may leave zeros of that size."""
    with path.open("rb") as file:
        begins = file.read(len(PARQUET))
        file.seek(max(0, size - len(PARQUET)))
        return begins == PARQUET == file.read() and file.tell() == size


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _marked(folder: Path, batch_id: int) -> dict[str, Any]:
    """What the mark of a batch says: digest, rows, and of each file its bytes and SHA-256."""
    mark: dict[str, Any] = json.loads(_mark(folder, batch_id).read_text(encoding="utf-8"))
    return mark


def _mark(folder: Path, batch_id: int) -> Path:
    return folder / "batches" / f"{batch_id:06d}.json"


def _buckets(lines: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    with duckdb.connect() as frames:
        frames.register("lines", lines)
        query = f"SELECT *, {BUCKET} AS bucket FROM lines ORDER BY bucket, customer_id, ordered_at, row_id"
        ordered = frames.sql(query).to_arrow_table()
        counted = frames.sql(f"SELECT {BUCKET} AS bucket, count(*) FROM lines GROUP BY 1 ORDER BY 1").fetchall()
    ordered = ordered.drop_columns(["bucket"]).cast(ORDER_LINES)
    start = 0
    for bucket, rows in counted:
        yield int(bucket), ordered.slice(start, rows)
        start += rows
