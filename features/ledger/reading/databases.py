"""Here you find rows read from any database by a query: nothing is changed there, and no password is ever said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from features.errors import first_line
from features.ledger.reading.files import SourceError, refuse_equal_names
from features.ledger.reading.values import column_of, together

CHUNK_ROWS = 50_000
SINCE = "since"
OTHER_NAMES = re.compile(rf"(?<![:\w\\]):(?!{SINCE}\b)(\w+)")  # SQLAlchemy would ask a value for each
BEGIN_READING = {"sqlite": "PRAGMA query_only = ON", "mysql": "SET SESSION TRANSACTION READ ONLY"}
BEGIN_READING["mariadb"] = BEGIN_READING["mysql"]


class DatabaseSourceError(SourceError):
    """A database that rows cannot be read from."""


def address_of(url: str) -> URL:
    """The address a person wrote.

    Raises:
        DatabaseSourceError: it is none; what it says is not repeated, as it may hold a password.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseSourceError(
            "That is no database address.", "Write it like postgresql+psycopg://user@host/name or sqlite:///file.db."
        ) from None


def shown(url: URL) -> str:
    """The address without user, password and options."""
    where = f"{url.host}{f':{url.port}' if url.port else ''}" if url.host else ""
    return f"{url.get_backend_name()}://{where}/{url.database or ''}"


def read_query(url: URL, query: str, *, since: Any = None) -> pa.Table:
    """The rows a query gives, typed as the database has them; ``:since`` in it stands for ``since``.

    Raises:
        DatabaseSourceError: no driver, no connection, or a query that fails or gives no columns.
        ColumnsError: two of its columns have the same name.
    """
    wanted = text(OTHER_NAMES.sub(r"\\:\1", query))
    given = {SINCE: _as_parameter(since, url)} if asks_since(query) else {}
    with _reading(url) as connection:
        try:
            result = connection.execution_options(stream_results=True).execute(wanted, given)
            if not result.returns_rows or not (names := list(result.keys())):
                raise DatabaseSourceError(
                    f"The query at {shown(url)} gives no columns.", "Write a query that begins with SELECT."
                )
            refuse_equal_names(shown(url), names)
            parts = [[column_of([])] for _ in names]
            while rows := result.fetchmany(CHUNK_ROWS):
                for part, values in zip(parts, zip(*rows, strict=True), strict=True):
                    part.append(column_of(values))
        except SQLAlchemyError as error:
            raise DatabaseSourceError(
                f"The query at {shown(url)} failed: {_said(error, url)}.", "Try it in the database's own client."
            ) from None
    return pa.table([together(part) for part in parts], names=names)


def asks_since(query: str) -> bool:
    """Whether a query names ``:since``."""
    return bool(re.search(rf"(?<![:\w\\]):{SINCE}\b", query))


@contextmanager
def _reading(url: URL) -> Iterator[Connection]:
    """A connection in a transaction that may only read, forgotten at its end."""
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        raise DatabaseSourceError(f"There is no database {shown(url)}.", "Check the path.")
    try:
        engine = create_engine(url)
    except (NoSuchModuleError, ImportError) as error:
        raise DatabaseSourceError(
            f"The driver of {url.drivername} is not installed: {first_line(error)}.",
            "Install it beside callfirst, for example psycopg for postgresql+psycopg.",
        ) from None
    statement = BEGIN_READING.get(engine.dialect.name)

    @event.listens_for(engine, "connect")
    def _only_read(raw: Any, _: object) -> None:
        if statement:
            cursor = raw.cursor()
            cursor.execute(statement)
            cursor.close()

    options: Mapping[str, Any] = {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}
    try:
        try:
            connection = engine.connect().execution_options(**options)
        except SQLAlchemyError as error:
            raise DatabaseSourceError(
                f"There is no connection to {shown(url)}: {_said(error, url)}.",
                "Check that it runs, its address, and who may read there.",
            ) from None
        with connection:
            yield connection
    finally:
        engine.dispose()


def _as_parameter(value: Any, url: URL) -> Any:
    """The value as the driver takes it: SQLite knows neither dates nor decimals."""
    if url.get_backend_name() != "sqlite" or isinstance(value, int | float | str):
        return value
    return value.isoformat(sep=" ") if hasattr(value, "hour") else str(value)


def _said(error: SQLAlchemyError, url: URL) -> str:
    said = first_line(getattr(error, "orig", None) or error)
    return said.replace(str(url.password), "…") if url.password else said
