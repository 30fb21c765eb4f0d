"""Here you find DuckDB for small work: one database in memory for the process, and a connection apart for each piece.

Opening a database of its own takes DuckDB longer than what is asked of a few thousand rows.
"""

from __future__ import annotations

import threading

import duckdb

SMALL_ROWS = 200_000
"""Up to so many rows are small work, whatever memory is granted."""

_opening = threading.Lock()
_databases: list[duckdb.DuckDBPyConnection] = []


def small_work() -> duckdb.DuckDBPyConnection:
    """A connection where times are UTC; what is registered or TEMP on it is its own, all else belongs to everybody."""
    with _opening:
        if not _databases:
            _databases.append(duckdb.connect(config={"threads": 1}))  # handing out so little costs more than it saves
        connection = _databases[0].cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
