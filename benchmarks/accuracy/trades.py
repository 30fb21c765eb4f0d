"""Made-up ledgers of several trades: what models are chosen on, so that no real ledger is tuned to.

Each trade is a process with a seed: customers arrive, order in their own rhythm, and leave in the way of the trade.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy

ENDS_ON = date(2025, 12, 31)
YEAR = 365.25

_GARDEN = (0.1, 0.2, 0.7, 1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.4, 0.2, 0.1)
"""By month, the share of a gardener's orders that come about."""

Chance = np.random.Generator
Course = list[tuple[float, float]]
"""A customer's order days, counted from the ledger's first day, each with its money."""
Orders = list[tuple[date, float]]
"""The same by calendar day."""


@dataclass(frozen=True)
class Trade:
    """One trade: how many customers over how many days, the horizon that fits, and what one customer does.

    Attributes:
        course: (chance, days, number of the customer) → its orders.
    """

    name: str
    customers: int
    days: int
    horizon_days: int
    course: Callable[[Chance, int, int], Course]


def replenishment(chance: Chance, days: int, _number: int) -> Course:
    """A café or workshop that reorders every week or three; leaves after a few years, pauses for holidays."""
    rhythm = chance.gamma(6.0, 2.0) + 3
    begin = 0.0 if chance.random() < 0.5 else chance.uniform(0, days)
    end = begin + chance.exponential(600)
    return _regular(chance, begin=begin, end=min(end, days), rhythm=rhythm, shape=4.0, size=chance.lognormal(5, 0.8))


def gift_wholesale(chance: Chance, days: int, _number: int) -> Course:
    """A shop that buys for Christmas: three times as often in autumn, hardly in January; many order once."""
    begin = chance.uniform(0, days) if chance.random() < 0.6 else 0.0
    rate = chance.gamma(0.7, 1 / 45)
    leave, at, size = chance.beta(0.8, 4.0), begin, chance.lognormal(5.5, 1.1)
    orders = [(at, size * chance.lognormal(0, 0.5))]
    while chance.random() > leave:
        at = _thinned(chance, at, days, rate)
        if at >= days:
            break
        orders.append((at, size * chance.lognormal(0, 0.5) * (1.4 if _season(at, days) > 1.5 else 1.0)))
    return orders


def lumpy_accounts(chance: Chance, days: int, _number: int) -> Course:
    """One of few large accounts: bursts of orders while a project lasts, silence after, very unequal money."""
    begin = chance.uniform(-0.3, 0.8) * days
    size, orders, at = chance.lognormal(9, 1.6), [], begin
    for _ in range(1 + chance.poisson(2.0)):
        until = at + chance.exponential(500)
        while at < until:
            at += chance.gamma(0.7, 110)
            orders.append((at, size * chance.lognormal(0, 1.0)))
        at = until + chance.exponential(250)
    return [order for order in orders if 0 <= order[0] < days]


def one_timers(chance: Chance, days: int, _number: int) -> Course:
    """A buyer of an internet shop won by one campaign: most come once, some stay for a while."""
    begin = chance.uniform(0, 85)
    rate, leave, at = chance.gamma(0.3, 1 / 35), chance.beta(0.7, 2.2), begin
    size = chance.lognormal(3.3, 0.6)
    orders = [(at, size)]
    while chance.random() > leave:
        at += chance.exponential(1 / max(rate, 1e-9))
        if at >= days:
            break
        orders.append((at, size * chance.lognormal(0, 0.5)))
    return orders


def sudden_quitters(chance: Chance, days: int, number: int) -> Course:
    """A contractor with a monthly rhythm; from one day on a competitor wins a third of them, one after the other."""
    rhythm, begin = chance.gamma(9.0, 3.2), chance.uniform(-200, days)
    stays = chance.exponential(1500)
    lured = 0.6 * days + chance.exponential(350) if number % 3 == 0 else np.inf
    end = min(max(begin, 0) + stays, max(lured, begin + 60), days)
    return _regular(chance, begin=max(begin, 0), end=end, rhythm=rhythm, shape=8.0, size=chance.lognormal(6.5, 1.0))


def mixed_rhythms(chance: Chance, days: int, number: int) -> Course:
    """Weekly, quarterly and yearly buyers in one ledger, each true to its own rhythm until it leaves."""
    rhythm = (7.0, 30.0, 91.0, 365.0)[number % 4] * chance.lognormal(0, 0.25)
    begin = chance.uniform(-300, 0.7 * days)
    end = min(begin + 300 + chance.exponential(900), days)
    return _regular(chance, begin=max(begin, 0), end=end, rhythm=rhythm, shape=6.0, size=chance.lognormal(5, 1.2))


def slow_fading(chance: Chance, days: int, _number: int) -> Course:
    """A customer whose gaps lengthen and whose orders shrink for months before the last one."""
    rhythm, begin = chance.gamma(3.0, 8.0) + 5, chance.uniform(-300, days)
    fades_at = max(begin, 0) + chance.exponential(500)
    at, slower, size, orders = max(begin, 0.0), 1.0, chance.lognormal(5, 0.9), []
    while at < days and slower < 4:
        orders.append((at, size / slower * chance.lognormal(0, 0.4)))
        at += chance.gamma(2.5, rhythm * slower / 2.5)
        slower *= 1.25 if at > fades_at else 1.0
    return orders


def parts_trade(chance: Chance, days: int, _number: int) -> Course:
    """A garage that orders at random, some many times a week, some twice a year; few leave."""
    rate = chance.gamma(0.6, 1 / 18)
    begin = chance.uniform(-400, days)
    end = min(max(begin, 0) + chance.exponential(1100), days)
    size, at, orders = chance.lognormal(4.3, 1.0), max(begin, 0.0), []
    while at < end:
        orders.append((at, size * chance.lognormal(0, 0.9)))
        at += chance.exponential(1 / max(rate, 1e-6))
    return orders


def garden_supply(chance: Chance, days: int, _number: int) -> Course:
    """A gardener who orders every week or three from March to September and hardly in winter."""
    rhythm = chance.gamma(6.0, 1.5) + 3
    begin = 0.0 if chance.random() < 0.5 else chance.uniform(0, days)
    end, size = min(begin + chance.exponential(900), days), chance.lognormal(5.2, 0.9)
    course = _regular(chance, begin=begin, end=end, rhythm=rhythm, shape=3.0, size=size)
    return [order for order in course if chance.random() < _GARDEN[_month(order[0], days) - 1]]


TRADES: tuple[Trade, ...] = (
    Trade("replenishment", 700, 900, 28, replenishment),
    Trade("gift wholesale", 2500, 1095, 90, gift_wholesale),
    Trade("lumpy accounts", 90, 2190, 180, lumpy_accounts),
    Trade("one-timers", 5000, 545, 60, one_timers),
    Trade("sudden quitters", 600, 1095, 60, sudden_quitters),
    Trade("mixed rhythms", 900, 1460, 90, mixed_rhythms),
    Trade("slow fading", 900, 1095, 60, slow_fading),
    Trade("parts trade", 800, 1095, 90, parts_trade),
)
"""What members were chosen on; a garden supply is none of them."""


def ledger_of_trade(trade: Trade, policy: Policy, seed: int) -> Ledger:
    """The ledger of one trade, through the real intake."""
    return ledger_of_orders({number: orders_of(trade, number, seed) for number in range(trade.customers)}, policy)


def orders_of(trade: Trade, number: int, seed: int) -> Orders:
    """What one customer of a trade ordered."""
    starts_on = ENDS_ON - timedelta(days=trade.days - 1)
    course = trade.course(np.random.default_rng([seed, number]), trade.days, number)
    return [(starts_on + timedelta(days=int(at)), money) for at, money in course]


def ledger_of_orders(orders: Mapping[int, Orders], policy: Policy) -> Ledger:
    """The ledger of customers' orders by their numbers, through the real intake."""
    ids, days, amounts = [], [], []
    for number, each in orders.items():
        for day, money in each:
            ids.append(f"c{number:05d}")
            days.append(str(day))
            amounts.append(f"{money:.2f}")
    lines = pa.table({"customer_id": ids, "ordered_at": days, "amount": amounts})
    return ledger_of(lines, None, policy, currency="EUR", history=True)


def _regular(chance: Chance, *, begin: float, end: float, rhythm: float, shape: float, size: float) -> Course:
    """Orders with gamma gaps around a rhythm; the higher the shape, the more regular."""
    at, orders = begin + chance.uniform(0, rhythm), []
    while at < end:
        orders.append((at, size * chance.lognormal(0, 0.5)))
        pause = chance.uniform(20, 60) if chance.random() < 0.02 else 0.0
        at += chance.gamma(shape, rhythm / shape) + pause
    return orders


def _season(at: float, days: int) -> float:
    """How many times the usual rate of orders applies on a day; 1 on average of the year."""
    return (0.5, 0.6, 0.8, 0.8, 0.9, 0.8, 0.8, 0.9, 1.3, 1.8, 2.0, 0.8)[_month(at, days) - 1]


def _month(at: float, days: int) -> int:
    return (ENDS_ON - timedelta(days=days - int(at))).month


def _thinned(chance: Chance, at: float, days: int, rate: float) -> float:
    while at < days:
        at += chance.exponential(1 / max(2.0 * rate, 1e-9))
        if chance.random() < _season(min(at, days), days) / 2.0:
            break
    return at
