"""The standing of every customer as of one instant: account, rung, shares, key account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot
from features.standing.accounts import accounts_at
from features.standing.group_shares import KeyMark, Level, Place, key_marks, largest_first, month_starts, shares_at
from features.standing.key_accounts import COMPANY_WIDE, key_reasons
from features.standing.ladder import is_newcomer, rungs_of
from features.standing.population import is_active


@dataclass(frozen=True)
class Standing:
    """One row per customer of the snapshot, in its order.

    Attributes:
        table: customer_id, name, group_id, department, manager_id, rung, is_newcomer, company_share (of its group; null
            where we sold nothing), department_share, manager_share, group_sales_365_days, is_key_account,
            is_key_for_manager (counts for its manager's own order alone), key_reasons (list of plain words).
        as_of: the instant.
        largest_group_id: the account group with the largest share of 365-day net sales; None without sales.
        largest_share: that share; NaN without sales.
    """

    table: pa.Table
    as_of: AsOf
    largest_group_id: str | None
    largest_share: float


def take_standing(ledger: Ledger, snapshot: Snapshot, policy: Policy, *, active_days: int) -> Standing:
    """The standing of every customer of a snapshot of one instant."""
    (as_of,) = snapshot.as_ofs
    with ledger.open() as connection:
        accounts = accounts_at(connection, as_of)
        connection.register("accounts", accounts)
        months = month_starts(ledger, as_of, policy)
        marks = {level: key_marks(connection, level, months, policy) for level in Level}
        shares = {level: shares_at(connection, level, as_of) for level in Level}
    accounts = in_order_of(accounts, snapshot)
    managers = _managers_that_count(accounts, snapshot, policy, active_days)
    own = [mark for mark in marks[Level.MANAGER] if mark.unit in managers]
    company = shares[Level.COMPANY]
    largest = next(iter(largest_first(company)), None)
    everywhere = key_reasons(accounts, [mark for level in COMPANY_WIDE for mark in marks[level]], company, policy)
    table = _with_shares(accounts, snapshot, shares)
    table = _with_keys(table, everywhere, own, policy)
    rungs = rungs_of(snapshot, policy)
    table = table.append_column("rung", pa.array(rungs, pa.string()))
    table = table.append_column("is_newcomer", pa.array(is_newcomer(rungs)))
    return Standing(
        table=table,
        as_of=as_of,
        largest_group_id=largest[1] if largest else None,
        largest_share=company[largest] if largest else float("nan"),
    )


def in_order_of(accounts: pa.Table, snapshot: Snapshot) -> pa.Table:
    """The accounts of a snapshot's customers, in the order of its rows."""
    places = pc.index_in(snapshot.table.column("customer_id"), accounts.column("customer_id").combine_chunks())
    return accounts.take(places)


def _managers_that_count(accounts: pa.Table, snapshot: Snapshot, policy: Policy, active_days: int) -> set[str]:
    active = accounts.filter(pa.array(is_active(snapshot, active_days)))
    counts = pc.value_counts(active.column("manager_id")).to_pylist()
    return {row["values"] for row in counts if row["values"] and row["counts"] >= policy.key_manager_least_active}


def _with_shares(table: pa.Table, snapshot: Snapshot, shares: dict[Level, dict[Place, float]]) -> pa.Table:
    groups = table.column("group_id").to_pylist()
    units = {
        "company_share": (Level.COMPANY, ["company"] * len(groups)),
        "department_share": (Level.DEPARTMENT, table.column("department").to_pylist()),
        "manager_share": (Level.MANAGER, table.column("manager_id").to_pylist()),
    }
    for name, (level, unit_of_row) in units.items():
        share_of_row = [shares[level].get(place) for place in zip(unit_of_row, groups, strict=True)]
        table = table.append_column(name, pa.array(share_of_row, pa.float64()))
    group_sales: defaultdict[str, float] = defaultdict(float)
    sales = snapshot.feature("net_sales_365_days")
    for group, customer_sales in zip(groups, sales, strict=True):
        group_sales[group] += float(customer_sales)
    return table.append_column("group_sales_365_days", pa.array([group_sales[group] for group in groups], pa.float64()))


def _with_keys(table: pa.Table, everywhere: Mapping[str, list[str]], own: list[KeyMark], policy: Policy) -> pa.Table:
    """The table with the key account columns; ``everywhere``: company-wide reasons, ``own``: key marks of managers."""
    for_manager = {(mark.unit, mark.group_id): mark.reason(policy) for mark in own}
    groups, managers = table.column("group_id").to_pylist(), table.column("manager_id").to_pylist()
    own_reasons = [for_manager.get(place) for place in zip(managers, groups, strict=True)]
    reasons = [
        everywhere.get(group, []) + ([reason] if reason else [])
        for group, reason in zip(groups, own_reasons, strict=True)
    ]
    return (
        table.append_column("is_key_account", pa.array([group in everywhere for group in groups], pa.bool_()))
        .append_column("is_key_for_manager", pa.array([reason is not None for reason in own_reasons], pa.bool_()))
        .append_column("key_reasons", pa.array(reasons, pa.list_(pa.string())))
    )
