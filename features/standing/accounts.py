"""Here you find who a customer belongs to as of an instant: account group, department, manager."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from features.clock import AsOf

_ACCOUNTS = """
WITH versions AS (
    SELECT * FROM customers WHERE visible_from < $as_of AND (replaced_at IS NULL OR replaced_at >= $as_of)
), newest_line AS (
    SELECT customer_id,
           arg_max(department, (ordered_at, row_id)) FILTER (department IS NOT NULL) AS department,
           arg_max(manager_id, (ordered_at, row_id)) FILTER (manager_id IS NOT NULL) AS manager_id
    FROM order_lines
    WHERE ordered_at < $as_of AND visible_from < $as_of AND (replaced_at IS NULL OR replaced_at >= $as_of)
    GROUP BY customer_id
)
SELECT customer_id, v.name, v.parent_id,
       coalesce(v.department, l.department) AS department, coalesce(v.manager_id, l.manager_id) AS manager_id
FROM newest_line l FULL JOIN versions v USING (customer_id)
ORDER BY customer_id
"""


def accounts_at(connection: duckdb.DuckDBPyConnection, as_of: AsOf) -> pa.Table:
    """One row per customer known at the instant: customer_id, name, group_id, department, manager_id.

    Department and manager are the customer's own, else those of its newest order line that names one. ``group_id`` is
    the topmost parent; a customer without a parent is a group of its own.
    """
    table: pa.Table = connection.sql(_ACCOUNTS, params={"as_of": as_of.naive}).to_arrow_table()
    ids, parents = table.column("customer_id").to_pylist(), table.column("parent_id").to_pylist()
    parent_of = {customer: parent for customer, parent in zip(ids, parents, strict=True) if parent}
    groups = pa.array([group_of(customer, parent_of) for customer in ids], pa.string())
    return table.drop_columns("parent_id").add_column(2, "group_id", groups)


def group_of(customer_id: str, parent_of: Mapping[str, str]) -> str:
    """The topmost parent of a customer; parents in a circle count as one group, named by its smallest id."""
    path = [customer_id]
    while (parent := parent_of.get(path[-1])) is not None:
        if parent in path:
            return min(path[path.index(parent) :])
        path.append(parent)
    return path[-1]
