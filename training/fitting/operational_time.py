"""The season of orders: how much oftener customers order in some weeks of the year than in others.

It is told by order days between a customer's first and last one. There the customer was one for sure, so neither
growth nor loss of customers looks like a season; and given how many such days there are, they fall by the season alone,
whatever the customer's own rate. Likelihood: a customer's days are a multinomial draw over the weeks between its first
and last, each weighing what its season weighs and what its place in the customer's course does (customers slow down).
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
"""Evenly chosen of all; more say the same in more time."""
MOST_YEARS = 5
WEEK, STRETCH_WEEKS = 7, 3
STRETCH = WEEK * STRETCH_WEEKS
"""Days over which a season is taken as even."""
PARTS, PART_PULL = 6, 50.0
"""A course has so many parts; each is drawn to the mean pace as if by so many order days."""
PASSES, SMALLEST_CHANGE = 40, 1e-3
LEAST_EXPECTED = 1.0
"""Order days that a stretch would hold at the mean pace; of fewer it tells nothing."""
WANDERS = (0.02, 0.05, 0.1, 0.2)
SEASONS = (0.0, 0.1, 0.2, 0.4, 0.8)
CHANCES = (0.03, 0.1, 0.2, 0.4, 0.8)
"""Log of the pace: what level, season and single stretches may each deviate by."""
USUAL_DEVIATIONS = (0.1, 0.4, 0.2)
"""Of the half-normal priors over these three. Half of the prior is on no season at all."""
LEVEL_DEVIATION = 1.0
SEASON_FINENESS_DAYS = 30.0
LEAST_LIKELY = 0.5
"""A season that is less likely than this is none."""

_ORDER_DAYS = f"""
SELECT DISTINCT t.number, l.order_day FROM order_lines l JOIN telling t USING (customer_id)
WHERE l.makes_order AND {visible_at("$as_of", happened="ordered_at", relation="l")}
ORDER BY ALL
"""


@dataclass(frozen=True)
class Paces:
    """How often customers ordered over the calendar, their own rates taken out.

    Attributes:
        middles: of stretches of three weeks, days since 1970, rising.
        logs: of the pace, around 0. variances: of these, by how few order days lie in a stretch.
    """

    middles: Floats
    logs: Floats
    variances: Floats


def operational_time(ledger: Ledger, everybody: Snapshot, at: AsOf, horizon_days: int) -> OperationalTime:
    """The time by which orders come evenly, as known at an instant; told for a year and a horizon from then on.

    The calendar's own where under a year of orders is known, or where they show no season. What repeats in the same
    weeks of other years is season; what does not is left to the level of forecasts.

    Args:
        everybody: the customers as of the instant.
    """
    until = (at.day - date(1970, 1, 1)).days
    customer, day = _order_days(ledger, everybody, at)
    if not len(day) or until - int(day.min()) < YEAR_DAYS:
        return CALENDAR
    found = paces(customer, day, until)
    ahead = int(YEAR_DAYS) + horizon_days
    edges = until + STRETCH * np.arange(-((until - int(day.min())) // STRETCH + 1), ahead // STRETCH + 2, dtype=float)
    season = season_of(found, (edges[:-1] + edges[1:]) / 2)
    if season is None:
        return CALENDAR
    pace = np.exp(season)
    pace = pace / pace[edges[1:] <= until].mean()
    elapsed = edges[0] + np.concatenate([[0.0], np.cumsum(pace * STRETCH)])
    return OperationalTime(tuple(edges.tolist()), tuple(elapsed.tolist()))


@dataclass(frozen=True)
class _Inner:
    """Order days between first and last ones, and where each customer's could have lain.

    Attributes:
        edges: of the weeks, days since 1970, rising. by_stretch, by_part, by_customer: counts of order days.
        there: days of each week between a customer's first and last order, customers × weeks.
        part: of its course, for each of these.
    """

    edges: Ints
    by_stretch: Floats
    by_part: Floats
    by_customer: Floats
    there: Floats
    part: Ints

    @classmethod
    def of(cls, customer: Ints, day: Ints, until: int) -> _Inner:
        """What order days up to a day show of the last years."""
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
    """The pace of each stretch up to a day, likeliest for the order days that lie between first and last ones.

    By iterative proportional fitting: to the counts of stretches, then to those of the parts of courses.

    Args:
        customer, day: order days, a number and a day since 1970 each, by customer, then day.
    """
    seen = _Inner.of(customer, day, until)
    pace, course = np.ones(len(seen.by_stretch)), np.ones(PARTS)
    for _ in range(PASSES):
        expected = seen.there * np.repeat(pace, STRETCH_WEEKS) * course[seen.part]
        expected *= (seen.by_customer / expected.sum(axis=1))[:, None]
        of_stretch = expected.sum(axis=0).reshape(-1, STRETCH_WEEKS).sum(axis=1)
        change = (seen.by_stretch + 1) / (of_stretch + 1)
        pace = pace * change
        moved = np.bincount(seen.part.ravel(), (expected * np.repeat(change, STRETCH_WEEKS)).ravel(), PARTS)
        course = course * (seen.by_part + PART_PULL) / (moved + PART_PULL)
        if np.abs(np.log(change)).max() < SMALLEST_CHANGE:
            break
    told = of_stretch >= LEAST_EXPECTED * pace
    logs, variances = np.log(pace[told]), 1 / (seen.by_stretch[told] + 1)
    middles = (seen.edges[:-1:STRETCH_WEEKS] + seen.edges[STRETCH_WEEKS::STRETCH_WEEKS])[told] / 2
    return Paces(middles, logs - np.average(logs, weights=1 / variances) if len(logs) else logs, variances)


def season_of(found: Paces, days: Floats) -> Floats | None:
    """The season's part of the log pace on some days, expected by what is known; None: there rather is none.

    A Gaussian process as that of base rates (``training.calibration.base_rates``): all mixtures of level, season and
    chance are weighed by how likely they make the paces.
    """
    if not len(found.logs):
        return None
    shares = np.array(list(product(WANDERS, SEASONS, CHANCES))) ** 2
    apart = {"season_days": SEASON_FINENESS_DAYS, "chance_days": float(STRETCH)}
    seen = np.einsum("kc,cij->kij", shares, kernels(found.middles, found.middles, **apart))
    seen += LEVEL_DEVIATION**2 + np.diag(found.variances)
    drawn = np.linalg.solve(seen, np.broadcast_to(found.logs[:, None], (len(shares), len(found.logs), 1)))[..., 0]
    score = -0.5 * (drawn @ found.logs + np.linalg.slogdet(seen)[1])
    score -= 0.5 * (shares / np.array(USUAL_DEVIATIONS) ** 2).sum(axis=1)
    none = shares[:, 1] == 0
    likely = np.exp(score - score.max()) * np.where(none, len(SEASONS) - 1, 1)
    likely /= likely.sum()
    if likely[~none].sum() < LEAST_LIKELY:
        return None
    across = kernels(days, found.middles, **apart)[1]
    return np.asarray((likely * shares[:, 1]) @ (drawn @ across.T))


def _order_days(ledger: Ledger, everybody: Snapshot, at: AsOf) -> tuple[Ints, Ints]:
    """Order days known at an instant, of customers with three and more: number and day since 1970, both rising."""
    order_days = everybody.feature("order_days_lifetime")
    places = np.flatnonzero(order_days >= 3)
    places = places[:: -(-len(places) // MOST_CUSTOMERS) or 1]
    telling = everybody.table.select(["customer_id"]).take(places)
    with ledger.open() as connection:
        connection.register("telling", telling.append_column("number", [np.arange(len(places))]))
        found = connection.sql(_ORDER_DAYS, params={"as_of": at.naive}).to_arrow_table()
    day = found.column("order_day").to_numpy().astype("datetime64[D]").astype(np.int64)
    return found.column("number").to_numpy().astype(np.int64), day
