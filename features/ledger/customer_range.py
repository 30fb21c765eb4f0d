"""Ranges of customers: what a part of a ledger is made of, and what its files may hold."""

from __future__ import annotations

from dataclasses import dataclass

from features.ledger.sql import literal


@dataclass(frozen=True)
class CustomerRange:
    """The customers from one id on up to another; ids compare as their UTF-8 bytes do.

    Attributes:
        low: the first id that may be in it; None: no lower end.
        high: the first id behind it; None: no upper end.
    """

    low: str | None = None
    high: str | None = None

    @property
    def condition(self) -> str:
        """SQL on customer_id; no row of no customer's is in a range with an end."""
        above = [] if self.low is None else [f"customer_id >= {literal(self.low)}"]
        below = [] if self.high is None else [f"customer_id < {literal(self.high)}"]
        return " AND ".join(above + below) or "TRUE"

    def meets(self, first: str, last: str) -> bool:
        """Whether an id from ``first`` to ``last``, both included, may be in it."""
        # code points compare as their UTF-8 bytes do
        return (self.low is None or last >= self.low) and (self.high is None or first < self.high)


EVERYBODY = CustomerRange()
"""All customers, and rows of none."""
