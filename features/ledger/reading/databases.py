"""Rows of a database query, as Arrow; the query only reads, and no password is printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from features.errors import first_line
from features.ledger.reading.files import SourceError, refuse_equal_names
from features.ledger.reading.normalise import MOST_DIGITS

CHUNK_ROWS = 50_000
SINCE = "since"
OTHER_NAMES = re.compile(rf"(?<![:\w\\]):(?!{SINCE}\b)(\w+)")  # SQLAlchemy would expect a value for each
BEGIN_READING = {"sqlite": "PRAGMA query_only = ON", "mysql": "SET SESSION TRANSACTION READ ONLY"}
BEGIN_READING["mariadb"] = BEGIN_READING["mysql"]


TYPES: tuple[tuple[frozenset[type], pa.DataType], ...] = (
    (frozenset({bool}), pa.bool_()),
    (frozenset({int}), pa.int64()),
    (frozenset({float}), pa.float64()),
    (frozenset({str}), pa.string()),
    (frozenset({date}), pa.date32()),
    (frozenset({bytes}), pa.binary()),
)


class DatabaseSourceError(SourceError):
    """The rows of a database cannot be read."""


def address_of(url: str) -> URL:
    """The address in a URL.

    Raises:
        DatabaseSourceError: it is no address; the text is not repeated, since it may hold a password.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseSourceError(
            "That is not a database address.", "Write it like postgresql+psycopg://user@host/name or sqlite:///file.db."
        ) from None


def shown(url: URL) -> str:
    """The address without user, password and options."""
    host = f"{url.host}{f':{url.port}' if url.port else ''}" if url.host else ""
    return f"{url.get_backend_name()}://{host}/{url.database or ''}"


def read_query(url: URL, query: str, *, since: Any = None) -> pa.Table:
    """The rows of a query, typed as in the database; ``:since`` in it stands for ``since``.

    Raises:
        DatabaseSourceError: no driver, no connection, or a query that fails or has no columns.
        ColumnsError: two of its columns have the same name.
    """
    statement = text(OTHER_NAMES.sub(r"\\:\1", query))
    parameters = {SINCE: _as_parameter(since, url)} if asks_since(query) else {}
    with _reading(url) as connection:
        try:
            result = connection.execution_options(stream_results=True).execute(statement, parameters)
            if not result.returns_rows or not (names := list(result.keys())):
                raise DatabaseSourceError(
                    f"The query at {shown(url)} gives no columns.", "Write a query that begins with SELECT."
                )
            refuse_equal_names(shown(url), names)
            columns = [[column_of([])] for _ in names]
            while rows := result.fetchmany(CHUNK_ROWS):
                for parts, values in zip(columns, zip(*rows, strict=True), strict=True):
                    parts.append(column_of(values))
        except SQLAlchemyError as error:
            raise DatabaseSourceError(
                f"The query at {shown(url)} failed: {_reason_of(error, url)}.", "Try it in the database's own client."
            ) from None
    return pa.table([together(parts) for parts in columns], names=names)


def asks_since(query: str) -> bool:
    """Whether a query names ``:since``."""
    return bool(re.search(rf"(?<![:\w\\]):{SINCE}\b", query))


@contextmanager
def _reading(url: URL) -> Iterator[Connection]:
    """A connection in a read-only transaction, closed at the end of the block."""
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        raise DatabaseSourceError(f"There is no database {shown(url)}.", "Check the path.")
    try:
        engine = create_engine(url)
    except (NoSuchModuleError, ImportError) as error:
        raise DatabaseSourceError(
            f"The driver of {url.drivername} is not installed: {first_line(error)}.",
            "Install it in the environment of callfirst, for example psycopg for postgresql+psycopg.",
        ) from None
    begin_reading = BEGIN_READING.get(engine.dialect.name)

    @event.listens_for(engine, "connect")
    def _only_read(raw: Any, _: object) -> None:
        if begin_reading:
            cursor = raw.cursor()
            cursor.execute(begin_reading)
            cursor.close()

    options: Mapping[str, Any] = {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}
    try:
        try:
            connection = engine.connect().execution_options(**options)
        except SQLAlchemyError as error:
            raise DatabaseSourceError(
                f"There is no connection to {shown(url)}: {_reason_of(error, url)}.",
                "Check that the database runs, its address, and read access.",
            ) from None
        with connection:
            yield connection
    finally:
        engine.dispose()


def _as_parameter(value: Any, url: URL) -> Any:
    """The value as the driver takes it: SQLite has neither dates nor decimals."""
    if url.get_backend_name() != "sqlite" or isinstance(value, int | float | str):
        return value
    return value.isoformat(sep=" ") if hasattr(value, "hour") else str(value)


def _reason_of(error: SQLAlchemyError, url: URL) -> str:
    """The driver's message without the password."""
    reason = first_line(getattr(error, "orig", None) or error)
    return reason.replace(str(url.password), "…") if url.password else reason


def column_of(values: Sequence[Any]) -> pa.Array:
    """The values as one column of their type; as text if they have several types, or one that Arrow lacks."""
    values = [bytes(value) if isinstance(value, memoryview | bytearray) else value for value in values]
    arrow_type = _type_of([value for value in values if value is not None])
    if arrow_type is not None:
        try:
            return pa.array(values, arrow_type)
        except (pa.ArrowException, OverflowError):  # a number too large for its type
            pass
    return _as_text(values)


def together(parts: Sequence[pa.Array]) -> pa.ChunkedArray:
    """The parts of one column: in their type, or as text where their types differ."""
    types = {part.type for part in parts} - {pa.null()}
    if len(types) > 1 and all(map(pa.types.is_decimal, types)):
        types = {max(types, key=lambda decimal: decimal.scale)}
    if len(types) > 1:
        return pa.chunked_array([_as_text(part.to_pylist()) for part in parts], pa.string())
    (arrow_type,) = types or {pa.null()}
    try:
        return pa.chunked_array([part.cast(arrow_type) for part in parts], arrow_type)
    except pa.ArrowException:
        return pa.chunked_array([_as_text(part.to_pylist()) for part in parts], pa.string())


def _type_of(values: Sequence[Any]) -> pa.DataType | None:
    types = {type(value) for value in values}
    if not types:
        return pa.null()
    if types == {Decimal}:
        return _decimal(values)
    if types == {datetime}:
        aware = {value.tzinfo is not None for value in values}
        return None if len(aware) > 1 else pa.timestamp("us", "UTC" if True in aware else None)
    return next((arrow_type for python_types, arrow_type in TYPES if types == python_types), None)


def _decimal(values: Iterable[Decimal]) -> pa.DataType | None:
    most_whole, most_places = 1, 0
    for value in values:
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):  # not finite
            return None
        most_places = max(most_places, -exponent)
        most_whole = max(most_whole, len(digits) + exponent)
    return pa.decimal128(MOST_DIGITS, most_places) if most_whole + most_places <= MOST_DIGITS else None


def _as_text(values: Iterable[Any]) -> pa.Array:
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
