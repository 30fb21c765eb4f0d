"""What specs of ingest share: two nights to ingest in, and what then stands in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from features.home import Home
from features.ledger.ledger import Ledger
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
LATER = datetime(2026, 9, 30, 12, tzinfo=UTC)
LINES = "customer_id,ordered_at,amount\na,2026-01-01,1\na,2026-01-01,1\nb,2026-01-02,-2\n"

Ingest = Callable[..., Reconciliation]


def read(home: Home, policy: Policy | None = None) -> list[dict[str, Any]]:
    """The order lines of the ledger in order of arrival, with replaced_at."""
    return rows_of(read_ledger(home, policy or Policy()))


def rows_of(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.open() as connection:
        found: list[dict[str, Any]] = connection.sql("FROM order_lines ORDER BY row_id").to_arrow_table().to_pylist()
    return found


def reasons(account: Reconciliation) -> dict[QuarantineReason, int]:
    return {entry.reason: entry.rows for entry in account.quarantine}
