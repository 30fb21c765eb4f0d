"""What was known of every customer at one or many instants: the snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.atomic_write import atomic_write
from features.catalog import CATALOG, CATALOG_FINGERPRINT
from features.catalog.definition import Feature, fingerprint_of
from features.clock import AsOf
from features.engines.columnar.run import EngineRun
from features.engines.columnar.sorted_rows import TooLargeError
from features.engines.company_values import CompanyValues
from features.engines.exact_sql import statement
from features.engines.instants import Instants
from features.engines.partitions import Memory
from features.errors import CallfirstError, first_line
from features.ledger.errors import AsOfBeforeLedgerError
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.progress import Progress, no_progress

ROW_GROUP = 100_000
ASSIGNED = "called_by_list"
"""1 where a list had the customer called in the window learned from: an input of training alone. No snapshot holds it,
as it is 0 wherever a chance is told: that of no call (docs/design.md 3)."""
MICROSECONDS_OF_A_DAY = 86_400_000_000
Floats = npt.NDArray[np.float64]


class SnapshotError(CallfirstError):
    """Features that could not be computed: memory, disk or the mirror gave out."""

    def __init__(self, error: duckdb.Error) -> None:
        super().__init__(
            f"The features could not be computed: {first_line(error)}.",
            "Give it more memory (snapshot --memory 8GB) and disk space, and look at the mirror: callfirst doctor.",
        )


@dataclass(frozen=True)
class Snapshot:
    """One row per (as-of, customer): keys ``as_of`` and ``customer_id``, then every feature of the catalogue.

    Rows are sorted by as_of, then customer_id. A customer is in it from the moment it is known or has an order line.

    Attributes:
        table: as_of (timestamp, UTC), customer_id (string), and the features (int64, double or date32; null: unknown).
        as_ofs: the instants asked for, ascending.
        catalogue_fingerprint, policy_digest, ledger_digest: what it was made of, hex.
    """

    table: pa.Table
    as_ofs: tuple[AsOf, ...]
    catalogue_fingerprint: str
    policy_digest: str
    ledger_digest: str

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def customer_ids(self) -> list[str]:
        """The customer of each row."""
        ids: list[str] = self.table.column("customer_id").to_pylist()
        return ids

    @property
    def as_of_days(self) -> Floats:
        """The as-of of each row in days since 1970 (UTC), with the part of the day that had passed."""
        instants = self.table.column("as_of").cast(pa.timestamp("us")).to_numpy()
        return np.asarray(instants.astype("datetime64[us]").astype(np.int64) / MICROSECONDS_OF_A_DAY)

    def at(self, as_of: AsOf) -> Snapshot:
        """The rows of one of its instants."""
        mask = pc.equal(self.table.column("as_of"), pa.scalar(as_of.naive, pa.timestamp("us")))
        return replace(self, table=self.table.filter(mask), as_ofs=(as_of,))

    def where(self, mask: npt.NDArray[np.bool_]) -> Snapshot:
        """The rows for which ``mask`` is true, in the same order."""
        return replace(self, table=self.table.filter(pa.array(mask)))

    def feature(self, name: str) -> Floats:
        """One feature as doubles, one per row; unknown is NaN. ASSIGNED is 0 but where training says otherwise."""
        if name == ASSIGNED and name not in self.table.column_names:
            return np.zeros(len(self))
        column = self.table.column(name).cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)

    def matrix(self, names: Sequence[str]) -> Floats:
        """Features as doubles, rows × names; unknown is NaN."""
        if not names:
            return np.empty((len(self), 0))
        return np.column_stack([self.feature(name) for name in names])


def take_snapshot(
    ledger: Ledger,
    as_ofs: Sequence[AsOf],
    policy: Policy,
    *,
    catalogue: tuple[Feature, ...] = CATALOG,
    memory: str = "4GB",
    customers: Sequence[str] | None = None,
    company: CompanyValues | None = None,
) -> Snapshot:
    """What was known of every customer at each instant, in one pass over the ledger.

    Args:
        customers: only these; None: everybody.
        company: what was made of the whole ledger before, by ``company_values``; None: it is made on the way.

    Raises:
        AsOfBeforeLedgerError: an instant lies on or before the ledger's first day.
        MemoryTextError: ``memory`` cannot be read.
        SnapshotError: DuckDB gave out.
    """
    run = replace(_run(ledger, as_ofs, policy, catalogue, memory), customers=customers, company=company)
    try:
        return _snapshot_of(run, _by_instant(run.held_tables(), run.instants))
    except TooLargeError:
        whole = exact_snapshot(ledger, as_ofs, policy, catalogue=catalogue, memory=memory)
        return whole if customers is None else whole.where(np.isin(whole.customer_ids, customers))
    except duckdb.Error as error:
        raise SnapshotError(error) from None


def exact_snapshot(
    ledger: Ledger,
    as_ofs: Sequence[AsOf],
    policy: Policy,
    *,
    catalogue: tuple[Feature, ...] = CATALOG,
    memory: str = "4GB",
) -> Snapshot:
    """The same as ``take_snapshot``, by one DuckDB statement that lets every instant meet the very rows it saw.

    Several times slower; for whoever wants to see the fast way proven on a ledger of his own, and for sums that 64 bits
    do not hold. Doubles may differ from the fast way's in the last bit.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
    """
    run = _run(ledger, as_ofs, policy, catalogue, memory)
    try:
        shut = run.company_values_at_a_glance.shut
        lists = [shut[run.instants.naive[place]] for place in run.instants.midnight_places]
        instants = run.instants.table.append_column("shut_days", pa.array(lists, pa.list_(pa.date32())))
        with run.opened(run.memory.total_bytes) as connection:
            connection.register("instants", instants)
            return _snapshot_of(run, connection.sql(statement(catalogue, policy)).to_arrow_table())
    except duckdb.Error as error:
        raise SnapshotError(error) from None


def write_snapshot(
    ledger: Ledger,
    as_ofs: Sequence[AsOf],
    policy: Policy,
    out: Path,
    *,
    catalogue: tuple[Feature, ...] = CATALOG,
    memory: str = "4GB",
    progress: Progress = no_progress,
) -> int:
    """How many rows now stand in the Parquet file ``out``, written whole, with never more than ``memory`` in use.

    The rows are those of ``take_snapshot``; a large ledger's stand in ranges of customers, each sorted by as_of, then
    customer_id.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
        OSError: the file cannot be written.
    """
    run = _run(ledger, as_ofs, policy, catalogue, memory)
    try:
        return _written(run.tables(progress), out)
    except TooLargeError:
        return write_exact_snapshot(ledger, as_ofs, policy, out, catalogue=catalogue, memory=memory)
    except duckdb.Error as error:
        raise SnapshotError(error) from None


def write_exact_snapshot(
    ledger: Ledger,
    as_ofs: Sequence[AsOf],
    policy: Policy,
    out: Path,
    *,
    catalogue: tuple[Feature, ...] = CATALOG,
    memory: str = "4GB",
) -> int:
    """How many rows of ``exact_snapshot`` now stand in the Parquet file ``out``, written whole.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
        OSError: the file cannot be written.
    """
    return _written(iter([exact_snapshot(ledger, as_ofs, policy, catalogue=catalogue, memory=memory).table]), out)


def company_values(
    ledger: Ledger,
    as_ofs: Sequence[AsOf],
    policy: Policy,
    *,
    catalogue: tuple[Feature, ...] = CATALOG,
    memory: str = "4GB",
) -> CompanyValues:
    """What a snapshot at these instants takes from the whole company: the same all day, so made once a day.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
    """
    try:
        return _run(ledger, as_ofs, policy, catalogue, memory).company_values()
    except duckdb.Error as error:
        raise SnapshotError(error) from None


def _run(
    ledger: Ledger, as_ofs: Sequence[AsOf], policy: Policy, catalogue: tuple[Feature, ...], memory: str
) -> EngineRun:
    for as_of in sorted(as_ofs):
        if as_of.day <= ledger.starts_on:
            raise AsOfBeforeLedgerError(as_of.day, ledger.starts_on)
    return EngineRun(ledger, Instants.of(as_ofs, policy.zone), policy, catalogue, Memory.parse(memory))


def _snapshot_of(run: EngineRun, table: pa.Table) -> Snapshot:
    return Snapshot(
        table=table,
        as_ofs=tuple(sorted(run.instants.requested)),
        catalogue_fingerprint=CATALOG_FINGERPRINT if run.catalogue is CATALOG else fingerprint_of(run.catalogue),
        policy_digest=run.policy.digest,
        ledger_digest=run.ledger.digest,
    )


def _by_instant(parts: Sequence[pa.Table], instants: Instants) -> pa.Table:
    """The rows of all parts sorted by as_of, then customer_id."""
    if len(parts) == 1:
        return parts[0]
    naive = np.array(instants.naive, dtype="datetime64[us]")
    edges = [np.searchsorted(part.column("as_of").to_numpy(), np.append(naive, naive[-1] + 1)) for part in parts]
    return pa.concat_tables(
        part.slice(edge[place], edge[place + 1] - edge[place])
        for place in range(len(naive))
        for part, edge in zip(parts, edges, strict=True)
    )


def _written(tables: Iterator[pa.Table], out: Path) -> int:
    rows = 0
    with atomic_write(out) as unfinished:
        first = next(tables)
        with pq.ParquetWriter(unfinished, first.schema, compression="zstd", use_dictionary=["customer_id"]) as writer:
            for table in chain([first], tables):
                writer.write_table(table, row_group_size=ROW_GROUP)
                rows += table.num_rows
    return rows
