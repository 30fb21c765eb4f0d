"""Here you find how long each version of a state was seen: of a customer, a person, a manager."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from features.ledger.connections import SMALL_ROWS, small_work
from features.ledger.ledger import CUSTOMERS, REPLACEMENTS
from features.ledger.schema.record_types import Shelf


def with_replaced_at(versions: pa.Table, people: pa.Table) -> pa.Table:
    """CUSTOMERS: each version replaced when the next one of the same customer became visible.

    Where a person was known before anything was said of its customer itself, a version that says nothing but that there
    is one stands until then.
    """
    with small_work() if len(versions) + len(people) <= SMALL_ROWS else duckdb.connect() as frames:
        frames.register("said", versions)
        frames.register("met", people)
        names = ", ".join(name for name in CUSTOMERS.names if name != "replaced_at")
        return (
            frames.sql(
                f"""WITH first_met AS (
                    SELECT arg_min(row_id, (visible_from, row_id)) AS row_id, customer_id,
                        min(visible_from) AS visible_from
                    FROM met GROUP BY customer_id),
                first_said AS (SELECT customer_id, min(visible_from) AS since FROM said GROUP BY customer_id),
                versions AS (
                    FROM said UNION ALL BY NAME
                    SELECT m.* FROM first_met m LEFT JOIN first_said USING (customer_id)
                    WHERE since IS NULL OR m.visible_from < since)
                SELECT {names}, {_next(("customer_id",))} AS replaced_at FROM versions ORDER BY row_id"""
            )
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
