"""Portfolios: the customers of each manager, and the ids of their lists."""

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
    """One customer as the lists see it, as of their day; null where unknown.

    Attributes:
        is_key_for_manager: key by its share of the manager's own sales; counts for that manager's list only.
        own_rhythm_days: its median gap, from two gaps on.
        last_contact_on: business day of the newest contact, whoever began it.
        open_complaints: null also where the ledger holds no complaint of any customer.
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
        """The customer of a row that has a value under each attribute's name."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @property
    def called(self) -> str:
        """The name, or the id where the ledger has no name."""
        return self.name or self.customer_id


@dataclass(frozen=True)
class Portfolio:
    """The customers of one manager, those without a manager, or all where the ledger names no managers."""

    list_id: str
    title: str
    manager_id: str | None
    customers: tuple[ScoredCustomer, ...]

    @property
    def key_groups(self) -> int:
        """The number of key accounts, branches under one parent counted once."""
        return len({customer.group_id for customer in self.customers if customer.is_key_account})


def portfolios_of(customers: Iterable[ScoredCustomer]) -> tuple[Portfolio, ...]:
    """A portfolio per manager, by manager id, then one of customers without a manager; one for all if none has any."""
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
    """A unique name per list, safe as a file name and in an address.

    Lower-case letters, digits and hyphens; where that leaves nothing, a reserved name, or two managers with one name,
    a piece of the id's SHA-256 follows.
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
    """The first customers of a ranking, as many as one manager can call."""
    return tuple(ranked[:lines])
