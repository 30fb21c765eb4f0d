"""Here you find what is odd about rows that came in all the same, so that nobody takes them for proven."""

from __future__ import annotations

import duckdb

CENTS = "0.01"  # a price is rounded: half a cent a piece, and one for the line


def doubts(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Sentences about the accepted order lines of ``judged`` whose values contradict each other; the amount counted."""
    expected = "quantity * unit_price"
    slack = f"{CENTS} + 0.005 * abs(quantity)"
    signs, sums = connection.sql(
        f"""SELECT count(*) FILTER (amount > 0 AND quantity < 0), count(*) FILTER (
            abs(abs(amount) - abs({expected})) > {slack}
            AND abs(abs(amount) - abs({expected} - coalesce(discount, 0))) > {slack})
        FROM judged WHERE fate = 'accepted'"""
    ).fetchall()[0]
    said = (
        ("Lines whose amount is above 0 and whose quantity is below 0; the amount counts", signs),
        ("Lines whose amount is neither quantity × price nor that less the discount; the amount counts", sums),
    )
    return tuple(f"{sentence}: {rows:,}." for sentence, rows in said if rows)
