"""Here you find what is odd about rows that came in all the same, so that nobody takes them for proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from features.ledger.schema.column import name_key
from features.ledger.schema.orders import CURRENCY

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


def unread_currencies(used: Mapping[str, str], unused: Sequence[str]) -> tuple[str, ...]:
    """A sentence where the potential of customers stands beside a currency: it is converted by no rate."""
    beside = [name for name in unused if name_key(name) in CURRENCY.keys]
    if "potential_sales" not in used or not beside:
        return ()
    return (
        f"'{used['potential_sales']}' was taken to be in the ledger's currency: '{beside[0]}' beside it was not read. "
        "Convert it before, where it is in another one.",
    )
