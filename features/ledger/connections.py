"""DuckDB connections for small work: shared in-memory databases, with a connection for each piece of work.

Opening a database takes DuckDB longer than the work on a few thousand rows.
"""

from __future__ import annotations

import threading

import duckdb

SMALL_ROWS = 200_000
"""Rows up to which work is small, whatever memory is allowed."""


_opening = threading.Lock()
_opened: dict[str, duckdb.DuckDBPyConnection] = {}


def small_work() -> duckdb.DuckDBPyConnection:
    """A connection with times in UTC; registered and TEMP tables are its own, all others are shared."""
    return _connection("small work", threads=1)  # handing out so little costs more than it saves


def picking() -> duckdb.DuckDBPyConnection:
    """A connection for picking a few rows out of large files, which is worth every thread."""
    return _connection("picking", memory_limit="1GB")  # each thread holds one group of rows at a time


def _connection(database: str, **settings: str | int) -> duckdb.DuckDBPyConnection:
    """A connection to a shared database, which is opened once for these settings."""
    with _opening:
        if database not in _opened:
            _opened[database] = duckdb.connect(config=dict(settings))
        connection = _opened[database].cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
