"""Ledgers drawn as small text tables, and the features of their customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.clock import AsOf
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot, take_snapshot

POLICY = Policy()


def table(drawing: str) -> pa.Table:
    """The drawn table as text columns: names in the first line, cells split by |, an empty cell is null."""
    lines = drawing.strip().splitlines()
    names = [name.strip() for name in lines[0].split("|")]
    rows = [[cell.strip() or None for cell in line.split("|")] for line in lines[1:]]
    return pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)})


def ledger(
    orders: str,
    customers: str | None = None,
    *,
    policy: Policy = POLICY,
    currency: str = "EUR",
    history: bool = True,
    **others: str,
) -> Ledger:
    """The drawn order lines (and customers, contacts=…, complaints=…) as a ledger, through the real intake."""
    return ledger_of(
        table(orders),
        table(customers) if customers else None,
        policy,
        others={kind: table(drawing) for kind, drawing in others.items()},
        currency=currency,
        history=history,
    )


def at(text: str, policy: Policy = POLICY) -> AsOf:
    """The as-of that a text names."""
    return AsOf.parse(text, policy.zone)


def seen(world: Ledger, as_of: str, customer: str, *, policy: Policy = POLICY) -> dict[str, Any]:
    """The features of one customer as of an instant."""
    return rows_of(take_snapshot(world, [at(as_of, policy)], policy))[customer]


def rows_of(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """The rows of a snapshot of one instant by customer."""
    return {row["customer_id"]: row for row in snapshot.table.to_pylist()}


def day(text: str) -> date:
    """A calendar day."""
    return date.fromisoformat(text)


def utc(text: str) -> datetime:
    """An instant as tables hold it: UTC without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("UTC")).replace(tzinfo=None)
