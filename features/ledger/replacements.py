"""Here you find until when corrected rows were seen, as the database keeps it."""

from __future__ import annotations

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
