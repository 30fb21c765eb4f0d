"""Here you find what was known of every customer at one or many instants: the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.catalog import CATALOG
from features.clock import AsOf
from features.definition import Feature, fingerprint_of
from features.engines.duckdb import statement
from features.errors import CallfirstError, first_line
from features.ledger.ledger import AsOfBeforeLedgerError, Ledger
from features.policy import Policy

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

    def at(self, as_of: AsOf) -> Snapshot:
        """The rows of one of its instants."""
        mask = pc.equal(self.table.column("as_of"), pa.scalar(as_of.naive, pa.timestamp("us")))
        return replace(self, table=self.table.filter(mask), as_ofs=(as_of,))

    def where(self, mask: npt.NDArray[np.bool_]) -> Snapshot:
        """The rows for which ``mask`` is true, in the same order."""
        return replace(self, table=self.table.filter(pa.array(mask)))

    def feature(self, name: str) -> Floats:
        """One feature as doubles, one per row; unknown is NaN."""
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
) -> Snapshot:
    """What was known of every customer at each instant, in one statement.

    Raises:
        AsOfBeforeLedgerError: an instant lies on or before the ledger's first day.
        SnapshotError: DuckDB gave out.
    """
    instants = tuple(sorted(set(as_ofs)))
    for as_of in instants:
        if as_of.day <= ledger.starts_on:
            raise AsOfBeforeLedgerError(as_of.day, ledger.starts_on)
    try:
        with ledger.open(memory=memory) as connection:
            table_of_instants = _instants_table(instants, policy)
            connection.register("instants", table_of_instants)
            wanted = statement(catalogue, policy, table_of_instants.column("as_of").to_pylist())
            table = connection.sql(wanted).to_arrow_table()
    except duckdb.Error as error:
        raise SnapshotError(error) from None
    return Snapshot(
        table=table,
        as_ofs=instants,
        catalogue_fingerprint=fingerprint_of(catalogue),
        policy_digest=policy.digest,
        ledger_digest=ledger.digest,
    )


def _instants_table(instants: Sequence[AsOf], policy: Policy) -> pa.Table:
    midnights = {as_of.midnight(policy.zone) for as_of in instants}
    every = sorted(set(instants) | midnights)
    return pa.table(
        {
            "place": pa.array(range(len(every)), pa.int32()),
            "as_of": pa.array([as_of.naive for as_of in every], pa.timestamp("us")),
            "as_of_day": pa.array([as_of.day for as_of in every], pa.date32()),
            "midnight": pa.array([as_of.midnight(policy.zone).naive for as_of in every], pa.timestamp("us")),
            "is_asked": pa.array([as_of in set(instants) for as_of in every]),
        }
    )
