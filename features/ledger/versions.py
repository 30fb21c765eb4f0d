"""Here you find how long each version of a state was seen: of a customer, a person, a manager."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from features.ledger.columns import Shelf
from features.ledger.ledger import CUSTOMERS, REPLACEMENTS
from features.small_work import SMALL_ROWS, small_work


def with_replaced_at(versions: pa.Table) -> pa.Table:
    """CUSTOMERS: each version replaced when the next one of the same customer became visible."""
    with small_work() if len(versions) <= SMALL_ROWS else duckdb.connect() as frames:
        frames.register("versions", versions)
        names = ", ".join(name for name in CUSTOMERS.names if name != "replaced_at")
        return (
            frames.sql(f"SELECT {names}, {_next(('customer_id',))} AS replaced_at FROM versions ORDER BY row_id")
            .to_arrow_table()
            .cast(CUSTOMERS)
        )


def successors(frames: duckdb.DuckDBPyConnection, rows: str, shelf: Shelf) -> pa.Table:
    """REPLACEMENTS of the states in a table or view: each is replaced by the next one of its key."""
    return (
        frames.sql(
            f"""SELECT row_id, replaced_at FROM (SELECT row_id, {_next(shelf.key)} AS replaced_at FROM {rows})
            WHERE replaced_at IS NOT NULL ORDER BY row_id"""
        )
        .to_arrow_table()
        .cast(REPLACEMENTS)
    )


def _next(key: tuple[str, ...]) -> str:
    return f"lead(visible_from) OVER (PARTITION BY {', '.join(key)} ORDER BY visible_from, row_id)"
