"""Here you find until when corrected rows were seen, as the database keeps it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, func, select

from features.ledger.columns import Shelf
from features.ledger.ledger import INSTANT, REPLACEMENTS
from features.ledger.tables import ORDER_REPLACEMENTS, ROW_REPLACEMENTS


def replacements_of(connection: Connection, shelf: Shelf) -> pa.Table:
    """REPLACEMENTS of a shelf of events: until when each replaced row was seen."""
    facts = ORDER_REPLACEMENTS if shelf.name == "order_lines" else ROW_REPLACEMENTS
    earliest = select(facts.c.row_id, func.min(facts.c.replaced_at)).group_by(facts.c.row_id).order_by("row_id")
    if facts is ROW_REPLACEMENTS:
        earliest = earliest.where(facts.c.shelf == shelf.name)
    found = connection.execute(earliest).all()
    return pa.table(
        [
            pa.array([row_id for row_id, _ in found], pa.int64()),
            pa.array([at.replace(tzinfo=None) for _, at in found], INSTANT),
        ],
        schema=REPLACEMENTS,
    )


def replaced_among(
    connection: Connection, shelf: Shelf, where: str, parameters: tuple[Any, ...]
) -> list[tuple[int, int]]:
    """Of the rows of a shelf of events for which a condition holds those that were replaced: row_id, and since when.

    Instants in microseconds, as the database keeps them.
    """
    facts = ORDER_REPLACEMENTS if shelf.name == "order_lines" else ROW_REPLACEMENTS
    which = "" if facts is ORDER_REPLACEMENTS else f"r.shelf = '{shelf.name}' AND "
    found = connection.exec_driver_sql(
        f"SELECT r.row_id, min(r.replaced_at) FROM {facts.name} r WHERE {which}r.row_id IN "
        f"(SELECT row_id FROM {shelf.table} WHERE {where}) GROUP BY r.row_id ORDER BY r.row_id",
        parameters,
    )
    return [(row_id, replaced_at) for row_id, replaced_at in found]
