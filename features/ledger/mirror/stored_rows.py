"""The rows that the ledger holds when a transaction begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from sqlalchemy import Connection

from features.home import Home
from features.ledger.mirror.parquet_mirror import mirrored
from features.ledger.schema.record_types import Relation


@dataclass(frozen=True)
class StoredRows:
    """The rows that the ledger holds in one transaction; the mirror of a relation is brought up to date once.

    Attributes:
        database: the transaction.
        work: the DuckDB connection in which the views stand.
        time_zone: of business days.
    """

    home: Home
    database: Connection
    work: duckdb.DuckDBPyConnection
    time_zone: str
    _files: dict[str, tuple[Path, ...]] = field(default_factory=dict, init=False)

    def create_view(self, relation: Relation, name: str) -> None:
        """``name`` is a view of all stored rows of a relation; of an empty table where there are none."""
        if relation.name not in self._files:
            self._files[relation.name] = mirrored(self.home, self.database, relation, self.time_zone)
        if files := self._files[relation.name]:
            self.work.read_parquet([str(path) for path in files]).create_view(name, replace=True)
        else:
            self.work.register(name, relation.schema.empty_table())
