"""The mirror: a columnar copy of the rows of every kind, derived from the database batch by batch.

``var/mirror/FOLDER/bucket=NN/batch-NNNNNN.parquet`` holds the rows of a shelf, NN by a stable hash of the customer;
``var/mirror/FOLDER/batches/NNNNNN.json`` is their mark: it says which files a batch has, and with which columns. A
batch without one, or with one of other columns, is not there yet. What was pushed waits in the database until somebody
reads the whole ledger; then small batches in a row are folded into one (``NNNNNN-MMMMMM``).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from features.atomic_write import atomic_write
from features.home import Home
from features.ledger.errors import EmptyLedgerError, LedgerError
from features.ledger.ledger import Ledger
from features.ledger.mirror.manifests import MirrorFile, MirrorManifest, batches_name, manifests_in
from features.ledger.relations import RelationRows
from features.ledger.schema.arrow import OTHERS
from features.ledger.schema.record_types import RELATIONS, Relation
from features.ledger.store.batches import Batch, batches_of
from features.ledger.store.database import open_store
from features.ledger.store.row_codec import rows_between
from features.ledger.store.settings import read_settings
from features.ledger.store.versions import replacements_of, successors, with_replaced_at
from features.policy import Policy

FOLDED_ROWS = 100_000  # at most, of small batches together in one set of files
BUCKET = "strpos('0123456789abcdef', md5(coalesce(customer_id, ''))[1]) - 1"  # the hash's first hexadecimal digit
ROW_GROUP = 65_536  # rows; files are sorted by customer, so whoever wants some customers skips the other groups


class MirrorError(LedgerError):
    """A mirror that cannot be written."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The database is whole, but its mirror cannot be written: {why}.",
            "Free space in the home folder and look who may write there; whoever reads the ledger next completes it.",
        )


def mirrored(home: Home, connection: Connection, shelf: Relation, zone: str) -> tuple[Path, ...]:
    """The files of a shelf's mirror, which now holds every row of it in the database and no other."""
    folder = home.mirror / shelf.folder
    batches = batches_of(connection, shelf.kind)
    marks = _marks_of(home, batches, shelf)
    files = [folder / name for mark in marks for name in mark.files]
    there = {batch_id for mark in marks for batch_id in mark.batches}
    for run in _runs(batches, there):
        rows = rows_between(connection, shelf, run[0].first_row_id, run[-1].last_row_id, zone)
        files += append(home, shelf, {batch.batch_id: batch.digest for batch in run}, rows)
    return tuple(files)


def append(home: Home, shelf: Relation, batches: Mapping[int, str], rows: pa.Table) -> list[Path]:
    """The files of batches (id → digest) on a shelf, written whole; their mark comes last, so a crash leaves nothing.

    Raises:
        MirrorError: they cannot be written.
    """
    folder, name = home.mirror / shelf.folder, batches_name(batches)
    files: dict[str, MirrorFile] = {}
    try:
        for bucket, part in _buckets(rows, shelf):
            path = folder / f"bucket={bucket:02d}" / f"batch-{name}.parquet"
            with atomic_write(path) as unfinished:
                pq.write_table(part, unfinished, compression="zstd", row_group_size=ROW_GROUP)
            files[str(path.relative_to(folder))] = MirrorFile.of(path)
        MirrorManifest(batches, _columns(shelf), files).write(folder)
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from None
    return [folder / name for name in files]


def _marks_of(home: Home, batches: Sequence[Batch], shelf: Relation) -> list[MirrorManifest]:
    """The marks that hold batches of the database as it has them, whole, and each batch once."""
    digests = {batch.batch_id: batch.digest for batch in batches}
    folder, columns = home.mirror / shelf.folder, _columns(shelf)
    marks: list[MirrorManifest] = []
    there: set[int] = set()
    for mark in manifests_in(folder):
        same = mark.columns == columns and mark.batches.items() <= digests.items()
        if same and not there & mark.batches.keys() and mark.is_whole(folder):
            marks.append(mark)
            there |= mark.batches.keys()
    return marks


def _runs(batches: Sequence[Batch], there: Set[int]) -> Iterator[list[Batch]]:
    """The batches that are not there, those that follow each other together while they are small."""
    run: list[Batch] = []
    rows = 0
    for batch in batches:
        if run and (batch.batch_id in there or rows + batch.rows > FOLDED_ROWS):
            yield run
            run, rows = [], 0
        if batch.batch_id not in there:
            run.append(batch)
            rows += batch.rows
    if run:
        yield run


def forget_mirror(home: Home) -> None:
    """Nothing of the mirror is left; whoever reads the ledger next makes it anew from the database."""
    shutil.rmtree(home.mirror, ignore_errors=True)


def damaged_files(home: Home, connection: Connection, shelf: Relation) -> tuple[Path, ...]:
    """The files of a shelf's mirror whose content is not what was written; their sizes alone do not tell."""
    marks = _marks_of(home, batches_of(connection, shelf.kind), shelf)
    return tuple(path for mark in marks for path in mark.damaged(home.mirror / shelf.folder))


def read_ledger(home: Home, policy: Policy) -> Ledger:
    """The ledger of ``home``, the mirror brought up with the database where it lagged.

    Raises:
        EmptyLedgerError: no order line was ever accepted.
        SettledError: the policy names another time zone or currency than the ledger was begun with.
    """
    with open_store(home) as store, store.engine.connect() as connection, duckdb.connect() as frames:
        settings, batches = read_settings(connection), batches_of(connection)
        days = [(batch.first_on, batch.last_on) for batch in batches if batch.kind == "orders"]
        if settings is None or not days:
            raise EmptyLedgerError
        settings.refuse_other(policy)
        kinds = {batch.kind for batch in batches}
        files = {
            name: mirrored(home, connection, shelf, policy.time_zone)
            for name, shelf in RELATIONS.items()
            if shelf.kind in kinds
        }
        return Ledger(
            order_lines=files["order_lines"],
            replacements=replacements_of(connection, RELATIONS["order_lines"]),
            customers=with_replaced_at(
                *(table_of(frames, RELATIONS[name], files.get(name, ())) for name in ("customers", "people"))
            ),
            starts_on=min(first for first, _ in days if first),
            ends_on=max(last for _, last in days if last),
            currency=settings.reporting_currency,
            digest=_digest(batches),
            known_at_proven=all(batch.known_at_given == batch.rows for batch in batches),
            non_product_codes=policy.non_product_codes,
            others={
                name: RelationRows(files[name], _replaced(connection, frames, RELATIONS[name], files[name]))
                for name in OTHERS
                if files.get(name)
            },
        )


def table_of(frames: duckdb.DuckDBPyConnection, shelf: Relation, files: tuple[Path, ...]) -> pa.Table:
    """The rows of a shelf in some files of its mirror, in order of arrival."""
    if not files:
        return shelf.schema.empty_table()
    rows = frames.read_parquet([str(path) for path in files]).order("row_id").to_arrow_table()
    return rows.select(shelf.schema.names).cast(shelf.schema)


def _replaced(
    connection: Connection, frames: duckdb.DuckDBPyConnection, shelf: Relation, files: tuple[Path, ...]
) -> pa.Table:
    """REPLACEMENTS of a shelf: of states by their successors, else as the database says."""
    if not shelf.is_state:
        return replacements_of(connection, shelf)
    frames.read_parquet([str(path) for path in files]).create_view("states", replace=True)
    return successors(frames, "states", shelf)


def _digest(batches: tuple[Batch, ...]) -> str:
    """SHA-256 over the digests of every batch that brought rows, in order: the same content, the same digest."""
    return hashlib.sha256("\n".join(f"{batch.kind} {batch.digest}" for batch in batches).encode()).hexdigest()


def _columns(shelf: Relation) -> str:
    """What the files of a shelf hold: names and types; another contract, another text."""
    return ", ".join(f"{field.name} {field.type}" for field in shelf.schema)


def _buckets(rows: pa.Table, shelf: Relation) -> Iterator[tuple[int, pa.Table]]:
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
