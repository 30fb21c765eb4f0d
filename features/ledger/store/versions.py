"""Versions of a row: the time each was visible, and its successor."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from features.ledger.connections import SMALL_ROWS, small_work
from features.ledger.schema.arrow import CUSTOMERS, INSTANT, REPLACEMENTS
from features.ledger.schema.record_types import Relation
from features.ledger.store.tables import ORDER_REPLACEMENTS, ROW_REPLACEMENTS


def with_replaced_at(versions: pa.Table, people: pa.Table) -> pa.Table:
    """CUSTOMERS: each version is replaced when the next one of the same customer becomes visible.

    A person known before its customer gets a version of the customer without any value, until the customer is known.
    """
    with small_work() if len(versions) + len(people) <= SMALL_ROWS else duckdb.connect() as work:
        work.register("of_customers", versions)
        work.register("of_people", people)
        names = ", ".join(name for name in CUSTOMERS.names if name != "replaced_at")
        return (
            work.sql(
                f"""WITH first_of_people AS (
                    SELECT arg_min(row_id, (visible_from, row_id)) AS row_id, customer_id,
                        min(visible_from) AS visible_from
                    FROM of_people GROUP BY customer_id),
                first_of_customers AS (
                    SELECT customer_id, min(visible_from) AS since FROM of_customers GROUP BY customer_id),
                versions AS (
                    FROM of_customers UNION ALL BY NAME
                    SELECT p.* FROM first_of_people p LEFT JOIN first_of_customers USING (customer_id)
                    WHERE since IS NULL OR p.visible_from < since)
                SELECT {names}, {_next(("customer_id",))} AS replaced_at FROM versions ORDER BY row_id"""
            )
            .to_arrow_table()
            .cast(CUSTOMERS)
        )


def successors(work: duckdb.DuckDBPyConnection, rows: str, relation: Relation) -> pa.Table:
    """REPLACEMENTS of the states in a table or view: each is replaced by the next one of its key."""
    return (
        work.sql(
            f"""SELECT row_id, replaced_at FROM (SELECT row_id, {_next(relation.key)} AS replaced_at FROM {rows})
            WHERE replaced_at IS NOT NULL ORDER BY row_id"""
        )
        .to_arrow_table()
        .cast(REPLACEMENTS)
    )


def _next(key: tuple[str, ...]) -> str:
    return f"lead(visible_from) OVER (PARTITION BY {', '.join(key)} ORDER BY visible_from, row_id)"


def replacements_of(connection: Connection, relation: Relation) -> pa.Table:
    """REPLACEMENTS of a relation of events: the end of each replaced row's visibility."""
    facts = ORDER_REPLACEMENTS if relation.name == "order_lines" else ROW_REPLACEMENTS
    earliest = select(facts.c.row_id, func.min(facts.c.replaced_at)).group_by(facts.c.row_id).order_by("row_id")
    if facts is ROW_REPLACEMENTS:
        earliest = earliest.where(facts.c.shelf == relation.name)
    replaced_rows = connection.execute(earliest).all()
    return pa.table(
        [
            pa.array([row_id for row_id, _ in replaced_rows], pa.int64()),
            pa.array([at.replace(tzinfo=None) for _, at in replaced_rows], INSTANT),
        ],
        schema=REPLACEMENTS,
    )


def since_replaced(relation: Relation) -> str:
    """SQL for each row of a relation of events in the database: the time it was replaced; null: it is not.

    In microseconds, as the database keeps instants.
    """
    facts = ORDER_REPLACEMENTS if relation.name == "order_lines" else ROW_REPLACEMENTS
    which = "" if facts is ORDER_REPLACEMENTS else f"r.shelf = '{relation.name}' AND "
    return f"(SELECT min(r.replaced_at) FROM {facts.name} r WHERE {which}r.row_id = {relation.table}.row_id)"


def replaced_among(raw: pa.Table) -> pa.Table:
    """REPLACEMENTS of rows that were read with ``since_replaced`` beside them as ``replaced_at``."""
    replaced = raw.select(["row_id", "replaced_at"]).filter(pc.is_valid(raw.column("replaced_at")))
    return replaced.cast(REPLACEMENTS)
