"""The demo company: a wholesaler nobody knows, made up alike on every machine.

Its customers live by a process, not by a script: each has a size, a rhythm and a taste, most of those who leave
fade first, some only have a weak spell and come back. Nobody is set to be at risk by hand. Only a seeded numpy
generator decides, and every draw ends in a whole day, piece or cent, so that the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from features.ledger.demo.accounts import DemoAccount, Integers, accounts
from features.ledger.demo.interactions import interactions_of
from features.ledger.demo.orders import (
    NO_DAY,
    Calendar,
    DemoOrderLines,
    calendar_of,
    chosen,
    goods_of,
    joined,
    lines_of,
    returns_of,
)
from features.ledger.demo.tables import DAY_SECONDS, DEMO_ID_PREFIX, days_of, instants_of, money_of
from features.ledger.demo.vocabulary import CATEGORIES, PRODUCTS_PER_CATEGORY
from features.ledger.errors import LedgerError

DEMO_CURRENCY = "EUR"
LEAST_CUSTOMERS = 40
LATE_SHARE = 0.02  # of orders: known 1 to 30 days after they happened
CORRECTED_SHARE = 0.01  # of lines: a second version with another quantity


class DemoCompanyError(LedgerError):
    """A demo company that cannot be made up."""

    def __init__(self, customers: int, years: int, seed: int) -> None:
        super().__init__(
            f"Cannot invent a company of {customers} customers over {years} years from seed {seed}.",
            f"Ask for at least {LEAST_CUSTOMERS} customers, at least one year, and a seed of at least 0.",
        )


@dataclass(frozen=True)
class DemoCompany:
    """A made-up company's ledger as its files would hold it on the evening of ``ends_on``.

    Attributes:
        orders: the contract's order columns, one row per version of a line, by known_at; ``delivered_on`` stands on
            the row from the first, as exports of a warehouse system have it.
        customers: customer_id, name, parent_id (the group's first branch; null for itself), department, manager_id,
            known_at (the ledger's first midnight).
        fates: the truth nobody sees: customer_id, arrives_on (null: before the ledger), fading_from_on, leaves_on
            (it never orders from then on; may lie after ``ends_on``), last_order_on (null: a prospect).
        touches: file name → rows of what passes between the customers and us: people (rows of customers), contacts,
            complaints, surveys, payments and events; closures are events of no customer.
    """

    orders: pa.Table
    customers: pa.Table
    fates: pa.Table
    touches: Mapping[str, pa.Table]
    starts_on: date
    ends_on: date


def is_made_up(customer_id: str) -> bool:
    """Whether the customer is the demo company's, so that a page can say so."""
    return customer_id.startswith(DEMO_ID_PREFIX)


def invent_company(*, ends_on: date, seed: int = 7, customers: int = 600, years: int = 4) -> DemoCompany:
    """A wholesaler of ``customers`` (its prospects and former customers counted) over ``years`` up to ``ends_on``.

    Raises:
        DemoCompanyError: too few customers or years, or a seed below 0.
    """
    if customers < LEAST_CUSTOMERS or years < 1 or seed < 0:
        raise DemoCompanyError(customers, years, seed)
    days = 365 * years + years // 4
    calendar = calendar_of(ends_on - timedelta(days=days - 1), days)
    people = accounts(_rng(seed, 0), customers, days)
    goods = goods_of(_rng(seed, 1))
    sold = joined(
        [
            lines_of(_rng(seed, 2, number), number, account, calendar=calendar, goods=goods)
            for number, account in enumerate(people)
        ]
    )
    return DemoCompany(
        orders=_orders(_rng(seed, 3), sold, people, calendar),
        customers=_customers(people, calendar),
        fates=_fates(people, sold, calendar),
        touches=interactions_of(_rng(seed, 4), people, sold, calendar),
        starts_on=calendar.starts_on,
        ends_on=ends_on,
    )


def write_demo(folder: Path, *, seed: int, customers: int, ends_on: date) -> dict[str, Path]:
    """The demo company's CSV files by name (customers, orders, people …), in ``folder``, made where it is missing."""
    company = invent_company(seed=seed, customers=customers, ends_on=ends_on)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"customers": company.customers, "orders": company.orders, **company.touches}
    for name, table in tables.items():
        pyarrow.csv.write_csv(table, folder / f"{name}.csv")
    return {name: folder / f"{name}.csv" for name in tables}


def _rng(seed: int, *stream: int) -> np.random.Generator:
    """A stream of its own per purpose and customer: what one draws moves no other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, *stream))))


def _orders(rng: np.random.Generator, sold: DemoOrderLines, people: list[DemoAccount], calendar: Calendar) -> pa.Table:
    """The order rows known by the last evening: lines, returns, late ones, and corrections as later versions."""
    return_share = np.array([account.return_share for account in people])[sold.account]
    back = returns_of(rng, sold, return_share, days=len(calendar))
    lines = joined([sold, back])
    known = _known_seconds(rng, lines)
    fixed = (lines.quantity > 1) & (rng.random(len(known)) < CORRECTED_SHARE * 1.45) & ~_returned(lines)
    corrected = chosen(lines, fixed)
    by = np.maximum(np.rint(corrected.quantity * rng.uniform(0.05, 0.4, len(corrected.day))), 1.0).astype(np.int64)
    less = (rng.random(len(by)) < 0.6) & (by < corrected.quantity)
    corrected.quantity[:] += np.where(less, -by, by)
    later = known[fixed] + DAY_SECONDS * rng.integers(1, 31, len(by)) + 60 * rng.integers(0, 600, len(by))
    every, known = joined([lines, corrected]), np.concatenate([known, later])
    is_known = known < len(calendar) * DAY_SECONDS
    every, known = chosen(every, is_known), known[is_known]
    order = np.lexsort((every.line, every.quantity < 0, every.account, known))
    return _order_table(chosen(every, order), known[order], people, calendar)


def _known_seconds(rng: np.random.Generator, lines: DemoOrderLines) -> Integers:
    """When each line became known, in seconds since the ledger's first midnight; alike for an order's lines."""
    of_order, order = np.unique(_order_key(lines, lines.day), return_inverse=True)
    late = rng.random(len(of_order)) < LATE_SHARE
    wait = np.where(late, DAY_SECONDS * rng.integers(1, 30, len(late)), 0) + 60 * rng.integers(1, 240, len(late))
    return np.asarray(lines.day * DAY_SECONDS + lines.minute * 60 + wait[order], dtype=np.int64)


def _order_key(lines: DemoOrderLines, day: Integers) -> Integers:
    return np.asarray(lines.account * 100_000 + day, dtype=np.int64)


def _returned(lines: DemoOrderLines) -> npt.NDArray[np.bool_]:
    """Lines that are returns or have one; those are never corrected, so that no return exceeds its line."""
    key = _order_key(lines, lines.order_day) * 1_000 + lines.line
    return np.isin(key, key[lines.quantity < 0])


def _order_table(lines: DemoOrderLines, known: Integers, people: list[DemoAccount], calendar: Calendar) -> pa.Table:
    gross = lines.quantity * lines.price_cents
    discount = np.sign(gross) * (np.abs(gross) * lines.discount_percent // 100)
    _, order = np.unique(lines.order_day * 100_000 + lines.account, return_inverse=True)
    kind = [category.name for category in CATEGORIES]
    goods = [f"{c.code}-{number + 1:02d}" for c in CATEGORIES for number in range(PRODUCTS_PER_CATEGORY)]
    owner = [people[number] for number in lines.account]
    return pa.table(
        {
            "customer_id": [account.customer_id for account in owner],
            "ordered_at": instants_of(lines.day * DAY_SECONDS + lines.minute * 60, calendar),
            "amount": money_of(gross - discount),
            "order_id": [f"{DEMO_ID_PREFIX}{number + 1:06d}" for number in order],
            "line_id": [f"{n}R" if back else str(n) for n, back in zip(lines.line, lines.quantity < 0, strict=True)],
            "product_id": [goods[product] for product in lines.product],
            "category": [kind[product // PRODUCTS_PER_CATEGORY] for product in lines.product],
            "quantity": pa.array(lines.quantity),
            "unit_price": money_of(lines.price_cents),
            "cost": money_of(lines.quantity * lines.cost_cents),
            "discount": money_of(discount),
            "currency": [DEMO_CURRENCY] * len(known),
            "department": [account.department for account in owner],
            "manager_id": [account.manager_id for account in owner],
            "promised_on": days_of(lines.promised, calendar),
            "delivered_on": days_of(lines.delivered, calendar),
            "known_at": instants_of(known, calendar),
        }
    )


def _customers(people: list[DemoAccount], calendar: Calendar) -> pa.Table:
    columns = ("customer_id", "name", "parent_id", "department", "manager_id")
    people_table = pa.table({name: pa.array([getattr(a, name) for a in people], pa.string()) for name in columns})
    return people_table.append_column("known_at", instants_of(np.zeros(len(people), np.int64), calendar))


def _fates(people: list[DemoAccount], sold: DemoOrderLines, calendar: Calendar) -> pa.Table:
    last = np.full(len(people), NO_DAY)
    np.maximum.at(last, sold.account, sold.day)
    return pa.table(
        {
            "customer_id": [account.customer_id for account in people],
            "arrives_on": days_of(np.array([account.arrives for account in people]), calendar),
            "fading_from_on": days_of(np.array([max(account.fades_from, 0) for account in people]), calendar),
            "leaves_on": days_of(np.array([account.leaves for account in people]), calendar),
            "last_order_on": days_of(last, calendar),
        }
    )
