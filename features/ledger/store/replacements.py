"""Here you find until when corrected rows were seen, as the database keeps it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from features.ledger.ledger import INSTANT, REPLACEMENTS
from features.ledger.schema.record_types import Shelf
from features.ledger.store.tables import ORDER_REPLACEMENTS, ROW_REPLACEMENTS


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


def since_replaced(shelf: Shelf) -> str:
    """SQL beside the rows of a shelf of events in the database: since when each is replaced; null: it is not.

    In microseconds, as the database keeps instants.
    """
    facts = ORDER_REPLACEMENTS if shelf.name == "order_lines" else ROW_REPLACEMENTS
    which = "" if facts is ORDER_REPLACEMENTS else f"r.shelf = '{shelf.name}' AND "
    return f"(SELECT min(r.replaced_at) FROM {facts.name} r WHERE {which}r.row_id = {shelf.table}.row_id)"


def replaced_among(raw: pa.Table) -> pa.Table:
    """REPLACEMENTS of rows that were read with ``since_replaced`` beside them as ``replaced_at``."""
    replaced = raw.select(["row_id", "replaced_at"]).filter(pc.is_valid(raw.column("replaced_at")))
    return replaced.cast(REPLACEMENTS)
