"""The order lines of the demo company's customers, day by day, with returns; they follow from the state of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from features.ledger.demo.accounts import DemoAccount, Integers
from features.ledger.demo.vocabulary import CATEGORIES, MONTH_SEASON, PRODUCTS_PER_CATEGORY

Floats = npt.NDArray[np.float64]

PRICE_RISE_A_YEAR = 0.025
BASKET_SPREAD = 0.35  # deviation of the logarithm of an order's size
NO_DAY = np.int64(-1)


@dataclass(frozen=True)
class Calendar:
    """The ledger's days, the first counted 0: how busy each is and whether we are open.

    Attributes:
        season: orders of the day's month against an average month.
        openness: 0 when closed, else 7/5, so that a week adds up to 7.
    """

    starts_on: date
    season: Floats
    openness: Floats

    def __len__(self) -> int:
        return len(self.season)


def calendar_of(starts_on: date, days: int) -> Calendar:
    """The calendar: closed at weekends and from 24 December to 1 January."""
    dates = [starts_on + timedelta(days=day) for day in range(days)]
    closed = [d.weekday() >= 5 or (d.month == 12 and d.day >= 24) or (d.month, d.day) == (1, 1) for d in dates]
    season = np.array([MONTH_SEASON[d.month - 1] for d in dates])
    return Calendar(starts_on, season, np.where(np.array(closed), 0.0, 7 / 5))


@dataclass(frozen=True)
class Goods:
    """The products: list price and cost in cents, by number."""

    price_cents: Integers
    cost_cents: Integers


def goods_of(rng: np.random.Generator) -> Goods:
    """Products of every category, at prices drawn evenly on a logarithmic scale."""
    least = np.repeat([float(c.least_price_cents) for c in CATEGORIES], PRODUCTS_PER_CATEGORY)
    greatest = np.repeat([float(c.greatest_price_cents) for c in CATEGORIES], PRODUCTS_PER_CATEGORY)
    cost_share = np.repeat([c.cost_share for c in CATEGORIES], PRODUCTS_PER_CATEGORY)
    price = np.rint(least * (greatest / least) ** rng.random(len(least)))
    cost = np.rint(price * cost_share * rng.uniform(0.92, 1.08, len(least)))
    return Goods(price.astype(np.int64), cost.astype(np.int64))


@dataclass(frozen=True)
class DemoOrderLines:
    """Order lines as columns of equal length; days counted from the ledger's first, money in cents.

    ``line`` counts from 1 within an order of one customer and day; a return has the order and line that it returns,
    and its own later ``day``. NO_DAY: no such day.
    """

    account: Integers
    order_day: Integers
    line: Integers
    day: Integers
    minute: Integers
    product: Integers
    quantity: Integers
    price_cents: Integers
    cost_cents: Integers
    discount_percent: Integers
    promised: Integers
    delivered: Integers


def joined(parts: list[DemoOrderLines]) -> DemoOrderLines:
    """The lines of all parts, in their order."""
    names = DemoOrderLines.__dataclass_fields__
    return DemoOrderLines(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def chosen(lines: DemoOrderLines, rows: npt.NDArray[np.bool_] | Integers) -> DemoOrderLines:
    """The lines at some rows."""
    return DemoOrderLines(**{name: getattr(lines, name)[rows] for name in DemoOrderLines.__dataclass_fields__})


def fading(account: DemoAccount, days: int) -> Floats:
    """How far the customer has faded on each day: 0 not at all, 1 gone."""
    day = np.arange(days, dtype=np.float64)
    span = max(account.leaves - account.fades_from, 1)
    return np.clip((day - account.fades_from) / span, 0.0, 1.0)


def slumping(account: DemoAccount, days: int) -> npt.NDArray[np.bool_]:
    """Whether the customer has a weak spell on each day."""
    weak = np.zeros(days, dtype=np.bool_)
    for start, end in account.slumps:
        weak[start:end] = True
    return weak


def order_days(rng: np.random.Generator, account: DemoAccount, calendar: Calendar) -> Integers:
    """The order days of a customer, ascending: gamma gaps in a time that runs slower off season and in fading."""
    days = len(calendar)
    season = np.maximum(1.0 + account.season_strength * (calendar.season - 1.0), 0.1)
    pace = calendar.openness * season * (1.0 - 0.72 * fading(account, days))
    pace *= np.where(slumping(account, days), 0.45, 1.0)
    pace[: max(account.arrives, 0)] = 0.0
    pace[max(account.leaves, 0) :] = 0.0
    elapsed = np.cumsum(pace) / account.gap_days
    gaps = rng.gamma(account.regularity, 1.0 / account.regularity, int(1.3 * elapsed[-1]) + 60)
    gaps[0] *= rng.random() if account.arrives < 0 else 0.0
    marks = np.cumsum(gaps)
    ordered = np.unique(np.searchsorted(elapsed, marks[marks < elapsed[-1]], side="right"))
    return ordered.astype(np.int64)


def lines_of(
    rng: np.random.Generator, number: int, account: DemoAccount, *, calendar: Calendar, goods: Goods
) -> DemoOrderLines:
    """All lines the account orders, returns left out."""
    ordered = order_days(rng, account, calendar)
    faded = fading(account, len(calendar))[ordered]
    weak = slumping(account, len(calendar))[ordered]
    basket = _baskets(rng, account, ordered) * (1.0 - 0.6 * faded) * np.where(weak, 0.75, 1.0)
    counts = 1 + rng.poisson((account.lines_per_order - 1.0) * (1.0 - 0.5 * faded))
    of_order = np.repeat(np.arange(len(ordered)), counts)
    firsts = np.cumsum(counts) - counts
    day = ordered[of_order]
    product = account.tastes[_liked(rng, len(account.tastes), faded[of_order])]
    price = np.rint(goods.price_cents[product] * (1.0 + PRICE_RISE_A_YEAR * (day // 365))).astype(np.int64)
    weight = rng.gamma(1.5, 1.0, len(day))
    worth = basket[of_order] * weight / np.bincount(of_order, weight, len(ordered))[of_order]
    lead = rng.integers(2, 8, len(ordered))
    delay = np.where(
        rng.random(len(ordered)) < account.late_share,
        rng.integers(1, 15, len(ordered)),
        -rng.integers(0, 3, len(ordered)),
    )
    delivered = ordered + lead + delay
    return DemoOrderLines(
        account=np.full(len(day), number, dtype=np.int64),
        order_day=day,
        line=np.arange(len(day), dtype=np.int64) - firsts[of_order] + 1,
        day=day,
        minute=rng.integers(7 * 60, 17 * 60, len(ordered))[of_order],
        product=product,
        quantity=np.maximum(np.rint(100.0 * worth / price), 1.0).astype(np.int64),
        price_cents=price,
        cost_cents=np.rint(goods.cost_cents[product] * (1.0 + PRICE_RISE_A_YEAR * (day // 365))).astype(np.int64),
        discount_percent=np.full(len(day), account.discount_percent, dtype=np.int64),
        promised=(ordered + lead)[of_order],
        delivered=np.where(delivered < len(calendar), delivered, NO_DAY)[of_order],
    )


def _baskets(rng: np.random.Generator, account: DemoAccount, ordered: Integers) -> Floats:
    """EUR of each order before fading."""
    usual = account.sales_a_year * account.gap_days / 365.0 * np.maximum(1.0 + account.growth * ordered / 365.0, 0.2)
    spread: Floats = rng.lognormal(-(BASKET_SPREAD**2) / 2, BASKET_SPREAD, len(ordered))
    return np.asarray(usual * spread, dtype=np.float64)


def _liked(rng: np.random.Generator, tastes: int, faded: Floats) -> Integers:
    """The taste that each line is for: the first are liked best, the last drop out when the customer fades."""
    still_bought = np.maximum(np.rint(tastes * (1.0 - 0.7 * faded)), 1.0)
    return np.asarray(np.floor(still_bought * rng.random(len(faded)) ** 1.7), dtype=np.int64)


def returns_of(rng: np.random.Generator, lines: DemoOrderLines, return_share: Floats, *, days: int) -> DemoOrderLines:
    """The returns of ``lines`` within the ledger: most within weeks, a quarter in a later month.

    ``return_share`` is each line's chance. Quantities are below 0; half of the returns bring back all.
    """
    returned = chosen(lines, rng.random(len(lines.day)) < return_share)
    count = len(returned.day)
    after = np.where(rng.random(count) < 0.25, rng.integers(30, 91, count), rng.integers(3, 26, count))
    part = np.ceil(returned.quantity * rng.random(count)).astype(np.int64)
    quantity = -np.where(rng.random(count) < 0.5, returned.quantity, np.maximum(part, 1))
    no_day = np.full(count, NO_DAY)
    returns = DemoOrderLines(
        **{
            **{name: getattr(returned, name) for name in DemoOrderLines.__dataclass_fields__},
            "day": returned.day + after,
            "minute": rng.integers(7 * 60, 17 * 60, count),
            "quantity": quantity,
            "promised": no_day,
            "delivered": no_day,
        }
    )
    return chosen(returns, returns.day < days)
