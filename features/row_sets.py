"""Here you find which ledger rows each set of a feature holds: of which kind, from when to when, and on which day.

What stands here is SQL over the views of ``Ledger.open()``, the same for every engine. A row of a stream is seen at an
as-of where its ``happened`` and its visible_from lie before it, and neither its replaced_at nor its ``until`` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.primitives import Column, Rows


@dataclass(frozen=True, eq=False)
class Stream:
    """Rows of one kind that share when they happened.

    Attributes:
        name: unique, an SQL identifier.
        view: of ``Ledger.open()``; has customer_id, visible_from, replaced_at and row_id.
        happened: SQL instant from which a row counts.
        day: SQL day that windows compare; later rows of a customer never have an earlier one.
        columns: SQL of each column that can be aggregated.
        until: SQL instant from which a row counts no more; empty where it counts for good.
        where: SQL condition of every row.
    """

    name: str
    view: str
    happened: str
    day: str
    columns: Mapping[Column, str]
    until: str = ""
    where: str = "TRUE"

    @property
    def begins(self) -> str:
        """SQL instant after which a row is seen."""
        return f"greatest({self.happened}, visible_from)"

    @property
    def ends(self) -> str:
        """SQL instant after which a row is no longer seen; null: it is seen for good."""
        return f"least(replaced_at, {self.until})" if self.until else "replaced_at"


@dataclass(frozen=True)
class RowSet:
    """The rows of a stream for which a condition holds."""

    stream: Stream
    condition: str = "TRUE"


ORDER_LINES = Stream(
    "order_lines",
    view="order_lines",
    happened="ordered_at",
    day="order_day",
    columns={
        Column.AMOUNT: "amount",
        Column.COST: "cost",
        Column.DISCOUNT: "discount",
        Column.PRODUCT: "product_id",
        Column.CATEGORY: "category",
        Column.MONTH: "CAST(date_trunc('month', order_day) AS DATE)",
        Column.DAY: "order_day",
    },
)

SETS: Mapping[Rows, RowSet] = {
    Rows.LINES: RowSet(ORDER_LINES),
    Rows.SALES: RowSet(ORDER_LINES, "amount > 0"),
    Rows.PURCHASES: RowSet(ORDER_LINES, "makes_order"),
    Rows.RETURNS: RowSet(ORDER_LINES, "is_return"),
    Rows.COSTED: RowSet(ORDER_LINES, "cost IS NOT NULL"),
    Rows.DISCOUNT_KNOWN: RowSet(ORDER_LINES, "amount > 0 AND discount IS NOT NULL"),
}
"""Every set but order days and gaps, which are made of purchases."""

ON_ORDER_DAYS = (Rows.ORDER_DAYS, Rows.GAPS)
