"""The snapshot: every feature of every customer, as known at one or many instants."""

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
"""Training input only: 1 where a list assigned the customer to be called in the label window. Not in any snapshot:
forecasts are for a customer that is not called, so it is 0 there (docs/design.md 3)."""
MICROSECONDS_OF_A_DAY = 86_400_000_000
Floats = npt.NDArray[np.float64]


class SnapshotError(CallfirstError):
    """Features that could not be computed: memory, disk or the mirror failed."""

    def __init__(self, error: duckdb.Error) -> None:
        super().__init__(
            f"The features could not be computed: {first_line(error)}.",
            "Give it more memory (snapshot --memory 8GB) and disk space, and check the mirror: callfirst doctor.",
        )


@dataclass(frozen=True)
class Snapshot:
    """One row per (as-of, customer): keys ``as_of`` and ``customer_id``, then every feature of the catalogue.

    Rows are sorted by as_of, then customer_id. A customer has a row once it is known or has an order line.

    Attributes:
        table: as_of (timestamp, UTC), customer_id (string), and the features (int64, double or date32; null: unknown).
        as_ofs: the requested instants, ascending.
        catalogue_fingerprint, policy_digest, ledger_digest: what the features were computed from, hex.
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
        """The as-of of each row in days since 1970 (UTC), with the fraction of the day."""
        instants = self.table.column("as_of").cast(pa.timestamp("us")).to_numpy()
        return np.asarray(instants.astype("datetime64[us]").astype(np.int64) / MICROSECONDS_OF_A_DAY)

    def at(self, as_of: AsOf) -> Snapshot:
        """The rows of one instant."""
        mask = pc.equal(self.table.column("as_of"), pa.scalar(as_of.naive, pa.timestamp("us")))
        return replace(self, table=self.table.filter(mask), as_ofs=(as_of,))

    def where(self, mask: npt.NDArray[np.bool_]) -> Snapshot:
        """The rows for which ``mask`` is true, in the same order."""
        return replace(self, table=self.table.filter(pa.array(mask)))

    def feature(self, name: str) -> Floats:
        """One feature as doubles, one per row; unknown is NaN. ASSIGNED is 0 unless training added it."""
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
    """Every feature of every customer at each instant, in one pass over the ledger.

    Args:
        customers: the customers to include; None: all.
        company: the result of ``company_values``; None: computed on the way.

    Raises:
        AsOfBeforeLedgerError: an instant lies on or before the ledger's first day.
        MemoryTextError: ``memory`` cannot be read.
        SnapshotError: DuckDB failed.
    """
    run = replace(_run(ledger, as_ofs, policy, catalogue, memory), customers=customers, company=company)
    try:
        return _snapshot_of(run, _in_order(run.all_tables(), run.instants))
    except TooLargeError:
        everybody = exact_snapshot(ledger, as_ofs, policy, catalogue=catalogue, memory=memory)
        return everybody if customers is None else everybody.where(np.isin(everybody.customer_ids, customers))
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
    """The same as ``take_snapshot``, by one DuckDB statement that joins every instant with the rows visible at it.

    Several times slower. It serves to verify the fast engine on any ledger, and for sums beyond 64 bits. Doubles may
    differ from the fast engine's in the last bit.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
    """
    run = _run(ledger, as_ofs, policy, catalogue, memory)
    try:
        shut_days_at = run.company_values_without_medians.shut
        shut_days = [shut_days_at[run.instants.naive[place]] for place in run.instants.midnight_places]
        instants = run.instants.table.append_column("shut_days", pa.array(shut_days, pa.list_(pa.date32())))
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
    """The number of rows written to the Parquet file ``out``, with at most ``memory`` in use.

    The rows are those of ``take_snapshot``. For a large ledger they come in ranges of customers, each sorted by as_of,
    then customer_id.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
        OSError: the file cannot be written.
    """
    run = _run(ledger, as_ofs, policy, catalogue, memory)
    try:
        return _write(run.tables(progress), out)
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
    """The number of rows of ``exact_snapshot`` written to the Parquet file ``out``.

    Raises:
        AsOfBeforeLedgerError, MemoryTextError, SnapshotError: as for ``take_snapshot``.
        OSError: the file cannot be written.
    """
    return _write(iter([exact_snapshot(ledger, as_ofs, policy, catalogue=catalogue, memory=memory).table]), out)


def company_values(
    ledger: Ledger,
    as_ofs: Sequence[AsOf],
    policy: Policy,
    *,
    catalogue: tuple[Feature, ...] = CATALOG,
    memory: str = "4GB",
) -> CompanyValues:
    """What a snapshot at these instants takes from the whole company: the same all day, so computed once a day.

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


def _in_order(parts: Sequence[pa.Table], instants: Instants) -> pa.Table:
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


def _write(tables: Iterator[pa.Table], out: Path) -> int:
    rows = 0
    with atomic_write(out) as unfinished:
        first = next(tables)
        with pq.ParquetWriter(unfinished, first.schema, compression="zstd", use_dictionary=["customer_id"]) as writer:
            for table in chain([first], tables):
                writer.write_table(table, row_group_size=ROW_GROUP)
                rows += table.num_rows
    return rows
