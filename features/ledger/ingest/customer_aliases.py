"""Which customer ids are one customer, as somebody said it: the only way two ids become one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, insert, select, update

from features.ledger.errors import LedgerError
from features.ledger.parsing.id_padding import AS_WRITTEN
from features.ledger.reading.files import read_file
from features.ledger.reading.header_matching import match_columns
from features.ledger.schema.record_types import RELATIONS, ColumnKind, ColumnSpec, RecordType
from features.ledger.store.tables import BATCHES, SAME_CUSTOMERS, TABLES

CONTRACT = (
    ColumnSpec("customer_id", ColumnKind.TEXT, "the id that is another's", required=True),
    ColumnSpec("same_as", ColumnKind.TEXT, "the id it is kept under", required=True),
)


class SameAsError(LedgerError):
    """A mapping of customer ids that cannot hold."""

    def __init__(self, customer_id: str, why: str) -> None:
        super().__init__(
            f"The mapping of customer ids cannot hold: '{customer_id}' {why}.",
            "Give every id one other id: columns customer_id, same_as.",
        )


def read_same_as(path: Path) -> dict[str, str]:
    """Id → the id it is kept under, as a file of customer_id and same_as says; ids are taken as they are written.

    Raises:
        SourceError, ColumnsError: the file cannot be read, or lacks a column.
        SameAsError: an id is said to be two others.
    """
    raw = read_file(path)
    matched = match_columns(raw.table.column_names, CONTRACT, {}, source=raw.name)
    said: dict[str, str] = {}
    ids = (raw.table.column(matched[column.name]).cast(pa.string()).to_pylist() for column in CONTRACT)
    for customer_id, same_as in zip(*ids, strict=True):
        if customer_id and same_as and said.setdefault(customer_id, same_as) != same_as:
            raise SameAsError(customer_id, f"is said to be '{said[customer_id]}' and '{same_as}'")
    return said


def same_customers(database: Connection) -> dict[str, str]:
    """Every mapping the ledger was ever given, each to the end of its chain."""
    return {row.customer_id: row.same_as for row in database.execute(select(SAME_CUSTOMERS))}


def adopt(database: Connection, said: Mapping[str, str]) -> dict[str, str]:
    """Every mapping that now holds, in the database too; rows of the ledger stand under the ids they are kept under.

    Raises:
        SameAsError: the mapping runs in a circle, or contradicts one given before.
    """
    held = same_customers(database)
    for customer_id, same_as in said.items():
        if customer_id in held and held[customer_id] != _end_of(same_as, {**held, **said}):
            raise SameAsError(customer_id, f"was said before to be '{held[customer_id]}'")
    together = {**said, **held}
    settled = {customer_id: _end_of(customer_id, together) for customer_id in together}
    news = {customer_id: same_as for customer_id, same_as in settled.items() if held.get(customer_id) != same_as}
    for customer_id, same_as in news.items():
        if customer_id in held:
            database.execute(
                update(SAME_CUSTOMERS).where(SAME_CUSTOMERS.c.customer_id == customer_id).values(same_as=same_as)
            )
        else:
            database.execute(insert(SAME_CUSTOMERS).values(customer_id=customer_id, same_as=same_as))
        _rename(database, customer_id, same_as)
    return settled


def _end_of(customer_id: str, said: Mapping[str, str]) -> str:
    path = [customer_id]
    while (after := said.get(path[-1])) is not None:
        if after in path:
            raise SameAsError(customer_id, f"comes back to '{after}'")
        path.append(after)
    return path[-1]


def _rename(database: Connection, customer_id: str, same_as: str) -> None:
    """The rows of an id stand under another; their batches get another digest, so that the mirror is made anew."""
    touched: set[int] = set()
    for name, shelf in RELATIONS.items():
        table = TABLES[name]
        for column in (each for each in AS_WRITTEN if each in shelf.content):
            of_it = table.c[column] == customer_id
            touched |= set(database.execute(select(table.c.batch_id).where(of_it).distinct()).scalars())
            database.execute(update(table).where(of_it).values({column: same_as}))
    for batch_id in sorted(touched):
        digest = database.execute(select(BATCHES.c.digest).where(BATCHES.c.batch_id == batch_id)).scalar_one()
        renamed = hashlib.sha256(f"{digest}\0{customer_id}\0{same_as}".encode()).hexdigest()
        database.execute(update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(digest=renamed))


def rename_checked(connection: duckdb.DuckDBPyConnection, kind: RecordType, same: Mapping[str, str]) -> None:
    """Rows of ``checked`` that named an id that is another's name that one now; they stand in ``renamed``."""
    columns = [name for name in AS_WRITTEN if name in {column.name for column in kind.columns}]
    pairs = {"was": pa.array(list(same), pa.string()), "is_now": pa.array(list(same.values()), pa.string())}
    connection.register("same", pa.table(pairs))
    anywhere = " OR ".join(f"{name} IN (SELECT was FROM same)" for name in columns) or "false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE renamed AS SELECT file_no, line_no FROM checked WHERE {anywhere}")
    for name in columns:
        connection.execute(f"UPDATE checked SET {name} = same.is_now FROM same WHERE checked.{name} = same.was")
    connection.unregister("same")
