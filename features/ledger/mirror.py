"""Here you find the mirror: a columnar copy of the rows of every kind, derived from the database batch by batch.

``var/mirror/FOLDER/bucket=NN/batch-NNNNNN.parquet`` holds the rows of a shelf, NN by a stable hash of the customer;
``var/mirror/FOLDER/batches/NNNNNN.json`` says which files a batch has and which columns they have. A batch without that
mark, or with one of other columns, is not there yet.
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
from sqlalchemy import Connection, select

from features.home import Home
from features.ledger.columns import SHELVES, Shelf
from features.ledger.ledger import OTHERS, EmptyLedgerError, KindRows, Ledger, LedgerError
from features.ledger.replacements import replacements_of
from features.ledger.rows import rows_between
from features.ledger.settings import read_settings
from features.ledger.store import Store
from features.ledger.tables import BATCHES
from features.ledger.versions import successors, with_replaced_at
from features.policy import Policy
from features.whole_file import written_whole

PARQUET = b"PAR1"  # its first and last bytes
BUCKET = "strpos('0123456789abcdef', md5(coalesce(customer_id, ''))[1]) - 1"  # the hash's first hexadecimal digit
ROW_GROUP = 65_536  # rows; files are sorted by customer, so whoever wants some customers skips the other groups


class MirrorError(LedgerError):
    """A mirror that cannot be written."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The database is whole, but its mirror cannot be written: {why}.",
            "Free space in the home folder and look who may write there; whoever reads the ledger next completes it.",
        )


@dataclass(frozen=True)
class Batch:
    """A batch of rows that the database holds.

    Attributes:
        kind: of its rows.
        first_on, last_on: first and last day on which they happened; None of states.
        digest: of its rows.
    """

    kind: str

    batch_id: int
    first_row_id: int
    last_row_id: int
    rows: int
    known_at_given: int
    first_on: date | None
    last_on: date | None
    digest: str


def batches_of(connection: Connection) -> tuple[Batch, ...]:
    """The batches that brought rows, oldest first."""
    found = connection.execute(select(BATCHES).where(BATCHES.c.accepted_rows > 0).order_by(BATCHES.c.batch_id))
    return tuple(
        Batch(
            row.kind,
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


def mirrored(home: Home, connection: Connection, shelf: Shelf, zone: str) -> tuple[Path, ...]:
    """The files of a shelf's mirror, which now holds every row of it in the database and no other."""
    files: list[Path] = []
    for batch in batches_of(connection):
        if batch.kind != shelf.kind:
            continue
        held = _files_of(home.mirror / shelf.folder, batch, shelf)
        if held is None:
            rows = rows_between(connection, shelf, batch.first_row_id, batch.last_row_id, zone)
            held = append(home, shelf, batch.batch_id, batch.digest, rows)
        files += held
    return tuple(files)


def append(home: Home, shelf: Shelf, batch_id: int, digest: str, rows: pa.Table) -> list[Path]:
    """The files of a batch on a shelf, written whole; its mark comes last: a crash leaves a batch that is not there.

    Raises:
        MirrorError: they cannot be written.
    """
    folder = home.mirror / shelf.folder
    files: dict[str, dict[str, int | str]] = {}
    try:
        for bucket, part in _buckets(rows, shelf):
            path = folder / f"bucket={bucket:02d}" / f"batch-{batch_id:06d}.parquet"
            with written_whole(path) as unfinished:
                pq.write_table(part, unfinished, compression="zstd", row_group_size=ROW_GROUP)
            files[str(path.relative_to(folder))] = {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        with written_whole(_mark(folder, batch_id)) as unfinished:
            mark = {"digest": digest, "columns": _columns(shelf), "rows": rows.num_rows, "files": files}
            unfinished.write_text(json.dumps(mark), encoding="utf-8")
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from None
    return [folder / name for name in files]


def forget_mirror(home: Home) -> None:
    """Nothing of the mirror is left; whoever reads the ledger next makes it anew from the database."""
    shutil.rmtree(home.mirror, ignore_errors=True)


def damaged_files(home: Home, connection: Connection, shelf: Shelf) -> tuple[Path, ...]:
    """The files of a shelf's mirror whose content is not what was written; their sizes alone do not tell."""
    folder = home.mirror / shelf.folder
    return tuple(
        folder / name
        for batch in batches_of(connection)
        if batch.kind == shelf.kind
        for name, file in _marked(folder, batch.batch_id)["files"].items()
        if _sha256(folder / name) != file["sha256"]
    )


def read_ledger(home: Home, policy: Policy) -> Ledger:
    """The ledger of ``home``, the mirror brought up with the database where it lagged.

    Raises:
        EmptyLedgerError: no order line was ever accepted.
        SettledError: the policy names another time zone or currency than the ledger was begun with.
    """
    store = Store.open(home)
    try:
        with store.engine.connect() as connection, duckdb.connect() as frames:
            settings, batches = read_settings(connection), batches_of(connection)
            days = [(batch.first_on, batch.last_on) for batch in batches if batch.kind == "orders"]
            if settings is None or not days:
                raise EmptyLedgerError
            settings.refuse_other(policy)
            kinds = {batch.kind for batch in batches}
            files = {
                name: mirrored(home, connection, shelf, policy.time_zone)
                for name, shelf in SHELVES.items()
                if shelf.kind in kinds
            }
            return Ledger(
                order_lines=files["order_lines"],
                replacements=replacements_of(connection, SHELVES["order_lines"]),
                customers=with_replaced_at(table_of(frames, SHELVES["customers"], files.get("customers", ()))),
                starts_on=min(first for first, _ in days if first),
                ends_on=max(last for _, last in days if last),
                currency=settings.reporting_currency,
                digest=_digest(batches),
                known_at_proven=all(batch.known_at_given == batch.rows for batch in batches),
                non_product_codes=policy.non_product_codes,
                others={
                    name: KindRows(files[name], _replaced(connection, frames, SHELVES[name], files[name]))
                    for name in OTHERS
                    if files.get(name)
                },
            )
    finally:
        store.close()


def table_of(frames: duckdb.DuckDBPyConnection, shelf: Shelf, files: tuple[Path, ...]) -> pa.Table:
    """The rows of a shelf in some files of its mirror, in order of arrival."""
    if not files:
        return shelf.schema.empty_table()
    rows = frames.read_parquet([str(path) for path in files]).order("row_id").to_arrow_table()
    return rows.select(shelf.schema.names).cast(shelf.schema)


def _replaced(
    connection: Connection, frames: duckdb.DuckDBPyConnection, shelf: Shelf, files: tuple[Path, ...]
) -> pa.Table:
    """REPLACEMENTS of a shelf: of states by their successors, else as the database says."""
    if not shelf.is_state:
        return replacements_of(connection, shelf)
    frames.read_parquet([str(path) for path in files]).create_view("states", replace=True)
    return successors(frames, "states", shelf)


def _digest(batches: tuple[Batch, ...]) -> str:
    """SHA-256 over the digests of every batch that brought rows, in order: the same content, the same digest."""
    return hashlib.sha256("\n".join(f"{batch.kind} {batch.digest}" for batch in batches).encode()).hexdigest()


def _columns(shelf: Shelf) -> str:
    """What the files of a shelf hold: names and types; another contract, another text."""
    return ", ".join(f"{field.name} {field.type}" for field in shelf.schema)


def _files_of(folder: Path, batch: Batch, shelf: Shelf) -> list[Path] | None:
    """The files of a batch; None where it is not there as the database has it."""
    try:
        mark = _marked(folder, batch.batch_id)
        whole = mark["digest"] == batch.digest and mark["columns"] == _columns(shelf)
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


def _buckets(rows: pa.Table, shelf: Shelf) -> Iterator[tuple[int, pa.Table]]:
    """The rows bucket by bucket, sorted by customer; rows of no customer's are one bucket."""
    if "customer_id" not in shelf.content:
        if rows.num_rows:
            yield 0, rows
        return
    happened = next((column.name for column in shelf.columns if column.day), "visible_from")
    with duckdb.connect() as frames:
        frames.register("rows_in", rows)
        query = f"SELECT *, {BUCKET} AS bucket FROM rows_in ORDER BY bucket, customer_id, {happened}, row_id"
        ordered = frames.sql(query).to_arrow_table()
        counted = frames.sql(f"SELECT {BUCKET} AS bucket, count(*) FROM rows_in GROUP BY 1 ORDER BY 1").fetchall()
    ordered = ordered.drop_columns(["bucket"]).cast(shelf.schema)
    start = 0
    for bucket, count in counted:
        yield int(bucket), ordered.slice(start, count)
        start += count
