"""How pushed rows come into the ledger: whose they may be, and what became of each."""

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

_NOBODY: frozenset[str | None] = frozenset({None})


def push(home: Home, engine: sa.Engine, kind: str, table: pa.Table, *, caller: Caller, now: datetime) -> Pushed:
    """What became of the rows, which are now in the ledger as those of a file would be.

    Raises:
        NoPushRightError: the caller's key is one to read.
        ForeignRowsError: a manager's key, and rows that are, or would replace one, of a customer that is not published
            as that manager's, or that name another manager.
        LedgerError: see its subclasses; nothing was stored.
    """
    if caller.rights is not Rights.PUSH:
        raise NoPushRightError

    def permit(customer_ids: frozenset[str | None]) -> None:
        if caller.manager_id is not None and not _are_own(engine, customer_ids, caller):
            raise ForeignRowsError

    permit(frozenset(table.column("customer_id").to_pylist()) if "customer_id" in table.column_names else _NOBODY)
    if caller.manager_id is not None and not _name_no_other(table, caller.manager_id):
        raise ForeignRowsError
    return push_rows(kind, table, home=home, policy=read_policy(home.policy_file), now=now, permit=permit)


def _are_own(engine: sa.Engine, customer_ids: frozenset[str | None], caller: Caller) -> bool:
    run, named = newest_run_or_none(engine), sorted(filter(None, customer_ids))
    if run is None or len(named) < len(customer_ids):
        return False
    return len(scores_of(engine, run, named, caller=caller)) == len(named)


def _name_no_other(table: pa.Table, manager_id: str) -> bool:
    if "manager_id" not in table.column_names:
        return True
    return set(table.column("manager_id").to_pylist()) <= {None, manager_id}
