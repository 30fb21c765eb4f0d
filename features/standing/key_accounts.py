"""The account groups that are key for the whole company as of an instant, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyarrow as pa

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.standing.accounts import accounts_at
from features.standing.group_shares import KeyMark, Level, Place, key_marks, largest_first, month_starts, shares_at

NAMED_IN_CRM = {
    "potential": "buys much elsewhere that we could sell, according to our CRM",
    "reputation": "its name opens doors, according to our CRM",
    "innovator": "first to take new products, according to our CRM",
    "demanding": "teaches us to be better, according to our CRM",
    "strategic": "strategic, according to our CRM",
}
"""Key mark in the CRM → the reason in plain words (docs/domain.md 4 b to e)."""

COMPANY_WIDE = (Level.COMPANY, Level.DEPARTMENT)
"""A share of a manager's sales counts only for the order of that manager's own list."""


def key_reasons(
    accounts: pa.Table, marks: Iterable[KeyMark], company: Mapping[Place, float], policy: Policy
) -> dict[str, list[str]]:
    """Account group → why it is key, in plain words; a group that is not key is missing.

    Args:
        accounts: the accounts at an instant, with group_id and key_mark.
        marks: the key marks at the COMPANY_WIDE levels. company: the share of each group in the company's sales.
    """
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for mark in marks:
        reasons[mark.group_id].append(mark.reason(policy))
    largest = largest_first(company)[: policy.strategic_top_n]
    for group in sorted(group for unit, group in largest if company[unit, group] > 0):
        reasons[group].append(f"one of our {policy.strategic_top_n} largest, strategic by decision")
    for group, mark_in_crm in sorted(_named_in_crm(accounts)):
        reasons[group].append(NAMED_IN_CRM[mark_in_crm])
    return dict(reasons)


def key_accounts_at(ledger: Ledger, as_of: AsOf, policy: Policy) -> frozenset[str]:
    """The customers whose account group was key at an instant, as known at it."""
    with ledger.open() as connection:
        accounts = accounts_at(connection, as_of)
        connection.register("accounts", accounts)
        months = month_starts(ledger, as_of, policy)
        marks = [mark for level in COMPANY_WIDE for mark in key_marks(connection, level, months, policy)]
        company = shares_at(connection, Level.COMPANY, as_of) if policy.strategic_top_n else {}
    key = key_reasons(accounts, marks, company, policy)
    groups = zip(accounts.column("customer_id").to_pylist(), accounts.column("group_id").to_pylist(), strict=True)
    return frozenset(customer for customer, group in groups if group in key)


def _named_in_crm(accounts: pa.Table) -> set[tuple[str, str]]:
    """Every pair of account group and mark that a customer of the group has in the CRM."""
    marks = zip(accounts.column("group_id").to_pylist(), accounts.column("key_mark").to_pylist(), strict=True)
    return {(group, mark.strip()) for group, text in marks if text for mark in text.split(";")}
