"""Here you find how long each version of a customer was seen."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from features.ledger.ledger import CUSTOMERS


def with_replaced_at(versions: pa.Table) -> pa.Table:
    """CUSTOMERS: each version replaced when the next one of the same customer became visible."""
    with duckdb.connect() as frames:
        frames.register("versions", versions)
        names = ", ".join(name for name in CUSTOMERS.names if name != "replaced_at")
        return (
            frames.sql(
                f"""SELECT {names}, lead(visible_from) OVER (PARTITION BY customer_id ORDER BY visible_from, row_id)
                AS replaced_at FROM versions ORDER BY row_id"""
            )
            .to_arrow_table()
            .cast(CUSTOMERS)
        )
