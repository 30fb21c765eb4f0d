"""The days on which a ledger could not show an order: closed by us, or missing from it.

A day of which no line is known, not even one corrected since, is *missing* where nobody at all would be a wonder.
Orders of many independent customers come as a Poisson process: where on average 12 customers order on such a weekday, a
day with none has a chance of e^-12, six in a million, or one false alarm in about 600 years of business days. Real days
vary more than that (a day that is slow for one is slow for all), so each of the 8 days of comparison must have had 3
customers at least: a weekday that was nearly empty once in two months makes no alarm, nor does one on which we never
open, nor a ledger of few customers. The days of comparison are the same weekdays right before, closed and missing ones
skipped, so that the rhythm of the week is respected and a gap of weeks is missing to its end. A holiday nobody told of
looks the same and is treated the same: nobody could order.
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
"""Same weekdays compared with, and customers each of them had at least."""
SOME_LINES = 300_000  # mostly enough to show who usually orders
SHUT_DAYS = pa.schema([("as_of", pa.timestamp("us")), ("day", pa.date32()), ("why", pa.string())])
EPOCH = date(1970, 1, 1)


class DayGap(StrEnum):
    """Why a day shows no order."""

    CLOSED = "closed"  # an event of the whole company says so
    MISSING = "missing"  # an event says so, or nobody at all would be a wonder


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
_TOLD = """
SELECT event, visible_from, replaced_at, happened_on, coalesce(until_on, happened_on + 1) AS until_on
FROM events WHERE customer_id IS NULL AND event IN ('closed', 'data_missing')
"""


@dataclass(frozen=True)
class _Week:
    """The same weekdays of one as-of in order, of which some were shut by what we were told."""

    place: int
    days: Sequence[int]
    told: Mapping[int, DayGap]
    usual_customers: int


def shut_days(
    connection: duckdb.DuckDBPyConnection,
    as_ofs: Sequence[AsOf],
    policy: Policy,
) -> pa.Table:
    """SHUT_DAYS: the closed and missing business days before each as-of's day, as they were seen then.

    ``connection`` has the views of a ledger. A closure known ahead shuts no day that has not come.
    """
    instants = tuple(sorted(set(as_ofs)))
    asked = pa.table(
        {
            "place": pa.array(range(len(instants)), pa.int64()),
            "as_of": pa.array([instant.naive for instant in instants], pa.timestamp("us")),
        }
    )
    connection.register("days_asked_at", asked)
    lines, seen = _days_seen(connection, instants)
    told = _told(connection, instants)
    weeks = list(_weeks(instants, lines, told, policy))
    missing = _missing(connection, weeks, lines, seen)
    connection.unregister("days_asked_at")
    rows = [(instants[place], day, why) for place, shut in enumerate(told) for day, why in shut.items()]
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
    seen: Container[tuple[int, int]],
) -> list[tuple[int, int]]:
    """(place, day) of every missing day.

    No day has more customers than lines, and none has fewer than some of its lines show: mostly these two settle it,
    and not every line of a large ledger needs to be asked whose it is.
    """
    at_most = [
        (week.place, day, days) for week in weeks for day, days in _wonders(week, seen, lambda _, day: lines[day])
    ]
    compared = {day for _, _, days in at_most for day in days}
    if not compared:
        return []
    for limit in (f"LIMIT {SOME_LINES}", ""):
        customers = _customers(connection, compared, limit)
        found = [(week.place, day) for week in weeks for day, _ in _wonders(week, seen, customers)]
        if len(found) == len(at_most):
            break
    return found


def _days_seen(
    connection: duckdb.DuckDBPyConnection, instants: Sequence[AsOf]
) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """How many lines each day has in all, and every (day, place) by which a line was known; days since 1970."""
    found = connection.sql(_DAYS).to_arrow_table()
    days = found.column("day").cast(pa.int32()).to_pylist()
    lines = dict(zip(days, found.column("lines").to_pylist(), strict=True))
    moments = np.array([instant.naive for instant in instants], dtype="datetime64[us]")
    from_place = np.searchsorted(moments, found.column("first_seen").to_numpy(), side="right")
    return lines, {(day, place) for day, at in zip(days, from_place, strict=True) for place in range(at, len(moments))}


def _told(connection: duckdb.DuckDBPyConnection, instants: Sequence[AsOf]) -> list[dict[int, DayGap]]:
    """Of each instant the days that events shut, as then known; days since 1970, none on or after its own."""
    events = connection.sql(_TOLD).to_arrow_table().to_pylist()
    told: list[dict[int, DayGap]] = []
    for instant in instants:
        shut: dict[int, DayGap] = {}
        for event in events:
            if event["visible_from"] < instant.naive and not (
                event["replaced_at"] and event["replaced_at"] < instant.naive
            ):
                why = DayGap.CLOSED if event["event"] == "closed" else DayGap.MISSING
                until = min(event["until_on"], instant.day)
                shut |= dict.fromkeys(range((event["happened_on"] - EPOCH).days, (until - EPOCH).days), why)
        told.append(shut)
    return told


def _weeks(
    instants: Sequence[AsOf], lines: Mapping[int, int], told: Sequence[Mapping[int, DayGap]], policy: Policy
) -> Iterator[_Week]:
    """Each weekday of each as-of on which the ledger ever had lines."""
    begin = min(lines, default=0)
    open_on = sorted({day % 7 for day in lines})
    for place, instant in enumerate(instants):
        end = (instant.day - EPOCH).days
        for weekday in open_on:
            days = range(begin + (weekday - begin) % 7, end, 7)
            yield _Week(place, days, told[place], policy.missing_from_customers)


def _wonders(
    week: _Week, seen: Container[tuple[int, int]], customers: Callable[[int, int], int]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The days without a line though the ``customers`` of the days before make that a wonder, with those days."""
    before: deque[int] = deque(maxlen=WEEKS)
    for day in week.days:
        if day in week.told:
            continue
        if (
            (day, week.place) not in seen
            and len(before) == WEEKS
            and all((each, week.place) in seen for each in before)
        ):
            usual = [customers(week.place, each) for each in before]
            if min(usual) >= LEAST_CUSTOMERS and sum(usual) >= week.usual_customers * WEEKS:
                yield day, tuple(before)
                continue
        before.append(day)


def _customers(connection: duckdb.DuckDBPyConnection, days: set[int], limit: str) -> Callable[[int, int], int]:
    """How many customers had a line on each of the days, known by each place; of the lines within ``limit``."""
    connection.register("days_compared", pa.table({"day": pa.array(sorted(days), pa.int32()).cast(pa.date32())}))
    found = connection.sql(_CUSTOMERS.format(limit=limit)).to_arrow_table()
    connection.unregister("days_compared")
    places = zip(found.column("place").to_pylist(), found.column("day").cast(pa.int32()).to_pylist(), strict=True)
    counted = dict(zip(places, found.column("customers").to_pylist(), strict=True))
    return lambda place, day: counted.get((place, day), 0)
