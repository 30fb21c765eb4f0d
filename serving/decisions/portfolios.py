"""Whose customer is whose, how many calls fit in a day, and who cares for too many key accounts."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

EVERYONE = "everyone"
WITHOUT_MANAGER = "without a manager"
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")
"""File names that Windows keeps for itself."""


@dataclass(frozen=True)
class ScoredCustomer:
    """What a list needs to know of one customer as of its day; null where unknown.

    Attributes:
        is_key_for_manager: key by its share of its manager's own sales; counts for that manager's order alone.
        own_rhythm_days: its median gap, from two gaps on.
        last_contact_on: business day of the newest contact, whoever or whatever began it.
        open_complaints: null also where no complaint of anybody is on record.
    """

    customer_id: str
    name: str | None
    group_id: str
    manager_id: str | None
    population: str
    is_newcomer: bool
    is_key_account: bool
    is_key_for_manager: bool
    at_risk: bool
    at_risk_because: str | None
    reasons: str | None
    value_at_risk: float | None
    sales_365_days: float | None
    last_order_on: date | None
    own_rhythm_days: float | None
    silent_days: int | None
    contact_person: str | None
    last_contact_on: date | None
    last_words: str | None
    open_complaints: int | None
    language: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ScoredCustomer:
        """The customer in a row that carries a value under each attribute's name."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @property
    def called(self) -> str:
        """Its name, or its id where the ledger names none."""
        return self.name or self.customer_id


@dataclass(frozen=True)
class Portfolio:
    """The customers of one manager, or of nobody, or of everyone where the ledger names no managers."""

    list_id: str
    title: str
    manager_id: str | None
    customers: tuple[ScoredCustomer, ...]

    @property
    def key_groups(self) -> int:
        """Key accounts in it, branches under one parent counted once."""
        return len({customer.group_id for customer in self.customers if customer.is_key_account})


def portfolios_of(customers: Iterable[ScoredCustomer]) -> tuple[Portfolio, ...]:
    """Everybody's customers, by manager id; those without a manager last; one for everyone where there are none."""
    by_manager: dict[str | None, list[ScoredCustomer]] = {}
    for customer in customers:
        by_manager.setdefault(customer.manager_id or None, []).append(customer)
    managers: list[str | None] = [*sorted(manager for manager in by_manager if manager is not None)]
    if not managers:
        return (Portfolio(EVERYONE, EVERYONE, None, tuple(by_manager.get(None, ()))),)
    if None in by_manager:
        managers.append(None)
    ids = list_ids(managers)
    return tuple(
        Portfolio(ids[manager], manager or WITHOUT_MANAGER, manager, tuple(by_manager[manager])) for manager in managers
    )


def list_ids(managers: Sequence[str | None]) -> dict[str | None, str]:
    """A name per list that is safe as a file name and in an address, and no two alike.

    Letters, digits and hyphens in lower case; where that would leave nothing, or two managers alike, a piece of
    the id's SHA-256 follows.
    """
    plain = {manager: _plain(manager or WITHOUT_MANAGER) for manager in managers}
    names = list(plain.values())
    return {
        manager: name
        if manager is None or (name and names.count(name) == 1 and not RESERVED.fullmatch(name))
        else f"{name or 'manager'}-{hashlib.sha256(manager.encode('utf-8', 'replace')).hexdigest()[:10]}"
        for manager, name in plain.items()
    }


def _plain(title: str) -> str:
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:60]


def within_capacity(ranked: Sequence[ScoredCustomer], lines: int) -> tuple[ScoredCustomer, ...]:
    """The first of a ranking that one manager can call."""
    return tuple(ranked[:lines])
