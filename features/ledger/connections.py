"""DuckDB for small work: databases in memory for the process, and a connection apart for each piece.

Opening a database of its own takes DuckDB longer than what is asked of a few thousand rows.
"""

from __future__ import annotations

import threading

import duckdb

SMALL_ROWS = 200_000
"""Up to so many rows are small work, whatever memory is granted."""


_opening = threading.Lock()
_opened: dict[str, duckdb.DuckDBPyConnection] = {}


def small_work() -> duckdb.DuckDBPyConnection:
    """A connection where times are UTC; what is registered or TEMP on it is its own, all else belongs to everybody."""
    return _connection("small work", threads=1)  # handing out so little costs more than it saves


def picking() -> duckdb.DuckDBPyConnection:
    """The same for picking a few rows out of large files, which is worth every thread."""
    return _connection("picking", memory_limit="1GB")  # each thread holds one group of rows at a time


def _connection(database: str, **settings: str | int) -> duckdb.DuckDBPyConnection:
    """A connection to a database of the process, which is opened once with such settings."""
    with _opening:
        if database not in _opened:
            _opened[database] = duckdb.connect(config=dict(settings))
        connection = _opened[database].cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
