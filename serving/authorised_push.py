"""Pushed rows and the right to push them: the caller's key decides whose rows come into the ledger."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from features.home import Home
from features.ledger.ingest.push import Pushed, push_rows
from features.policy import read_policy
from serving.access import Caller, Rights
from serving.errors import ForeignRowsError, NoPushRightError
from serving.publication.publish import newest_run_or_none, scores_of


def push(home: Home, engine: sa.Engine, kind: str, table: pa.Table, *, caller: Caller, now: datetime) -> Pushed:
    """The account of the rows, which are now in the ledger as rows of a file would be.

    Raises:
        NoPushRightError: the caller's key may only read.
        ForeignRowsError: the key is a manager's, and a row is of a customer that is not published as this manager's,
            would replace such a row, or names another manager.
        LedgerError: see its subclasses; nothing was stored.
    """
    if caller.rights is not Rights.PUSH:
        raise NoPushRightError

    def permit(customer_ids: frozenset[str | None]) -> None:
        if caller.manager_id is not None and not _are_own(engine, customer_ids, caller):
            raise ForeignRowsError

    permit(_values(table, "customer_id"))  # also of rows that end in quarantine, before the ledger is read
    if caller.manager_id is not None and not _values(table, "manager_id") <= {None, caller.manager_id}:
        raise ForeignRowsError
    return push_rows(kind, table, home=home, policy=read_policy(home.policy_file), now=now, permit=permit)


def _values(table: pa.Table, column: str) -> frozenset[str | None]:
    """The values of a column; null alone where the table lacks it."""
    return frozenset(table.column(column).to_pylist() if column in table.column_names else [None])


def _are_own(engine: sa.Engine, customer_ids: frozenset[str | None], caller: Caller) -> bool:
    """Whether every row names a customer that is published as the caller's."""
    run, named = newest_run_or_none(engine), sorted(filter(None, customer_ids))
    if run is None or len(named) < len(customer_ids):
        return False
    return len(scores_of(engine, run, named, caller=caller)) == len(named)
