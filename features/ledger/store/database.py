"""The database: opening, migration, and writing in whole transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from features.errors import first_line
from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.store.tables import METADATA

__all__ = ["METADATA", "Store", "StoreError", "insert_rows", "open_store"]

MIGRATIONS = Path(__file__).parent / "migrations"
WRITE_LOCK = 7_203_001  # PostgreSQL advisory lock: one writer of the ledger at a time
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "busy_timeout = 60000",
    "foreign_keys = ON",
    "cache_size = -65536",
)
CHUNK_ROWS = 50_000
PLACEHOLDERS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


class StoreError(LedgerError):
    """The database cannot be opened or refuses."""


@dataclass(frozen=True)
class Store:
    """The database of a home, at its newest revision.

    Attributes:
        engine: SQLAlchemy's; its transactions read. Those of :meth:`writing` write, one at a time.
    """

    engine: Engine

    @staticmethod
    def exists(home: Home) -> bool:
        """Whether ``home`` has a database, as far as is known without a connection."""
        database = make_url(home.database_url).database
        return not home.database_url.startswith("sqlite") or bool(database and Path(database).exists())

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writing transaction at a time; committed at its end, rolled back on any error.

        Raises:
            StoreError: the database refused, for example for want of space.
        """
        try:
            with self.engine.execution_options(writing=True).begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})"))
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"The database refused: {first_line(getattr(error, 'orig', None) or error)}. Nothing was changed.",
                "Check free space and other users of the database, then repeat.",
            ) from None


@contextmanager
def open_store(home: Home) -> Iterator[Store]:
    """The database of ``home``, created or migrated where needed; its connections are closed at the end.

    Raises:
        StoreError: it cannot be opened, or is newer than this program.
    """
    engine = _migrated(home.database_url)
    try:
        yield Store(engine)
    finally:
        engine.dispose()


def insert_rows(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    on_rows: Callable[[int], None] | None = None,
) -> int:
    """The number of rows inserted: values as the database stores them, in the order of ``names``.

    It uses the driver's own executemany: a million rows take seconds, where the expression language takes a minute.
    """
    mark = PLACEHOLDERS[connection.dialect.paramstyle]
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
    left, done = iter(rows), 0
    while chunk := list(islice(left, CHUNK_ROWS)):
        connection.exec_driver_sql(statement, chunk)
        done += len(chunk)
        if on_rows:
            on_rows(done)
    return done


def _migrated(address: str) -> Engine:
    """The engine of a database at its newest revision."""
    try:
        url = make_url(address)
    except ArgumentError:
        raise StoreError(
            "CALLFIRST_DATABASE_URL is not a database address.", "Write it like postgresql+psycopg://user@host/name."
        ) from None
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = _engine_of(address)
        _bring_up_to_date(engine)
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise StoreError(
            f"The database {url} cannot be opened: {first_line(getattr(error, 'orig', None) or error)}.",
            "Check its address and write access.",
        ) from None
    return engine


def _bring_up_to_date(engine: Engine) -> None:
    """Migrates the database to the newest revision; a newer database is refused."""
    newest = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    with engine.connect() as connection:
        revision = _revision_of(connection)
    if revision == newest:
        return
    if revision is not None and revision > newest:
        raise StoreError(
            f"The database is at revision {revision}, newer than this program's {newest}.", "Update callfirst."
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _engine_of(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(raw: Any, _: object) -> None:
            raw.isolation_level = None  # the driver would begin behind our back; we say BEGIN ourselves
            for pragma in PRAGMAS:
                raw.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("writing")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version
