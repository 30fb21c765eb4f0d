"""Here you find order lines of one number that cannot be versions of each other."""

from __future__ import annotations

import duckdb

from features.ledger.parsing.text import literal
from features.ledger.schema.quarantine_reasons import Reason


def set_collisions_aside(connection: duckdb.DuckDBPyConnection, *, file_no: int) -> None:
    """Good rows of ``checked`` of one file are out whose order line has several customers and several days.

    A correction changes one of the two; with a known-at of its own it may change both.
    """
    connection.execute(
        f"""UPDATE checked SET reason = {literal(Reason.COLLISION)} FROM (
            SELECT order_id, line_id FROM checked
            WHERE file_no = {file_no} AND reason IS NULL AND known_at IS NULL
                AND order_id IS NOT NULL AND line_id IS NOT NULL
            GROUP BY ALL HAVING min(customer_id) <> max(customer_id) AND min(order_day) <> max(order_day)) shared
        WHERE file_no = {file_no} AND reason IS NULL AND known_at IS NULL
            AND checked.order_id = shared.order_id AND checked.line_id = shared.line_id"""
    )
