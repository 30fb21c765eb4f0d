"""Here you find since when a ledger reaches back, as it was known at an instant."""

from __future__ import annotations

from datetime import date

from features.clock import AsOf
from features.ledger.ledger import AsOfBeforeLedgerError, Ledger

_FIRST = """
SELECT min(order_day) FROM order_lines
WHERE ordered_at < $as_of AND visible_from < $as_of AND (replaced_at IS NULL OR replaced_at >= $as_of)
"""


def first_day_known(ledger: Ledger, as_of: AsOf) -> date:
    """The oldest order (or return) day visible at the as-of: what is backdated later makes no history longer.

    Raises:
        AsOfBeforeLedgerError: no full day of it had been seen yet.
    """
    with ledger.open() as connection:
        [(first,)] = connection.execute(_FIRST, {"as_of": as_of.naive}).fetchall()
    if first is None or as_of.day <= first:
        raise AsOfBeforeLedgerError(as_of.day, first or ledger.starts_on)
    found: date = first
    return found
