"""Here you find what was known of every customer at one or many instants: the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.clock import AsOf

Floats = npt.NDArray[np.float64]


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
        return column.to_numpy(zero_copy_only=False).astype(np.float64)

    def matrix(self, names: Sequence[str]) -> Floats:
        """Features as doubles, rows × names; unknown is NaN."""
        if not names:
            return np.empty((len(self), 0))
        return np.column_stack([self.feature(name) for name in names])
