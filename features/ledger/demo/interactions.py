"""Contacts, complaints, surveys, payments, people and events of the demo company.

They follow from the state of each customer: late deliveries bring complaints; a fading customer pays later, scores
lower and often had no contact from us before. Every draw ends in a whole day or cent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.ledger.demo.accounts import DemoAccount, Integers
from features.ledger.demo.orders import NO_DAY, Calendar, DemoOrderLines
from features.ledger.demo.tables import DAY_SECONDS, DEMO_ID_PREFIX, days_of, instants_of, money_of
from features.ledger.demo.vocabulary import FIRST_WORDS, SECOND_WORDS

Flags = npt.NDArray[np.bool_]

OUR_SHARE = 0.7  # of contacts
CHANNELS = ("call", "call", "mail", "mail", "visit", "message")
LEFT_ALONE_DAYS = (120, 300)
COMPLAINT_CHANCE, LATE_COMPLAINT_CHANCE = 0.008, 0.12  # of an order; of one that came late
NEVER_CLOSED_SHARE = 0.03
SURVEY_CHANCE = 0.03
DUE_DAYS = 30
NEVER_PAID_SHARE = 0.002
CHANGES = (("buyer_changed", 0.09), ("owner_changed", 0.02), ("supplier_added", 0.05))  # a year
LEVELS = (("purchasing", "buyer"), ("managing director", "owner"), ("accounts", "accountant"), ("operations", "head"))


@dataclass(frozen=True)
class _Orders:
    """One entry per order: account, day, money in cents, days promised and delivered, whether the account fades."""

    account: Integers
    day: Integers
    cents: Integers
    promised: Integers
    delivered: Integers
    fades: Flags

    def __len__(self) -> int:
        return len(self.day)


def interactions_of(
    rng: np.random.Generator, accounts: list[DemoAccount], sold: DemoOrderLines, calendar: Calendar
) -> dict[str, pa.Table]:
    """File name → rows known by the ledger's last evening."""
    orders = _orders_of(sold, accounts)
    return {
        "people": _people(rng, accounts, calendar),
        "contacts": _contacts(rng, accounts, calendar),
        "complaints": _complaints(rng, orders, accounts, calendar),
        "surveys": _surveys(rng, orders, accounts, calendar),
        "payments": _payments(rng, orders, accounts, calendar),
        "events": _events(rng, accounts, calendar),
    }


def _orders_of(sold: DemoOrderLines, accounts: list[DemoAccount]) -> _Orders:
    gross = sold.quantity * sold.price_cents
    cents = gross - gross * sold.discount_percent // 100
    _, first, order = np.unique(sold.account * 100_000 + sold.order_day, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), np.int64)
    np.add.at(sums, order, cents)
    account, day = sold.account[first], sold.order_day[first]
    fades_from = np.array([item.fades_from for item in accounts], dtype=np.int64)[account]
    return _Orders(account, day, sums, sold.promised[first], sold.delivered[first], day >= fades_from)


def _people(rng: np.random.Generator, accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    counts = rng.integers(1, 5, len(accounts))
    owner = np.repeat(np.arange(len(accounts)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = rng.integers(0, len(FIRST_WORDS), len(owner))
    second = (rng.integers(0, len(SECOND_WORDS), len(accounts))[owner] + place) % len(SECOND_WORDS)  # no two alike
    since = np.zeros(len(owner), np.int64)
    return pa.table(
        {
            "customer_id": [accounts[number].customer_id for number in owner],
            "person": [
                f"{FIRST_WORDS[word]} {SECOND_WORDS[next_word]}" for word, next_word in zip(first, second, strict=True)
            ],
            "person_role": [LEVELS[number][0] for number in place],
            "person_level": [LEVELS[number][1] for number in place],
            "known_at": instants_of(since, calendar),
        }
    )


def _contacts(rng: np.random.Generator, accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    contact_days = [_contact_days(rng, account, len(calendar)) for account in accounts]
    owner = np.repeat(np.arange(len(accounts)), [len(days) for days, _ in contact_days])
    day, by_us = (np.concatenate([item[part] for item in contact_days]) for part in (0, 1))
    seconds = day * DAY_SECONDS + 60 * rng.integers(8 * 60, 17 * 60, len(day))
    channel = rng.integers(0, len(CHANNELS), len(day))
    order = np.lexsort((owner, seconds))
    return pa.table(
        {
            "contact_id": [f"{DEMO_ID_PREFIX}T{number + 1:06d}" for number in range(len(order))],
            "customer_id": [accounts[number].customer_id for number in owner[order]],
            "contacted_at": instants_of(seconds[order], calendar),
            "channel": [CHANNELS[number] for number in channel[order]],
            "began_by": ["us" if ours else "customer" for ours in by_us[order]],
            "manager_id": [accounts[number].manager_id for number in owner[order]],
            "known_at": instants_of(seconds[order] + 300, calendar),
        }
    )


def _contact_days(rng: np.random.Generator, account: DemoAccount, days: int) -> tuple[Integers, Flags]:
    """Days of contact and whether we began it; we begin none while the manager leaves the customer alone."""
    usual = int(rng.integers(20, 120))
    day = np.cumsum(rng.integers(1, 2 * usual, days // usual * 2 + 8))
    by_us = rng.random(len(day)) < OUR_SHARE
    fades_soon = account.fades_from < min(account.leaves, days) and rng.random() < 0.5
    alone_from = max(account.fades_from, 60) - 60 if fades_soon else int(rng.integers(0, 3 * days))
    alone = (day >= alone_from) & (day < alone_from + int(rng.integers(*LEFT_ALONE_DAYS)))
    gone = (day >= account.fades_from) & (rng.random(len(day)) < 0.5)
    stays = (day >= account.arrives - 60) & (day < min(account.leaves + 200, days)) & ~np.where(by_us, alone, gone)
    return day[stays].astype(np.int64), by_us[stays]


def _complaints(rng: np.random.Generator, orders: _Orders, accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    came = orders.delivered != NO_DAY
    late = came & (orders.delivered > orders.promised)
    chosen = came & (rng.random(len(orders)) < np.where(late, LATE_COMPLAINT_CHANCE, COMPLAINT_CHANCE))
    count = int(chosen.sum())
    day = orders.delivered[chosen] + rng.integers(0, 4, count)
    kind = np.where(late[chosen], 0, rng.integers(1, 4, count))
    opened = day * DAY_SECONDS + 60 * rng.integers(8 * 60, 17 * 60, count)
    answered = opened + DAY_SECONDS * rng.integers(0, 9, count) + 3_600
    closed = answered + DAY_SECONDS * rng.integers(0, 21, count) + 3_600
    closed = np.where(rng.random(count) < NEVER_CLOSED_SHARE, NO_DAY, closed)
    end = len(calendar) * DAY_SECONDS
    rows = np.flatnonzero(opened < end)
    rows = rows[np.argsort(opened[rows], kind="stable")]
    owner = orders.account[chosen][rows]
    return pa.table(
        {
            "complaint_id": [f"{DEMO_ID_PREFIX}C{number + 1:05d}" for number in range(len(rows))],
            "customer_id": [accounts[number].customer_id for number in owner],
            "complaint_kind": [("late", "damaged", "wrong goods", "invoice")[number] for number in kind[rows]],
            "opened_at": instants_of(opened[rows], calendar),
            "answered_at": instants_of(np.where(answered < end, answered, NO_DAY)[rows], calendar),
            "closed_at": instants_of(np.where(closed < end, closed, NO_DAY)[rows], calendar),
            "known_at": instants_of(opened[rows], calendar),
        }
    )


def _surveys(rng: np.random.Generator, orders: _Orders, accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    chosen = rng.random(len(orders)) < SURVEY_CHANCE
    count = int(chosen.sum())
    day = orders.day[chosen] + rng.integers(10, 25, count)
    late = orders.delivered[chosen] > orders.promised[chosen]
    score = rng.integers(6, 11, count) - 3 * late - orders.fades[chosen] * rng.integers(0, 4, count)
    rows = np.flatnonzero(day < len(calendar))
    seconds = day[rows] * DAY_SECONDS + 60 * rng.integers(8 * 60, 20 * 60, len(rows))
    return pa.table(
        {
            "customer_id": [accounts[number].customer_id for number in orders.account[chosen][rows]],
            "answered_at": instants_of(seconds, calendar),
            "score": pa.array(score[rows], pa.int64()),
            "score_max": pa.array(np.full(len(rows), 10), pa.int64()),
            "known_at": instants_of(seconds, calendar),
        }
    )


def _payments(rng: np.random.Generator, orders: _Orders, accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    """An invoice per order, the day after it."""
    patience = rng.integers(0, 30, len(accounts))[orders.account]  # per cent of the invoices that are paid late
    invoiced, count = orders.day + 1, len(orders)
    late = rng.integers(0, 100, count) < patience + 25 * orders.fades
    paid = invoiced + DUE_DAYS + np.where(late, rng.integers(1, 40, count), -rng.integers(0, 20, count))
    paid = np.where(rng.random(count) < NEVER_PAID_SHARE, NO_DAY, paid)
    rows = np.flatnonzero(invoiced < len(calendar))
    rows = rows[np.argsort(invoiced[rows], kind="stable")]
    seconds = invoiced[rows] * DAY_SECONDS + 8 * 3_600
    return pa.table(
        {
            "payment_id": [f"{DEMO_ID_PREFIX}R{number + 1:06d}" for number in range(len(rows))],
            "customer_id": [accounts[number].customer_id for number in orders.account[rows]],
            "invoiced_at": instants_of(seconds, calendar),
            "due_on": days_of(invoiced[rows] + DUE_DAYS, calendar),
            "paid_on": days_of(np.where(paid < len(calendar), paid, NO_DAY)[rows], calendar),
            "amount": money_of(orders.cents[rows]),
            "known_at": instants_of(seconds, calendar),
        }
    )


def _events(rng: np.random.Generator, accounts: list[DemoAccount], calendar: Calendar) -> pa.Table:
    """Changes at customers, and our own closed days with the first day after them."""
    rows: list[tuple[int, int, str, str | None]] = []
    for account in accounts:
        begin, end = max(account.arrives, 0), min(account.leaves, len(calendar))
        for event, a_year in CHANGES:
            for day in rng.integers(0, len(calendar), int(rng.poisson(a_year * len(calendar) / 365))).tolist():
                if begin <= day < end:
                    rows.append((day, NO_DAY.item(), event, account.customer_id))
    closed = calendar.openness == 0
    for day in np.flatnonzero(closed).tolist():
        first = day == 0 or not closed[day - 1]
        until = day + int(np.argmin(closed[day:])) if not closed[day:].all() else len(calendar)
        if first and until - day > 2:  # a weekend is no closure
            rows.append((day, until, "closed", None))
    rows.sort(key=lambda row: (row[0], row[3] or ""))
    days, until_on = (np.array([row[part] for row in rows], dtype=np.int64) for part in (0, 1))
    seconds = days * DAY_SECONDS
    return pa.table(
        {
            "event_id": [f"{DEMO_ID_PREFIX}E{number + 1:04d}" for number in range(len(rows))],
            "customer_id": pa.array([row[3] for row in rows], pa.string()),
            "event": [row[2] for row in rows],
            "happened_at": instants_of(seconds, calendar),
            "until_on": days_of(until_on, calendar),
            "known_at": instants_of(seconds, calendar),
        }
    )
