"""Shut days: days on which a ledger could not show an order, since the company was closed or the day is missing.

A day without any known line, not even a corrected one, is *missing* where an empty day is very improbable. Orders of
many independent customers come as a Poisson process: where 12 customers order on average on such a weekday, an empty
day has a probability of e^-12, six in a million, or one false alarm in about 600 years of business days. Real days vary
more (a slow day is slow for everybody), so each of the 8 compared days must have had at least 3 customers: a weekday
that was nearly empty once in two months raises no alarm, nor does one on which the company never opens, nor a ledger of
few customers. The compared days are the same weekdays right before, without closed and missing ones, so that the rhythm
of the week is respected and a gap of weeks is missing to its end. An unannounced holiday looks the same and is treated
the same: no order was possible.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import duckdb
import numpy as np
import pyarrow as pa

from features.clock import AsOf
from features.policy import Policy

WEEKS, LEAST_CUSTOMERS = 8, 3
"""Number of compared weekdays, and the customers that each of them needs."""
SOME_LINES = 300_000  # mostly enough to show who usually orders
SHUT_DAYS = pa.schema([("as_of", pa.timestamp("us")), ("day", pa.date32()), ("why", pa.string())])
EPOCH = date(1970, 1, 1)


class DayGap(StrEnum):
    """The reason a day shows no order."""

    CLOSED = "closed"  # an event of the whole company says so
    MISSING = "missing"  # an event says so, or an empty day is very improbable


_DAYS = """
SELECT order_day AS day, count(*) AS lines, min(greatest(ordered_at, visible_from)) AS first_seen
FROM order_lines_rows GROUP BY order_day
"""
_CUSTOMERS = """
WITH chosen AS (
    SELECT order_day AS day, customer_id, greatest(ordered_at, visible_from) AS seen_from
    FROM order_lines_rows WHERE order_day IN (SELECT day FROM days_compared) {limit}),
first AS (SELECT day, customer_id, min(seen_from) AS seen_from FROM chosen GROUP BY day, customer_id),
begun AS (SELECT day, seen_from, count(*) AS customers FROM first GROUP BY day, seen_from)
SELECT b.day, i.place, CAST(sum(b.customers) AS BIGINT) AS customers
FROM begun b JOIN days_asked_at i ON b.seen_from < i.as_of GROUP BY b.day, i.place
"""
_ANNOUNCED = """
SELECT event, visible_from, replaced_at, happened_on, coalesce(until_on, happened_on + 1) AS until_on
FROM events WHERE customer_id IS NULL AND event IN ('closed', 'data_missing')
"""


@dataclass(frozen=True)
class _Week:
    """The same weekdays before one as-of in order, with those that events shut."""

    place: int
    days: Sequence[int]
    announced: Mapping[int, DayGap]
    usual_customers: int


def shut_days(
    connection: duckdb.DuckDBPyConnection,
    as_ofs: Sequence[AsOf],
    policy: Policy,
) -> pa.Table:
    """SHUT_DAYS: the closed and missing business days before each as-of's day, as known then.

    ``connection`` has the views of a ledger. A closure announced ahead shuts no future day.
    """
    instants = tuple(sorted(set(as_ofs)))
    instants_table = pa.table(
        {
            "place": pa.array(range(len(instants)), pa.int64()),
            "as_of": pa.array([instant.naive for instant in instants], pa.timestamp("us")),
        }
    )
    connection.register("days_asked_at", instants_table)
    lines, known_places = _days_seen(connection, instants)
    announced = _announced_days(connection, instants)
    weeks = list(_weeks(instants, lines, announced, policy))
    missing = _missing(connection, weeks, lines, known_places)
    connection.unregister("days_asked_at")
    rows = [(instants[place], day, why) for place, shut in enumerate(announced) for day, why in shut.items()]
    rows += [(instants[place], day, DayGap.MISSING) for place, day in missing]
    rows.sort(key=lambda row: (row[0], row[1]))
    return pa.table(
        [
            pa.array([as_of.naive for as_of, _, _ in rows], pa.timestamp("us")),
            pa.array([day for _, day, _ in rows], pa.int32()).cast(pa.date32()),
            pa.array([str(why) for _, _, why in rows], pa.string()),
        ],
        schema=SHUT_DAYS,
    )


def _missing(
    connection: duckdb.DuckDBPyConnection,
    weeks: Sequence[_Week],
    lines: Mapping[int, int],
    known_places: Container[tuple[int, int]],
) -> list[tuple[int, int]]:
    """(place, day) of every missing day.

    A day has at most as many customers as lines, and at least as many as a sample of its lines shows. These two bounds
    mostly decide, so that the customers of a large ledger's lines need not all be read.
    """
    at_most = [
        (week.place, day, days)
        for week in weeks
        for day, days in _improbable_days(week, known_places, lambda _, day: lines[day])
    ]
    compared = {day for _, _, days in at_most for day in days}
    if not compared:
        return []
    for limit in (f"LIMIT {SOME_LINES}", ""):
        customers = _customers(connection, compared, limit)
        missing_days = [
            (week.place, day) for week in weeks for day, _ in _improbable_days(week, known_places, customers)
        ]
        if len(missing_days) == len(at_most):
            break
    return missing_days


def _days_seen(
    connection: duckdb.DuckDBPyConnection, instants: Sequence[AsOf]
) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """The number of lines of each day, and every (day, place) at which a line of the day was known; days since 1970."""
    days_table = connection.sql(_DAYS).to_arrow_table()
    days = days_table.column("day").cast(pa.int32()).to_pylist()
    lines = dict(zip(days, days_table.column("lines").to_pylist(), strict=True))
    moments = np.array([instant.naive for instant in instants], dtype="datetime64[us]")
    from_place = np.searchsorted(moments, days_table.column("first_seen").to_numpy(), side="right")
    return lines, {(day, place) for day, at in zip(days, from_place, strict=True) for place in range(at, len(moments))}


def _announced_days(connection: duckdb.DuckDBPyConnection, instants: Sequence[AsOf]) -> list[dict[int, DayGap]]:
    """The days shut by events for each instant, as known then; days since 1970, before the instant's own day."""
    events = connection.sql(_ANNOUNCED).to_arrow_table().to_pylist()
    announced: list[dict[int, DayGap]] = []
    for instant in instants:
        shut: dict[int, DayGap] = {}
        for event in events:
            if event["visible_from"] < instant.naive and not (
                event["replaced_at"] and event["replaced_at"] < instant.naive
            ):
                why = DayGap.CLOSED if event["event"] == "closed" else DayGap.MISSING
                until = min(event["until_on"], instant.day)
                shut |= dict.fromkeys(range((event["happened_on"] - EPOCH).days, (until - EPOCH).days), why)
        announced.append(shut)
    return announced


def _weeks(
    instants: Sequence[AsOf], lines: Mapping[int, int], announced: Sequence[Mapping[int, DayGap]], policy: Policy
) -> Iterator[_Week]:
    """The weekdays with lines of each as-of."""
    begin = min(lines, default=0)
    open_on = sorted({day % 7 for day in lines})
    for place, instant in enumerate(instants):
        end = (instant.day - EPOCH).days
        for weekday in open_on:
            days = range(begin + (weekday - begin) % 7, end, 7)
            yield _Week(place, days, announced[place], policy.missing_from_customers)


def _improbable_days(
    week: _Week, known_places: Container[tuple[int, int]], customers: Callable[[int, int], int]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The days without a line where the ``customers`` of the days before make that improbable, with those days."""
    before: deque[int] = deque(maxlen=WEEKS)
    for day in week.days:
        if day in week.announced:
            continue
        if (
            (day, week.place) not in known_places
            and len(before) == WEEKS
            and all((earlier, week.place) in known_places for earlier in before)
        ):
            usual = [customers(week.place, earlier) for earlier in before]
            if min(usual) >= LEAST_CUSTOMERS and sum(usual) >= week.usual_customers * WEEKS:
                yield day, tuple(before)
                continue
        before.append(day)


def _customers(connection: duckdb.DuckDBPyConnection, days: set[int], limit: str) -> Callable[[int, int], int]:
    """The number of customers with a line on each of the days, known by each place, among lines within ``limit``."""
    connection.register("days_compared", pa.table({"day": pa.array(sorted(days), pa.int32()).cast(pa.date32())}))
    counts_table = connection.sql(_CUSTOMERS.format(limit=limit)).to_arrow_table()
    connection.unregister("days_compared")
    places = zip(
        counts_table.column("place").to_pylist(), counts_table.column("day").cast(pa.int32()).to_pylist(), strict=True
    )
    count_of = dict(zip(places, counts_table.column("customers").to_pylist(), strict=True))
    return lambda place, day: count_of.get((place, day), 0)
