"""The demo company: a made-up wholesaler, the same on every machine.

A process makes its customers, not a script: each has a size, a rhythm and a taste; most customers that leave fade
first; some have a weak spell and come back. No customer is set to be at risk by hand. Only a seeded numpy generator
decides, and every draw ends in a whole day, piece or cent, so that the same seed gives the same bytes.
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

from features.ledger.demo.accounts import DemoAccount, Integers, invent_accounts
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
        fates: the truth, in no file: customer_id, arrives_on (null: before the ledger), fading_from_on, leaves_on
            (it never orders from then on; may lie after ``ends_on``), last_order_on (null: a prospect).
        touches: file name → rows: people (rows of customers), contacts, complaints, surveys, payments and events;
            closures are events of no customer.
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
    accounts = invent_accounts(_rng(seed, 0), customers, days)
    goods = goods_of(_rng(seed, 1))
    sold = joined(
        [
            lines_of(_rng(seed, 2, number), number, account, calendar=calendar, goods=goods)
            for number, account in enumerate(accounts)
        ]
    )
    return DemoCompany(
        orders=_orders(_rng(seed, 3), sold, accounts, calendar),
        customers=_customers(accounts, calendar),
        fates=_fates(accounts, sold, calendar),
        touches=interactions_of(_rng(seed, 4), accounts, sold, calendar),
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
    """A stream of its own per purpose and customer, so that the draws of one change no other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, *stream))))


def _orders(
    rng: np.random.Generator, sold: DemoOrderLines, accounts: list[DemoAccount], calendar: Calendar
) -> pa.Table:
    """The order rows known by the last evening: lines, returns, late ones, and corrections as later versions."""
    return_share = np.array([account.return_share for account in accounts])[sold.account]
    returns = returns_of(rng, sold, return_share, days=len(calendar))
    lines = joined([sold, returns])
    known_seconds = _known_seconds(rng, lines)
    is_corrected = (lines.quantity > 1) & (rng.random(len(known_seconds)) < CORRECTED_SHARE * 1.45) & ~_returned(lines)
    corrected = chosen(lines, is_corrected)
    change = np.maximum(np.rint(corrected.quantity * rng.uniform(0.05, 0.4, len(corrected.day))), 1.0).astype(np.int64)
    is_less = (rng.random(len(change)) < 0.6) & (change < corrected.quantity)
    corrected.quantity[:] += np.where(is_less, -change, change)
    later = known_seconds[is_corrected] + DAY_SECONDS * rng.integers(1, 31, len(change))
    later += 60 * rng.integers(0, 600, len(change))
    versions, known_seconds = joined([lines, corrected]), np.concatenate([known_seconds, later])
    is_known = known_seconds < len(calendar) * DAY_SECONDS
    versions, known_seconds = chosen(versions, is_known), known_seconds[is_known]
    order = np.lexsort((versions.line, versions.quantity < 0, versions.account, known_seconds))
    return _order_table(chosen(versions, order), known_seconds[order], accounts, calendar)


def _known_seconds(rng: np.random.Generator, lines: DemoOrderLines) -> Integers:
    """When each line became known, in seconds since the ledger's first midnight; alike for an order's lines."""
    keys, order = np.unique(_order_key(lines, lines.day), return_inverse=True)
    late = rng.random(len(keys)) < LATE_SHARE
    wait = np.where(late, DAY_SECONDS * rng.integers(1, 30, len(late)), 0) + 60 * rng.integers(1, 240, len(late))
    return np.asarray(lines.day * DAY_SECONDS + lines.minute * 60 + wait[order], dtype=np.int64)


def _order_key(lines: DemoOrderLines, day: Integers) -> Integers:
    return np.asarray(lines.account * 100_000 + day, dtype=np.int64)


def _returned(lines: DemoOrderLines) -> npt.NDArray[np.bool_]:
    """Whether each line is a return or has one; such lines are never corrected, so that no return exceeds its line."""
    key = _order_key(lines, lines.order_day) * 1_000 + lines.line
    return np.isin(key, key[lines.quantity < 0])


def _order_table(
    lines: DemoOrderLines, known_seconds: Integers, accounts: list[DemoAccount], calendar: Calendar
) -> pa.Table:
    gross = lines.quantity * lines.price_cents
    discount = np.sign(gross) * (np.abs(gross) * lines.discount_percent // 100)
    _, order = np.unique(lines.order_day * 100_000 + lines.account, return_inverse=True)
    kind = [category.name for category in CATEGORIES]
    goods = [f"{c.code}-{number + 1:02d}" for c in CATEGORIES for number in range(PRODUCTS_PER_CATEGORY)]
    owner = [accounts[number] for number in lines.account]
    return pa.table(
        {
            "customer_id": [account.customer_id for account in owner],
            "ordered_at": instants_of(lines.day * DAY_SECONDS + lines.minute * 60, calendar),
            "amount": money_of(gross - discount),
            "order_id": [f"{DEMO_ID_PREFIX}{number + 1:06d}" for number in order],
            "line_id": [
                f"{line}R" if is_return else str(line)
                for line, is_return in zip(lines.line, lines.quantity < 0, strict=True)
            ],
            "product_id": [goods[product] for product in lines.product],
            "category": [kind[product // PRODUCTS_PER_CATEGORY] for product in lines.product],
            "quantity": pa.array(lines.quantity),
            "unit_price": money_of(lines.price_cents),
            "cost": money_of(lines.quantity * lines.cost_cents),
            "discount": money_of(discount),
            "currency": [DEMO_CURRENCY] * len(known_seconds),
            "department": [account.department for account in owner],
            "manager_id": [account.manager_id for account in owner],
            "promised_on": days_of(lines.promised, calendar),
            "delivered_on": days_of(lines.delivered, calendar),
            "known_at": instants_of(known_seconds, calendar),
        }
    )


def _customers(accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    columns = ("customer_id", "name", "parent_id", "department", "manager_id")
    table = pa.table({name: pa.array([getattr(a, name) for a in accounts], pa.string()) for name in columns})
    return table.append_column("known_at", instants_of(np.zeros(len(accounts), np.int64), calendar))


def _fates(accounts: list[DemoAccount], sold: DemoOrderLines, calendar: Calendar) -> pa.Table:
    last = np.full(len(accounts), NO_DAY)
    np.maximum.at(last, sold.account, sold.day)
    return pa.table(
        {
            "customer_id": [account.customer_id for account in accounts],
            "arrives_on": days_of(np.array([account.arrives for account in accounts]), calendar),
            "fading_from_on": days_of(np.array([max(account.fades_from, 0) for account in accounts]), calendar),
            "leaves_on": days_of(np.array([account.leaves for account in accounts]), calendar),
            "last_order_on": days_of(last, calendar),
        }
    )
