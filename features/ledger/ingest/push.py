"""How rows come in that another system pushes: as those of a file would, each answered by its place."""

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
"""What stands for the name of a file; a push is told apart by its content alone, as a file is."""


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
    """What became of a push: its account, and the rows of it that are in quarantine, by place."""

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
    """What became of the rows, now in the ledger of ``home``: all that can be used, or after an error none.

    They are never history: without a known-at of their own they are known since they came in, or happened.

    Args:
        permit: is told the customers of whom rows would be stored or replaced, and raises where that may not be.

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
