"""Here you find a customer's ledger as it would be with orders that were never placed."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from features.ledger.ingest.in_memory import digest_of_tables, ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy


def with_orders(ledger: Ledger, orders: pa.Table, policy: Policy) -> Ledger:
    """The ledger with further order lines, which pass the same checks as a file; nothing is stored.

    ``ledger`` holds its order lines in memory, as that of ``ledger_of_customers`` does. ``orders`` has the columns of
    the contract (customer_id, ordered_at, amount at the least); each line is known from when it happens.

    Raises:
        RejectedRowsError: a line cannot be used.
    """
    imagined = ledger_of(orders, None, policy, currency=ledger.currency)
    held, further = ledger.order_lines, imagined.order_lines
    if not isinstance(held, pa.Table) or not isinstance(further, pa.Table):
        raise TypeError("order lines in files: take the customer's own by ledger_of_customers")
    first = (pc.max(held.column("row_id")).as_py() or 0) + 1
    numbers = pa.array(range(first, first + len(further)), pa.int64())
    lines = further.set_column(further.column_names.index("row_id"), "row_id", numbers).cast(held.schema)
    return replace(
        ledger,
        order_lines=pa.concat_tables([held, lines]),
        starts_on=min(ledger.starts_on, imagined.starts_on),
        ends_on=max(ledger.ends_on, imagined.ends_on),
        digest=digest_of_tables(held, lines),
    )
