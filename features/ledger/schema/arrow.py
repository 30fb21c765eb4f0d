"""Arrow schemas of order lines, customers and replacements."""

from __future__ import annotations

import pyarrow as pa

from features.ledger.schema.record_types import CUSTOMERS_RELATION, RELATIONS

INSTANT = pa.timestamp("us")  # UTC, written without a zone


ORDER_LINES = RELATIONS["order_lines"].schema
"""The columns of an order line, in the mirror and in memory. A line is a return when its amount is below 0."""


REPLACEMENTS = pa.schema(
    [pa.field("row_id", pa.int64(), nullable=False), pa.field("replaced_at", INSTANT, nullable=False)]
)
"""Which row is no longer seen from which instant on; of several the earliest counts."""


CUSTOMERS = CUSTOMERS_RELATION.schema.append(pa.field("replaced_at", INSTANT))
"""One row per version of a customer; replaced_at is the next version's visible_from."""


OTHERS = tuple(name for name in RELATIONS if name not in ("order_lines", "customers"))
"""The views of a ledger beside order lines and customers."""
