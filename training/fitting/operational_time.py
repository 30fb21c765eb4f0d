"""The season of orders: how much more often customers order in some weeks of the year than in others.

It is estimated from the order days between a customer's first and last one. In that time the customer was certainly
active, so that neither growth nor loss of customers looks like a season. Given their number, these days depend on the
season alone and not on the customer's own rate. Likelihood: the days of a customer are a multinomial draw over the
weeks between its first and last; a week weighs its season times its place in the customer's course (customers slow
down).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.snapshot import Floats, Snapshot
from models.operational_time import CALENDAR, OperationalTime
from training.calibration.base_rates import YEAR_DAYS, kernels

Ints = npt.NDArray[np.int64]

MOST_CUSTOMERS = 4_000
"""Customers in an even sample; more add time but no accuracy."""
MOST_YEARS = 5
WEEK, STRETCH_WEEKS = 7, 3
STRETCH = WEEK * STRETCH_WEEKS
"""Days over which a season counts as constant."""
PARTS, PART_PULL = 6, 50.0
"""Parts of a course, and the order days by which each is shrunken to the mean pace."""
PASSES, SMALLEST_CHANGE = 40, 1e-3
LEAST_EXPECTED = 1.0
"""Order days that a stretch needs at the mean pace; with fewer it is left out."""
WANDERS = (0.02, 0.05, 0.1, 0.2)
SEASONS = (0.0, 0.1, 0.2, 0.4, 0.8)
CHANCES = (0.03, 0.1, 0.2, 0.4, 0.8)
"""Possible deviations of the log pace: of its level, its season and of single stretches."""
USUAL_DEVIATIONS = (0.1, 0.4, 0.2)
"""Scales of the half-normal priors over these three. Half of the prior is on no season at all."""
LEVEL_DEVIATION = 1.0
SEASON_FINENESS_DAYS = 30.0
LEAST_LIKELY = 0.5
"""Probability below which a season is dropped."""

_ORDER_DAYS = f"""
SELECT DISTINCT t.number, l.order_day FROM order_lines l JOIN telling t USING (customer_id)
WHERE l.makes_order AND {visible_at("$as_of", happened="ordered_at", relation="l")}
ORDER BY ALL
"""


@dataclass(frozen=True)
class Paces:
    """The pace of orders over the calendar, without the customers' own rates.

    Attributes:
        middles: of stretches of three weeks, days since 1970, ascending.
        logs: of the pace, around 0. variances: of these, from the number of order days in a stretch.
    """

    middles: Floats
    logs: Floats
    variances: Floats


def operational_time(ledger: Ledger, everybody: Snapshot, at: AsOf, horizon_days: int) -> OperationalTime:
    """The time in which orders come evenly, as known at an instant; valid for a year and a horizon from then on.

    It is calendar time where under a year of orders is known, or where they show no season. A pace that repeats in the
    same weeks of other years is season; any other pace is left to the level of forecasts.

    Args:
        everybody: the customers as of the instant.
    """
    until = (at.day - date(1970, 1, 1)).days
    customer, day = _order_days(ledger, everybody, at)
    if not len(day) or until - int(day.min()) < YEAR_DAYS:
        return CALENDAR
    stretch_paces = paces(customer, day, until)
    ahead = int(YEAR_DAYS) + horizon_days
    edges = until + STRETCH * np.arange(-((until - int(day.min())) // STRETCH + 1), ahead // STRETCH + 2, dtype=float)
    season = season_of(stretch_paces, (edges[:-1] + edges[1:]) / 2)
    if season is None:
        return CALENDAR
    pace = np.exp(season)
    pace = pace / pace[edges[1:] <= until].mean()
    elapsed = edges[0] + np.concatenate([[0.0], np.cumsum(pace * STRETCH)])
    return OperationalTime(tuple(edges.tolist()), tuple(elapsed.tolist()))


@dataclass(frozen=True)
class _Inner:
    """Order days between first and last ones, and the weeks in which each customer's could lie.

    Attributes:
        edges: of the weeks, days since 1970, ascending. by_stretch, by_part, by_customer: counts of order days.
        there: days of each week between a customer's first and last order, customers × weeks.
        part: of the customer's course, for each of these.
    """

    edges: Ints
    by_stretch: Floats
    by_part: Floats
    by_customer: Floats
    there: Floats
    part: Ints

    @classmethod
    def of(cls, customer: Ints, day: Ints, until: int) -> _Inner:
        """The inner order days of the last years, up to a day."""
        starts = np.flatnonzero(np.concatenate([[True], customer[1:] != customer[:-1]]))
        ends = np.concatenate([starts[1:], [len(day)]]) - 1
        owner = np.repeat(np.arange(len(starts)), ends - starts + 1)
        first, last = day[starts], day[ends]
        oldest = max(int(day.min()), until - int(MOST_YEARS * YEAR_DAYS))
        stretches = -(-(until - oldest) // STRETCH)
        edges = until - WEEK * np.arange(stretches * STRETCH_WEEKS, -1, -1)
        inner = (first[owner] < day) & (day < last[owner]) & (day >= edges[0])
        owner, day = owner[inner], day[inner]
        part_of = PARTS * (day - first[owner]) // (last - first)[owner]
        several = np.unique(owner)
        first, last = first[several][:, None], last[several][:, None]
        begins, stops = np.maximum(first + 1, edges[None, :-1]), np.minimum(last, edges[None, 1:])
        middle = (begins + stops) / 2
        return cls(
            edges,
            by_stretch=np.bincount((day - edges[0]) // STRETCH, minlength=stretches).astype(np.float64),
            by_part=np.bincount(part_of, minlength=PARTS).astype(np.float64),
            by_customer=np.bincount(owner)[several].astype(np.float64),
            there=np.maximum(stops - begins, 0).astype(np.float64),
            part=np.clip(PARTS * (middle - first) / (last - first), 0, PARTS - 1).astype(np.int64),
        )


def paces(customer: Ints, day: Ints, until: int) -> Paces:
    """The maximum likelihood pace of each stretch up to a day, from the order days between first and last ones.

    Method: iterative proportional fitting, to the counts of stretches and then to those of the parts of courses.

    Args:
        customer, day: order days, a number and a day since 1970 each, by customer, then day.
    """
    inner = _Inner.of(customer, day, until)
    pace, course = np.ones(len(inner.by_stretch)), np.ones(PARTS)
    for _ in range(PASSES):
        expected = inner.there * np.repeat(pace, STRETCH_WEEKS) * course[inner.part]
        expected *= (inner.by_customer / expected.sum(axis=1))[:, None]
        of_stretch = expected.sum(axis=0).reshape(-1, STRETCH_WEEKS).sum(axis=1)
        change = (inner.by_stretch + 1) / (of_stretch + 1)
        pace = pace * change
        expected_by_part = np.bincount(inner.part.ravel(), (expected * np.repeat(change, STRETCH_WEEKS)).ravel(), PARTS)
        course = course * (inner.by_part + PART_PULL) / (expected_by_part + PART_PULL)
        if np.abs(np.log(change)).max() < SMALLEST_CHANGE:
            break
    is_informative = of_stretch >= LEAST_EXPECTED * pace
    logs, variances = np.log(pace[is_informative]), 1 / (inner.by_stretch[is_informative] + 1)
    middles = (inner.edges[:-1:STRETCH_WEEKS] + inner.edges[STRETCH_WEEKS::STRETCH_WEEKS])[is_informative] / 2
    return Paces(middles, logs - np.average(logs, weights=1 / variances) if len(logs) else logs, variances)


def season_of(paces: Paces, days: Floats) -> Floats | None:
    """The expected season in the log pace on some days; None: a season is less likely than none.

    It is a Gaussian process like that of base rates (``training.calibration.base_rates``): each mixture of level,
    season and chance weighs as much as the likelihood it gives the paces.
    """
    if not len(paces.logs):
        return None
    shares = np.array(list(product(WANDERS, SEASONS, CHANCES))) ** 2
    apart = {"season_days": SEASON_FINENESS_DAYS, "chance_days": float(STRETCH)}
    covariance = np.einsum("kc,cij->kij", shares, kernels(paces.middles, paces.middles, **apart))
    covariance += LEVEL_DEVIATION**2 + np.diag(paces.variances)
    solved = np.linalg.solve(covariance, np.broadcast_to(paces.logs[:, None], (len(shares), len(paces.logs), 1)))[
        ..., 0
    ]
    score = -0.5 * (solved @ paces.logs + np.linalg.slogdet(covariance)[1])
    score -= 0.5 * (shares / np.array(USUAL_DEVIATIONS) ** 2).sum(axis=1)
    seasonless = shares[:, 1] == 0
    likely = np.exp(score - score.max()) * np.where(seasonless, len(SEASONS) - 1, 1)
    likely /= likely.sum()
    if likely[~seasonless].sum() < LEAST_LIKELY:
        return None
    across = kernels(days, paces.middles, **apart)[1]
    return np.asarray((likely * shares[:, 1]) @ (solved @ across.T))


def _order_days(ledger: Ledger, everybody: Snapshot, at: AsOf) -> tuple[Ints, Ints]:
    """Order days known at an instant, of customers with three and more: number and day since 1970, both rising."""
    order_days = everybody.feature("order_days_lifetime")
    places = np.flatnonzero(order_days >= 3)
    places = places[:: -(-len(places) // MOST_CUSTOMERS) or 1]
    telling = everybody.table.select(["customer_id"]).take(places)
    with ledger.open() as connection:
        connection.register("telling", telling.append_column("number", [np.arange(len(places))]))
        rows = connection.sql(_ORDER_DAYS, params={"as_of": at.naive}).to_arrow_table()
    day = rows.column("order_day").to_numpy().astype("datetime64[D]").astype(np.int64)
    return rows.column("number").to_numpy().astype(np.int64), day
