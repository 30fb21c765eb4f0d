"""Cancellations at once: sales undone by a return within minutes, counted for the reconciliation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import duckdb


@dataclass(frozen=True)
class LargestCancellation:
    """The cancelled sale of most money, and how many minutes it stood."""

    customer_id: str
    order_id: str | None
    amount: Decimal
    minutes: int


@dataclass(frozen=True)
class Cancellations:
    """Pairs of a sale and the return that undid it at once; ``money``: of the sales, in reporting currency."""

    pairs: int
    money: Decimal
    largest: LargestCancellation | None

    @property
    def sentence(self) -> str:
        """How many sales were cancelled at once, and the largest of them."""
        if self.largest is None:
            return "No order was cancelled at once."
        order = f" (order {self.largest.order_id})" if self.largest.order_id else ""
        return (
            f"Cancelled at once, sale and return, so neither order nor return: {self.pairs:,} over {self.money:,.2f}; "
            f"the largest {self.largest.amount:,.2f} of customer {self.largest.customer_id}{order} "
            f"after {self.largest.minutes} minutes."
        )

    def as_json(self) -> dict[str, Any]:
        """The cancellations for machines; money as decimal strings."""
        largest = asdict(self.largest) | {"amount": str(self.largest.amount)} if self.largest else None
        return {"pairs": self.pairs, "money": str(self.money), "largest": largest}


NO_CANCELLATIONS = Cancellations(0, Decimal(0), None)


def cancellations_of(connection: duckdb.DuckDBPyConnection) -> Cancellations:
    """The pairs of lines that cancelled each other with this batch, and the pair of most money."""
    pairs = connection.sql(
        """WITH lines AS (SELECT row_id, customer_id, order_id, amount, ordered_at FROM stored UNION ALL
            SELECT row_id, customer_id, order_id, amount, ordered_at FROM accepted)
        SELECT s.customer_id, s.order_id, s.amount, date_diff('minute', s.ordered_at, r.ordered_at)
        FROM cancelled JOIN lines s USING (row_id) JOIN lines r ON r.row_id = cancelled.by_row_id
        ORDER BY s.amount DESC, s.row_id"""
    ).fetchall()
    largest = LargestCancellation(*pairs[0]) if pairs else None
    return Cancellations(len(pairs), sum((amount for _, _, amount, _ in pairs), Decimal(0)), largest)
