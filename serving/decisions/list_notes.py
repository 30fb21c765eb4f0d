"""What a list says about itself, in plain sentences: what it goes by, and how much to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from features.policy import Policy
from serving.decisions.portfolios import EVERYONE, Portfolio, ScoredCustomer
from serving.decisions.wording import counted, day, days, share

FEW_ACTIVE = 50
"""Under so many active customers one good or bad list proves nothing (docs/design.md 6)."""

NAMED_KEY_ACCOUNTS = 5
"""So many key accounts that are not at risk are named in a note."""


@dataclass(frozen=True)
class CompanyContext:
    """What is true of the whole company at the as-of.

    Attributes:
        active_customers: customers in population "active".
        key_accounts: account groups that are key by any criterion.
        largest_name: the account group with most net sales of 365 days; null: no sales, or not to be named.
        largest_share: its share of them; null: no sales.
        model_version: the name of what is served.
        is_rule: a simple rule is served, no model.
        model_note: the bundle's own sentence about how sure it is; empty: none.
        ledger_ends_on: newest day in the ledger.
        active_days: W.
    """

    as_of_day: date
    currency: str
    horizon_days: int
    active_days: int
    active_customers: int
    key_accounts: int
    largest_name: str | None
    largest_share: float | None
    model_version: str
    is_rule: bool
    model_note: str
    ledger_ends_on: date

    @property
    def stopped_days(self) -> int:
        """Days between the ledger's last day and the as-of's day; 0 where it reaches up to it."""
        return max(0, (self.as_of_day - self.ledger_ends_on).days - 1)


def notes_of(
    portfolio: Portfolio,
    situation: CompanyContext,
    policy: Policy,
    *,
    called: Sequence[ScoredCustomer],
    worth_a_call: int,
) -> tuple[str, ...]:
    """What stands above a list, most important first."""
    return (
        *company_notes(_as_told_to(portfolio, situation), policy),
        *_about_key_accounts(portfolio, policy, called),
        *_about_capacity(portfolio, called, worth_a_call),
    )


def company_notes(situation: CompanyContext, policy: Policy) -> tuple[str, ...]:
    """What every list of the day says: an old ledger, who is largest, what so few allow, what ranks."""
    return tuple(_about_the_company(situation, policy))


def _as_told_to(portfolio: Portfolio, situation: CompanyContext) -> CompanyContext:
    """The situation without the name of a customer that is not on the reader's books."""
    known = {name for customer in portfolio.customers for name in (customer.called, customer.group_id)}
    return situation if situation.largest_name in known else replace(situation, largest_name=None)


def _about_the_company(situation: CompanyContext, policy: Policy) -> Iterator[str]:
    if situation.stopped_days > situation.active_days:
        yield (
            f"The ledger stopped on {day(situation.ledger_ends_on)}, {days(situation.stopped_days)} before: "
            "silences below may be missing orders. Bring it up to date before calling."
        )
    if situation.largest_share is None:
        yield "Nobody bought anything in the last 365 days."
    elif situation.largest_share <= policy.key_enter_share:
        named = f", {situation.largest_name}," if situation.largest_name else ""
        yield (
            f"Nobody brings more than {share(policy.key_enter_share)} of our sales (the largest{named} "
            f"brings {share(situation.largest_share)})"
            + (": the list goes by money." if not situation.key_accounts else ".")
        )
    if situation.active_customers < FEW_ACTIVE:
        active = situation.active_customers
        few = f"Only {counted(active, 'customer')} active" if active else "No customer is active"
        yield f"{few}: too few to prove any ranking. Take the reasons as facts and the order as a hint."
    if situation.is_rule:
        rule = situation.model_version.removeprefix("rule: ")
        yield f"Ranked by a simple rule ({rule}); no model has been shown to do better."
    if situation.model_note:
        yield situation.model_note


def _about_key_accounts(portfolio: Portfolio, policy: Policy, called: Sequence[ScoredCustomer]) -> Iterator[str]:
    keys = portfolio.key_groups
    if keys and not any(customer.is_key_account for customer in called):
        count = "is 1" if keys == 1 else f"are {keys}"
        yield f"No key account here is at risk (there {count}): {'; '.join(_key_accounts_as_they_stand(portfolio))}."
    if portfolio.manager_id is not None and keys > policy.manager_key_limit:
        yield (
            f"{portfolio.title} has {counted(keys, 'key account')}; one manager can care for "
            f"{policy.manager_key_limit}. Hand some over."
        )
    if portfolio.manager_id is None and portfolio.title != EVERYONE and keys:
        yield f"{counted(keys, 'key account')} without a manager: each needs one by name."


def _key_accounts_as_they_stand(portfolio: Portfolio) -> Iterator[str]:
    """Each key account by its branch with most sales, most sales first: how long silent, how often it orders."""
    keys = [customer for customer in portfolio.customers if customer.is_key_account]
    told: set[str] = set()
    for customer in sorted(keys, key=lambda each: (-(each.sales_365_days or 0.0), each.customer_id)):
        if customer.group_id in told:
            continue
        told.add(customer.group_id)
        if len(told) > NAMED_KEY_ACCOUNTS:
            yield "and more"
            return
        silence = "" if customer.silent_days is None else f" silent for {days(customer.silent_days)}"
        rhythm = customer.own_rhythm_days
        usual = "" if rhythm is None else f", usually orders every {days(round(rhythm))}"
        yield f"{customer.called}{silence}{usual}"


def _about_capacity(portfolio: Portfolio, called: Sequence[ScoredCustomer], worth_a_call: int) -> Iterator[str]:
    at_risk = sum(customer.at_risk for customer in portfolio.customers)
    if not at_risk:
        yield "Nobody to call: no customer here is at risk."
    if worth_a_call > len(called):
        most = f"these are the {len(called)} with the most at stake"
        yield f"{worth_a_call:,d} customers at risk are worth a call; {most}."
    if at_risk > worth_a_call:
        yield f"{counted(at_risk - worth_a_call, 'customer')} at risk with nothing to lose: no call."
