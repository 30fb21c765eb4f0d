"""The call lists: per manager, which customers to call today, in which order and why (docs/domain.md 17)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from features.policy import Policy
from serving.decisions.list_notes import CompanyContext, notes_of
from serving.decisions.portfolios import Portfolio, ScoredCustomer, portfolios_of, within_capacity


class Section(StrEnum):
    """The section of a list that a line stands in."""

    KEY_ACCOUNTS = "key accounts"
    CUSTOMERS = "customers"
    NEWCOMERS = "newcomers"


NEWCOMER_QUESTION = "New customers: how did the first order go, and what would bring the next one?"


@dataclass(frozen=True)
class CallLine:
    """One call to make; the fields are the columns of the call list, in its order (``play`` is not made yet: null)."""

    rank: int
    customer_id: str
    name: str | None
    is_key_account: bool
    at_risk_because: str | None
    reasons: str | None
    value_at_risk: float | None
    sales_365_days: float | None
    last_order_on: date | None
    own_rhythm_days: int | None
    silent_days: int | None
    play: str | None
    contact_person: str | None
    last_contact_on: date | None
    last_words: str | None
    open_complaints: int | None
    language: str | None


LIST_COLUMNS: tuple[str, ...] = tuple(column.name for column in fields(CallLine))


@dataclass(frozen=True)
class CallList:
    """One manager's calls of one day.

    Attributes:
        list_id: safe as a file name and in an address; unique among the lists of a day.
        title: the manager, "everyone" or "without a manager".
        lines: by rank; newcomers last.
        sections: the section of each line.
        notes: plain sentences on what the list shows and how far to trust it.
    """

    list_id: str
    title: str
    manager_id: str | None
    lines: tuple[CallLine, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


def call_lists(customers: Iterable[ScoredCustomer], company: CompanyContext, policy: Policy) -> tuple[CallList, ...]:
    """A list per manager: at-risk key accounts first, then other at-risk customers, each by value at risk.

    The list holds the first of that ranking, as many as the policy gives a manager; newcomers among them (unless key
    accounts) are shown after the others, under a question of their own. A customer with a value at risk of 0 or less
    gets no call unless it is a key account. Ties are ordered by customer_id.
    """
    return tuple(_list_of(portfolio, company, policy) for portfolio in portfolios_of(customers))


def ranked(customers: Iterable[ScoredCustomer]) -> list[ScoredCustomer]:
    """The customers worth a call, first call first."""
    worth = [customer for customer in customers if customer.at_risk and _is_worth_a_call(customer)]
    return sorted(worth, key=lambda customer: (not _is_key(customer), *_by_money(customer)))


def section_of(customer: ScoredCustomer) -> Section:
    """The section of the list that the customer stands in."""
    if _is_key(customer):
        return Section.KEY_ACCOUNTS
    return Section.NEWCOMERS if customer.is_newcomer else Section.CUSTOMERS


def _is_key(customer: ScoredCustomer) -> bool:
    return customer.is_key_account or customer.is_key_for_manager


def _is_worth_a_call(customer: ScoredCustomer) -> bool:
    return _is_key(customer) or customer.value_at_risk is None or customer.value_at_risk > 0


def _by_money(customer: ScoredCustomer) -> tuple[float, str]:
    value = customer.value_at_risk
    return (math.inf if value is None else -value, customer.customer_id)


def _list_of(portfolio: Portfolio, company: CompanyContext, policy: Policy) -> CallList:
    worth = ranked(portfolio.customers)
    chosen = within_capacity(worth, policy.lines_per_manager)
    shown = sorted(chosen, key=lambda customer: section_of(customer) is Section.NEWCOMERS)
    return CallList(
        portfolio.list_id,
        portfolio.title,
        portfolio.manager_id,
        lines=tuple(_line(rank, customer) for rank, customer in enumerate(shown, start=1)),
        sections=tuple(section_of(customer) for customer in shown),
        notes=notes_of(portfolio, company, policy, called=chosen, worth_a_call=len(worth)),
    )


def _line(rank: int, customer: ScoredCustomer) -> CallLine:
    return CallLine(
        rank=rank,
        customer_id=customer.customer_id,
        name=customer.name,
        is_key_account=customer.is_key_account,
        at_risk_because=customer.at_risk_because,
        reasons=customer.reasons,
        value_at_risk=_cents(customer.value_at_risk),
        sales_365_days=_cents(customer.sales_365_days),
        last_order_on=customer.last_order_on,
        own_rhythm_days=None if customer.own_rhythm_days is None else round(customer.own_rhythm_days),
        silent_days=customer.silent_days,
        play=None,
        contact_person=customer.contact_person,
        last_contact_on=customer.last_contact_on,
        last_words=customer.last_words,
        open_complaints=customer.open_complaints,
        language=customer.language,
    )


def _cents(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 2)
