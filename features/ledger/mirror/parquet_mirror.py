"""The mirror: a columnar copy of the rows of every kind, derived from the database batch by batch.

``var/mirror/FOLDER/bucket=NN/batch-NNNNNN.parquet`` holds the rows of a relation, NN by a stable hash of the customer;
``var/mirror/FOLDER/batches/NNNNNN.json`` is their manifest: the files of a batch and their columns. A batch without a
manifest, or with other columns, is not mirrored yet. Pushed rows wait in the database until the whole ledger is read;
then successive small batches are folded into one (``NNNNNN-MMMMMM``).
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
            f"The database is complete, but its mirror cannot be written: {why}.",
            "Free space in the home folder and check write access; the next command completes the mirror.",
        )


def mirrored(home: Home, connection: Connection, relation: Relation, zone: str) -> tuple[Path, ...]:
    """The files of a relation's mirror, after it was brought up to date with the database."""
    folder = home.mirror / relation.folder
    batches = batches_of(connection, relation.kind)
    manifests = _manifests_of(home, batches, relation)
    files = [folder / name for manifest in manifests for name in manifest.files]
    mirrored_batches = {batch_id for manifest in manifests for batch_id in manifest.batches}
    for run in _runs(batches, mirrored_batches):
        rows = rows_between(connection, relation, run[0].first_row_id, run[-1].last_row_id, zone)
        files += append(home, relation, {batch.batch_id: batch.digest for batch in run}, rows)
    return tuple(files)


def append(home: Home, relation: Relation, batches: Mapping[int, str], rows: pa.Table) -> list[Path]:
    """The files of batches (id → digest) of a relation; their manifest is written last, so that a crash leaves nothing.

    Raises:
        MirrorError: they cannot be written.
    """
    folder, name = home.mirror / relation.folder, batches_name(batches)
    files: dict[str, MirrorFile] = {}
    try:
        for bucket, part in _buckets(rows, relation):
            path = folder / f"bucket={bucket:02d}" / f"batch-{name}.parquet"
            with atomic_write(path) as unfinished:
                pq.write_table(part, unfinished, compression="zstd", row_group_size=ROW_GROUP)
            files[str(path.relative_to(folder))] = MirrorFile.of(path)
        MirrorManifest(batches, _columns(relation), files).write(folder)
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from None
    return [folder / name for name in files]


def _manifests_of(home: Home, batches: Sequence[Batch], relation: Relation) -> list[MirrorManifest]:
    """The manifests that match the batches of the database, whole, and each batch once."""
    digests = {batch.batch_id: batch.digest for batch in batches}
    folder, columns = home.mirror / relation.folder, _columns(relation)
    manifests: list[MirrorManifest] = []
    mirrored_batches: set[int] = set()
    for manifest in manifests_in(folder):
        same = manifest.columns == columns and manifest.batches.items() <= digests.items()
        if same and not mirrored_batches & manifest.batches.keys() and manifest.is_whole(folder):
            manifests.append(manifest)
            mirrored_batches |= manifest.batches.keys()
    return manifests


def _runs(batches: Sequence[Batch], mirrored_batches: Set[int]) -> Iterator[list[Batch]]:
    """The batches that are not mirrored, with small successive ones together."""
    run: list[Batch] = []
    rows = 0
    for batch in batches:
        if run and (batch.batch_id in mirrored_batches or rows + batch.rows > FOLDED_ROWS):
            yield run
            run, rows = [], 0
        if batch.batch_id not in mirrored_batches:
            run.append(batch)
            rows += batch.rows
    if run:
        yield run


def forget_mirror(home: Home) -> None:
    """Deletes the mirror; the next reader of the ledger makes it again from the database."""
    shutil.rmtree(home.mirror, ignore_errors=True)


def damaged_files(home: Home, connection: Connection, relation: Relation) -> tuple[Path, ...]:
    """The files of a relation's mirror with other content than was written; sizes alone do not show it."""
    manifests = _manifests_of(home, batches_of(connection, relation.kind), relation)
    return tuple(path for manifest in manifests for path in manifest.damaged(home.mirror / relation.folder))


def read_ledger(home: Home, policy: Policy) -> Ledger:
    """The ledger of ``home``; the mirror is brought up to date with the database first.

    Raises:
        EmptyLedgerError: no order line was ever accepted.
        SettledError: the policy names another time zone or currency than the ledger was begun with.
    """
    with open_store(home) as store, store.engine.connect() as connection, duckdb.connect() as work:
        settings, batches = read_settings(connection), batches_of(connection)
        days = [(batch.first_on, batch.last_on) for batch in batches if batch.kind == "orders"]
        if settings is None or not days:
            raise EmptyLedgerError
        settings.refuse_other(policy)
        kinds = {batch.kind for batch in batches}
        files = {
            name: mirrored(home, connection, relation, policy.time_zone)
            for name, relation in RELATIONS.items()
            if relation.kind in kinds
        }
        return Ledger(
            order_lines=files["order_lines"],
            replacements=replacements_of(connection, RELATIONS["order_lines"]),
            customers=with_replaced_at(
                *(table_of(work, RELATIONS[name], files.get(name, ())) for name in ("customers", "people"))
            ),
            starts_on=min(first for first, _ in days if first),
            ends_on=max(last for _, last in days if last),
            currency=settings.reporting_currency,
            digest=_digest(batches),
            known_at_proven=all(batch.known_at_given == batch.rows for batch in batches),
            non_product_codes=policy.non_product_codes,
            others={
                name: RelationRows(files[name], _replaced(connection, work, RELATIONS[name], files[name]))
                for name in OTHERS
                if files.get(name)
            },
        )


def table_of(work: duckdb.DuckDBPyConnection, relation: Relation, files: tuple[Path, ...]) -> pa.Table:
    """The rows of a relation in some files of its mirror, in order of arrival."""
    if not files:
        return relation.schema.empty_table()
    rows = work.read_parquet([str(path) for path in files]).order("row_id").to_arrow_table()
    return rows.select(relation.schema.names).cast(relation.schema)


def _replaced(
    connection: Connection, work: duckdb.DuckDBPyConnection, relation: Relation, files: tuple[Path, ...]
) -> pa.Table:
    """REPLACEMENTS of a relation: of states by their successors, of events from the database."""
    if not relation.is_state:
        return replacements_of(connection, relation)
    work.read_parquet([str(path) for path in files]).create_view("states", replace=True)
    return successors(work, "states", relation)


def _digest(batches: tuple[Batch, ...]) -> str:
    """SHA-256 over the digests of all batches with rows, in order: the same content has the same digest."""
    return hashlib.sha256("\n".join(f"{batch.kind} {batch.digest}" for batch in batches).encode()).hexdigest()


def _columns(relation: Relation) -> str:
    """Names and types of a relation's columns as text; another contract has another text."""
    return ", ".join(f"{field.name} {field.type}" for field in relation.schema)


def _buckets(rows: pa.Table, relation: Relation) -> Iterator[tuple[int, pa.Table]]:
    """The rows bucket by bucket, sorted by customer; rows without a customer are one bucket."""
    if "customer_id" not in relation.content:
        if rows.num_rows:
            yield 0, rows
        return
    happened = next((column.name for column in relation.columns if column.day), "visible_from")
    with duckdb.connect() as work:
        work.register("rows_in", rows)
        query = f"SELECT *, {BUCKET} AS bucket FROM rows_in ORDER BY bucket, customer_id, {happened}, row_id"
        ordered = work.sql(query).to_arrow_table()
        counted = work.sql(f"SELECT {BUCKET} AS bucket, count(*) FROM rows_in GROUP BY 1 ORDER BY 1").fetchall()
    ordered = ordered.drop_columns(["bucket"]).cast(relation.schema)
    start = 0
    for bucket, count in counted:
        yield int(bucket), ordered.slice(start, count)
        start += count
