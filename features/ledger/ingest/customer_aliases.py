"""Customer aliases: ids declared to be one customer; the only way two ids become one."""

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
    """An impossible mapping of customer ids."""

    def __init__(self, customer_id: str, why: str) -> None:
        super().__init__(
            f"The mapping of customer ids is impossible: '{customer_id}' {why}.",
            "Give every id one other id: columns customer_id, same_as.",
        )


def read_same_as(path: Path) -> dict[str, str]:
    """Id → the id it is stored under, from a file of customer_id and same_as; ids are taken as written.

    Raises:
        SourceError, ColumnsError: the file cannot be read, or lacks a column.
        SameAsError: an id is mapped to two others.
    """
    raw = read_file(path)
    matched = match_columns(raw.table.column_names, CONTRACT, {}, source=raw.name)
    mapping: dict[str, str] = {}
    ids = (raw.table.column(matched[column.name]).cast(pa.string()).to_pylist() for column in CONTRACT)
    for customer_id, same_as in zip(*ids, strict=True):
        if customer_id and same_as and mapping.setdefault(customer_id, same_as) != same_as:
            raise SameAsError(customer_id, f"is said to be '{mapping[customer_id]}' and '{same_as}'")
    return mapping


def same_customers(database: Connection) -> dict[str, str]:
    """Every mapping of the ledger so far, each to the end of its chain."""
    return {row.customer_id: row.same_as for row in database.execute(select(SAME_CUSTOMERS))}


def adopt(database: Connection, mapping: Mapping[str, str]) -> dict[str, str]:
    """Every mapping after these are added to the database; stored rows are moved to the ids they belong to.

    Raises:
        SameAsError: the mapping runs in a circle, or contradicts an earlier one.
    """
    known = same_customers(database)
    for customer_id, same_as in mapping.items():
        if customer_id in known and known[customer_id] != _end_of(same_as, {**known, **mapping}):
            raise SameAsError(customer_id, f"was said before to be '{known[customer_id]}'")
    together = {**mapping, **known}
    settled = {customer_id: _end_of(customer_id, together) for customer_id in together}
    news = {customer_id: same_as for customer_id, same_as in settled.items() if known.get(customer_id) != same_as}
    for customer_id, same_as in news.items():
        if customer_id in known:
            database.execute(
                update(SAME_CUSTOMERS).where(SAME_CUSTOMERS.c.customer_id == customer_id).values(same_as=same_as)
            )
        else:
            database.execute(insert(SAME_CUSTOMERS).values(customer_id=customer_id, same_as=same_as))
        _rename(database, customer_id, same_as)
    return settled


def _end_of(customer_id: str, mapping: Mapping[str, str]) -> str:
    path = [customer_id]
    while (after := mapping.get(path[-1])) is not None:
        if after in path:
            raise SameAsError(customer_id, f"comes back to '{after}'")
        path.append(after)
    return path[-1]


def _rename(database: Connection, customer_id: str, same_as: str) -> None:
    """Moves the rows of an id to another; their batches get new digests, so that the mirror is made again."""
    touched: set[int] = set()
    for name, relation in RELATIONS.items():
        table = TABLES[name]
        for column in (column_name for column_name in AS_WRITTEN if column_name in relation.content):
            of_it = table.c[column] == customer_id
            touched |= set(database.execute(select(table.c.batch_id).where(of_it).distinct()).scalars())
            database.execute(update(table).where(of_it).values({column: same_as}))
    for batch_id in sorted(touched):
        digest = database.execute(select(BATCHES.c.digest).where(BATCHES.c.batch_id == batch_id)).scalar_one()
        renamed = hashlib.sha256(f"{digest}\0{customer_id}\0{same_as}".encode()).hexdigest()
        database.execute(update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(digest=renamed))


def rename_checked(connection: duckdb.DuckDBPyConnection, kind: RecordType, same: Mapping[str, str]) -> None:
    """Replaces aliases in ``checked`` by the ids they belong to; the changed rows are in ``renamed``."""
    columns = [name for name in AS_WRITTEN if name in {column.name for column in kind.columns}]
    pairs = {"was": pa.array(list(same), pa.string()), "is_now": pa.array(list(same.values()), pa.string())}
    connection.register("same", pa.table(pairs))
    anywhere = " OR ".join(f"{name} IN (SELECT was FROM same)" for name in columns) or "false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE renamed AS SELECT file_no, line_no FROM checked WHERE {anywhere}")
    for name in columns:
        connection.execute(f"UPDATE checked SET {name} = same.is_now FROM same WHERE checked.{name} = same.was")
    connection.unregister("same")
