"""DuckDB, asked one well-written query per date over rows it holds in memory; results come as Arrow."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from benchmarks.speed.rivals.answer import WINDOWS, answer

_SALES = ",\n".join(f"sum(amount) FILTER (order_day >= $day - {days}) AS net_sales_{days}_days" for days in WINDOWS)
_DAYS = ",\n".join(f"count(*) FILTER (order_day >= $day - {days}) AS order_days_{days}_days" for days in WINDOWS)
_FILLED = ",\n".join(
    f"coalesce({name}, 0) AS {name}"
    for days in (*(f"{days}_days" for days in WINDOWS), "lifetime")
    for name in (f"net_sales_{days}", f"order_days_{days}")
)
QUERY = f"""
WITH seen AS (
    SELECT customer_id, order_day, amount FROM ledger
    WHERE ordered_at < $at AND visible_from < $at AND (replaced_at IS NULL OR replaced_at >= $at)
), sales AS (
    SELECT customer_id, sum(amount) AS net_sales_lifetime, {_SALES} FROM seen GROUP BY customer_id
), order_days AS (
    SELECT customer_id, order_day, order_day - lag(order_day) OVER (PARTITION BY customer_id ORDER BY order_day) AS gap
    FROM (SELECT DISTINCT customer_id, order_day FROM seen WHERE amount > 0)
), rhythm AS (
    SELECT customer_id, $day - max(order_day) AS days_since_last_order, $day - min(order_day) AS days_since_first_order,
           count(*) AS order_days_lifetime, {_DAYS}, avg(gap) AS gap_mean_days, stddev_samp(gap) AS gap_deviation_days
    FROM order_days GROUP BY customer_id
)
SELECT customer_id, days_since_last_order, days_since_first_order, gap_mean_days, gap_deviation_days, {_FILLED}
FROM sales LEFT JOIN rhythm USING (customer_id)
"""


def load(folder: str) -> duckdb.DuckDBPyConnection:
    """The rows as a table in DuckDB's own memory."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE ledger AS FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = false)")
    return connection


def features_at(connection: duckdb.DuckDBPyConnection, day: date) -> pa.Table:
    """One row per customer seen at 00:00 of the day."""
    at = f"TIMESTAMP '{day} 00:00:00'"
    return connection.sql(QUERY.replace("$day", f"DATE '{day}'").replace("$at", at)).to_arrow_table()


if __name__ == "__main__":
    answer(load, features_at, lambda table: table)
