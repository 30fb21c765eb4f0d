"""Notes on a call list, in plain sentences: what ranks it, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from features.policy import Policy
from serving.decisions.portfolios import EVERYONE, Portfolio, ScoredCustomer
from serving.decisions.wording import counted, day, days, share

FEW_ACTIVE = 50
"""With fewer active customers, one good or bad list proves nothing (docs/design.md 6)."""

NAMED_KEY_ACCOUNTS = 5
"""At most so many key accounts that are not at risk are named in a note."""


@dataclass(frozen=True)
class CompanyContext:
    """Facts about the whole company at the as-of.

    Attributes:
        active_customers: customers in population "active".
        key_accounts: account groups that are key by any criterion.
        largest_name: the account group with most net sales of 365 days; null: no sales, or not to be named.
        largest_share: the group's share of those sales; null: no sales.
        model_version: the name of the served model or rule.
        is_rule: a simple rule is served, not a model.
        model_note: the bundle's sentence on how well it is proven; empty: none.
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
        """Days between the ledger's last day and the day of the as-of; 0 where the ledger reaches up to it."""
        return max(0, (self.as_of_day - self.ledger_ends_on).days - 1)


def notes_of(
    portfolio: Portfolio,
    company: CompanyContext,
    policy: Policy,
    *,
    called: Sequence[ScoredCustomer],
    worth_a_call: int,
) -> tuple[str, ...]:
    """The notes above a list, most important first."""
    return (
        *company_notes(_as_shown_to(portfolio, company), policy),
        *_about_key_accounts(portfolio, policy, called),
        *_about_capacity(portfolio, called, worth_a_call),
    )


def company_notes(company: CompanyContext, policy: Policy) -> tuple[str, ...]:
    """The notes on every list of the day: an old ledger, the largest account, too few customers, what ranks."""
    return tuple(_about_the_company(company, policy))


def _as_shown_to(portfolio: Portfolio, company: CompanyContext) -> CompanyContext:
    """The company without the largest account's name, unless the account is in the portfolio."""
    known = {name for customer in portfolio.customers for name in (customer.called, customer.group_id)}
    return company if company.largest_name in known else replace(company, largest_name=None)


def _about_the_company(company: CompanyContext, policy: Policy) -> Iterator[str]:
    if company.stopped_days > company.active_days:
        yield (
            f"The ledger stopped on {day(company.ledger_ends_on)}, {days(company.stopped_days)} before: "
            "silences below may be missing orders. Update the ledger before calling."
        )
    if company.largest_share is None:
        yield "No customer bought anything in the last 365 days."
    elif company.largest_share <= policy.key_enter_share:
        named = f", {company.largest_name}," if company.largest_name else ""
        yield (
            f"Nobody brings more than {share(policy.key_enter_share)} of our sales (the largest{named} "
            f"brings {share(company.largest_share)})"
            + (", so the list is sorted by money." if not company.key_accounts else ".")
        )
    if company.active_customers < FEW_ACTIVE:
        active = company.active_customers
        few = f"Only {counted(active, 'customer')} active" if active else "No customer is active"
        yield f"{few}: too few to prove any ranking. The reasons are facts; the order is only a hint."
    if company.is_rule:
        rule = company.model_version.removeprefix("rule: ")
        yield f"Ranked by a simple rule ({rule}); no model has proved better."
    if company.model_note:
        yield company.model_note


def _about_key_accounts(portfolio: Portfolio, policy: Policy, called: Sequence[ScoredCustomer]) -> Iterator[str]:
    keys = portfolio.key_groups
    if keys and not any(customer.is_key_account for customer in called):
        count = "is 1" if keys == 1 else f"are {keys}"
        yield f"No key account here is at risk (there {count}): {'; '.join(_key_account_phrases(portfolio))}."
    if portfolio.manager_id is not None and keys > policy.manager_key_limit:
        yield (
            f"{portfolio.title} has {counted(keys, 'key account')}; one manager can care for "
            f"{policy.manager_key_limit}. Hand some over."
        )
    if portfolio.manager_id is None and portfolio.title != EVERYONE and keys:
        yield f"{counted(keys, 'key account')} without a manager: each needs one by name."


def _key_account_phrases(portfolio: Portfolio) -> Iterator[str]:
    """A phrase per key account, by its branch with most sales, most sales first: its silence and its rhythm."""
    keys = [customer for customer in portfolio.customers if customer.is_key_account]
    named_groups: set[str] = set()
    for customer in sorted(keys, key=lambda key: (-(key.sales_365_days or 0.0), key.customer_id)):
        if customer.group_id in named_groups:
            continue
        named_groups.add(customer.group_id)
        if len(named_groups) > NAMED_KEY_ACCOUNTS:
            yield "and more"
            return
        silence = "" if customer.silent_days is None else f" silent for {days(customer.silent_days)}"
        rhythm = customer.own_rhythm_days
        usual = "" if rhythm is None else f", usually orders every {days(round(rhythm))}"
        yield f"{customer.called}{silence}{usual}"


def _about_capacity(portfolio: Portfolio, called: Sequence[ScoredCustomer], worth_a_call: int) -> Iterator[str]:
    at_risk = sum(customer.at_risk for customer in portfolio.customers)
    if not at_risk:
        yield "No calls today: no customer here is at risk."
    if worth_a_call > len(called):
        most = f"these are the {len(called)} with the most at stake"
        yield f"{worth_a_call:,d} customers at risk are worth a call; {most}."
    if at_risk > worth_a_call:
        yield f"{counted(at_risk - worth_a_call, 'customer')} at risk with nothing to lose: no call."
