"""Rows pushed by another system: handled as rows of a file, and answered by their place in the push."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputTable
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy

SOURCE = "pushed"
"""The file name of a push; its content alone identifies it, as with a file."""


@dataclass(frozen=True)
class Fault:
    """A pushed row that is in quarantine.

    Attributes:
        place: in the push, from 0.
    """

    place: int
    reason: QuarantineReason


@dataclass(frozen=True)
class Pushed:
    """The result of a push: its account, and its rows in quarantine, by place."""

    account: Reconciliation
    faults: tuple[Fault, ...]


def push_rows(
    kind: str,
    table: pa.Table,
    *,
    home: Home,
    policy: Policy,
    now: datetime,
    permit: Callable[[frozenset[str | None]], None],
) -> Pushed:
    """The result of the rows after they were stored: all usable ones, or after an error none.

    Pushed rows are never history: without a known-at they count as known when they came in, or happened if later.

    Args:
        permit: receives the customers with rows to store or replace, and raises where that is not allowed.

    Raises:
        LedgerError: see :func:`ingest`; nothing was stored.
    """
    faults: list[Fault] = []

    def guard(work: duckdb.DuckDBPyConnection, touched: frozenset[str]) -> None:
        permit(frozenset(touched))
        faulty = work.sql("SELECT line_no, reason FROM judged WHERE reason IS NOT NULL ORDER BY line_no").fetchall()
        faults.extend(Fault(line_no - 1, QuarantineReason(reason)) for line_no, reason in faulty)

    request = IngestRequest(
        kind, InputTable(table, SOURCE), home=home, policy=policy, now=now, history=HistoryRule.NONE, guard=guard
    )
    return Pushed(ingest(request), tuple(faults))
