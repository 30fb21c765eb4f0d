"""Ranges of customers: the parts of a ledger."""

from __future__ import annotations

from dataclasses import dataclass

from features.ledger.sql import literal


@dataclass(frozen=True)
class CustomerRange:
    """The customers in [low, high); ids compare by their UTF-8 bytes.

    Attributes:
        low: None: no lower end.
        high: None: no upper end.
    """

    low: str | None = None
    high: str | None = None

    @property
    def condition(self) -> str:
        """SQL on customer_id; rows without a customer are in no range with an end."""
        above = [] if self.low is None else [f"customer_id >= {literal(self.low)}"]
        below = [] if self.high is None else [f"customer_id < {literal(self.high)}"]
        return " AND ".join(above + below) or "TRUE"

    def meets(self, first: str, last: str) -> bool:
        """Whether an id from ``first`` to ``last``, both included, may be in the range."""
        # code points compare as their UTF-8 bytes do
        return (self.low is None or last >= self.low) and (self.high is None or first < self.high)


EVERYBODY = CustomerRange()
"""All customers, and rows without a customer."""
