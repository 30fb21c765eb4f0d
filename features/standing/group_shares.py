"""The share of sales of each account group, replayed month by month, and the groups it makes key.

A group becomes key above one share and stays key until its share falls under a lower one, so that it does not flicker
(docs/design.md 3, key account).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import duckdb
import pyarrow as pa

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.policy import Policy
from features.standing.accounts import groups_at

SHARE_DAYS = 365
Place = tuple[str, str]
"""A unit (the company, a department or a manager) and an account group in it."""


class Level(StrEnum):
    """The level whose sales a share refers to."""

    COMPANY = "company"
    DEPARTMENT = "department"
    MANAGER = "manager"


_SHARES = """
WITH lines AS (
    SELECT m.as_of, coalesce(g.group_id, l.customer_id) AS group_id, l.amount,
           coalesce(l.department, a.department) AS department, a.manager_id AS manager
    FROM months m
    JOIN order_lines l ON l.order_day >= m.as_of_day - {days} AND {visible}
    JOIN accounts a ON a.customer_id = l.customer_id
    LEFT JOIN memberships g ON g.as_of = m.as_of AND g.customer_id = l.customer_id
), groups AS (
    SELECT as_of, {unit} AS unit, group_id, sum(amount) AS sales FROM lines
    WHERE {unit} IS NOT NULL GROUP BY as_of, unit, group_id
), units AS (
    SELECT as_of, unit, sum(sales) AS sales FROM groups GROUP BY as_of, unit
)
SELECT g.as_of, g.unit, g.group_id, CAST(g.sales AS DOUBLE) / CAST(u.sales AS DOUBLE) AS share,
       g.sales > {enter} * u.sales AS enters
FROM groups g JOIN units u USING (as_of, unit)
WHERE u.sales > 0 AND ({keep})
ORDER BY g.as_of, g.unit, g.group_id
"""
_UNIT = {Level.COMPANY: "'company'", Level.DEPARTMENT: "department", Level.MANAGER: "manager"}


@dataclass(frozen=True)
class KeyMark:
    """One criterion that makes an account group key: its share of the sales of a unit."""

    level: Level
    unit: str
    group_id: str
    share: float
    enters: bool  # above the entry share; False: key only because it is not yet under the leaving share

    def reason(self, policy: Policy) -> str:
        """The criterion in plain words for a manager."""
        sales = {
            Level.COMPANY: "our sales",
            Level.DEPARTMENT: f"sales of department {self.unit}",
            Level.MANAGER: "its manager's sales",
        }[self.level]
        stays = "" if self.enters else f", stays key until under {_percent(policy.key_leave_share)}"
        return f"{_percent(self.share)} of {sales}{stays}"


def _percent(share: float) -> str:
    """The share as a percentage: 12 %, but 9.5 %."""
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %".replace(".0 %", " %")


def month_starts(ledger: Ledger, as_of: AsOf, policy: Policy) -> list[AsOf]:
    """00:00 of the first day of every month between the ledger's start and the as-of, then the as-of itself."""
    months = (
        date(year, month, 1) for year in range(ledger.starts_on.year, as_of.day.year + 1) for month in range(1, 13)
    )
    starts = [AsOf.of_day(day, policy.zone) for day in months if day > ledger.starts_on]
    return [*(start for start in starts if start < as_of), as_of]


def key_marks(
    connection: duckdb.DuckDBPyConnection, level: Level, instants: Iterable[AsOf], policy: Policy
) -> list[KeyMark]:
    """The groups that are key at the last instant by their share at a level, after replaying all instants in order.

    Groups are as they were at each instant. Where the branches of a key group belong to another group later, that group
    stays key under the same rule. The past is read only where a group lies between the two shares at the last instant.
    The connection has the views ``order_lines``, ``customers`` and ``accounts``.
    """
    *earlier, last = instants
    now = groups_at(connection, [last])
    (key,) = _not_under_leaving_share(connection, level, now, policy)
    if not all(enters for _, enters in key.values()):
        stays = _key_until(connection, level, earlier, policy, now=now[last])
        key = {place: (share, enters) for place, (share, enters) in key.items() if enters or place in stays}
    return [KeyMark(level, unit, group, share, enters) for (unit, group), (share, enters) in sorted(key.items())]


def _key_until(
    connection: duckdb.DuckDBPyConnection,
    level: Level,
    instants: Sequence[AsOf],
    policy: Policy,
    *,
    now: Mapping[str, str],
) -> set[Place]:
    """The present groups of all customers in a group that was key at the last of the instants."""
    groups = groups_at(connection, instants)
    before: Mapping[str, str] = {}
    key: set[Place] = set()
    for instant, shares in zip(instants, _not_under_leaving_share(connection, level, groups, policy), strict=True):
        stays = _present_groups(key, before, groups[instant])
        key = {place for place, (_, enters) in shares.items() if enters or place in stays}
        before = groups[instant]
    return _present_groups(key, before, now)


def _not_under_leaving_share(
    connection: duckdb.DuckDBPyConnection, level: Level, groups: Mapping[AsOf, Mapping[str, str]], policy: Policy
) -> Iterator[dict[Place, tuple[float, bool]]]:
    """The shares at each instant that are not under the leaving share, and whether each is above the entry share."""
    above = f"g.sales >= {policy.key_leave_share!r} * u.sales"
    return _by_instant(connection, level, groups, keep=above, enter=policy.key_enter_share)


def shares_at(connection: duckdb.DuckDBPyConnection, level: Level, as_of: AsOf) -> dict[Place, float]:
    """The share of each (unit, group_id) in the unit's net sales of the 365 days before the as-of."""
    shares = next(_by_instant(connection, level, groups_at(connection, [as_of]), keep="TRUE", enter=0.0))
    return {place: share for place, (share, _) in shares.items()}


def largest_first(shares: Mapping[Place, float]) -> list[Place]:
    """The places by share, largest first; equal shares by name."""
    return sorted(shares, key=lambda place: (-shares[place], place))


def _present_groups(key: Iterable[Place], before: Mapping[str, str], now: Mapping[str, str]) -> set[Place]:
    """The present groups of all customers that were in a key group before."""
    members = defaultdict(set)
    for customer in {*before, *now}:
        members[before.get(customer, customer)].add(customer)
    return {(unit, now.get(member, member)) for unit, group in key for member in {group, *members[group]}}


def _by_instant(
    connection: duckdb.DuckDBPyConnection,
    level: Level,
    groups: Mapping[AsOf, Mapping[str, str]],
    *,
    keep: str,
    enter: float,
) -> Iterator[dict[Place, tuple[float, bool]]]:
    """The shares at each instant, and whether each is above ``enter``: compared in decimals, as doubles round."""
    instants = list(groups)
    memberships = [(at.naive, *pair) for at, group_of in groups.items() for pair in group_of.items()]
    columns = zip(*memberships, strict=True) if memberships else ([], [], [])
    types = (pa.timestamp("us"), pa.string(), pa.string())
    arrays = [pa.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
    connection.register("memberships", pa.table(arrays, ["as_of", "customer_id", "group_id"]))
    months = pa.table(
        {
            "as_of": pa.array([instant.naive for instant in instants], pa.timestamp("us")),
            "as_of_day": pa.array([instant.day for instant in instants], pa.date32()),
        }
    )
    connection.register("months", months)
    visible = visible_at("m.as_of", happened="ordered_at", relation="l")
    statement = _SHARES.format(days=SHARE_DAYS, visible=visible, unit=_UNIT[level], keep=keep, enter=repr(enter))
    rows = connection.execute(statement).fetchall()
    connection.unregister("months")
    connection.unregister("memberships")
    by_instant: dict[object, dict[Place, tuple[float, bool]]] = {at.naive: {} for at in instants}
    for instant, unit, group, share, enters in rows:
        by_instant[instant][unit, group] = share, enters
    return iter(by_instant.values())
