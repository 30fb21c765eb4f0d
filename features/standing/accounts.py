"""Account group, department and manager of each customer as of an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from features.clock import AsOf
from features.ledger.sql import visible_at

_ACCOUNTS = f"""
WITH versions AS (
    SELECT * FROM customers WHERE {visible_at("$as_of")}
), newest_line AS (
    SELECT customer_id,
           arg_max(department, (ordered_at, row_id)) FILTER (department IS NOT NULL) AS department,
           arg_max(manager_id, (ordered_at, row_id)) FILTER (manager_id IS NOT NULL) AS manager_id
    FROM order_lines
    WHERE {visible_at("$as_of", happened="ordered_at")}
    GROUP BY customer_id
)
SELECT customer_id, v.name, v.key_mark,
       coalesce(v.department, l.department) AS department, coalesce(v.manager_id, l.manager_id) AS manager_id
FROM newest_line l FULL JOIN versions v USING (customer_id)
ORDER BY customer_id
"""


def accounts_at(connection: duckdb.DuckDBPyConnection, as_of: AsOf) -> pa.Table:
    """One row per customer known at the instant: customer_id, name, group_id, key_mark, department, manager_id.

    Department and manager are the customer's own, else those of its newest order line that names one. ``group_id`` is
    the topmost parent; a customer without a parent is a group of its own.
    """
    table: pa.Table = connection.sql(_ACCOUNTS, params={"as_of": as_of.naive}).to_arrow_table()
    groups = groups_at(connection, [as_of])[as_of]
    group_ids = [groups.get(customer, customer) for customer in table.column("customer_id").to_pylist()]
    return table.add_column(2, "group_id", pa.array(group_ids, pa.string()))


def groups_at(connection: duckdb.DuckDBPyConnection, instants: Sequence[AsOf]) -> dict[AsOf, dict[str, str]]:
    """The account group, at each instant, of every customer with a parent; all others are groups of their own.

    Parents are those known at the instant: a branch that was sold counts for its old group until then.
    """
    versions = connection.sql(
        """SELECT customer_id, parent_id, visible_from, replaced_at FROM customers
        WHERE parent_id IS NOT NULL ORDER BY visible_from, row_id"""
    ).fetchall()
    groups = {}
    for instant in instants:
        parent_of = {
            customer: parent
            for customer, parent, visible_from, replaced_at in versions
            if visible_from < instant.naive and (replaced_at is None or replaced_at >= instant.naive)
        }
        groups[instant] = {customer: group_of(customer, parent_of) for customer in parent_of}
    return groups


def group_of(customer_id: str, parent_of: Mapping[str, str]) -> str:
    """The topmost parent of a customer; parents in a circle count as one group, named by its smallest id."""
    path = [customer_id]
    while (parent := parent_of.get(path[-1])) is not None:
        if parent in path:
            return min(path[path.index(parent) :])
        path.append(parent)
    return path[-1]
