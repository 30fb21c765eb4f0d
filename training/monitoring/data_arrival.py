"""Which kinds of rows stopped arriving, and which days the ledger misses: causes of a drift."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.clock import AsOf
from features.ledger.business_calendar import DayGap, shut_days
from features.ledger.ledger import Ledger
from features.ledger.schema.record_types import RECORD_TYPES
from features.ledger.sql import visible_at
from features.policy import Policy

LOOKED_BACK_DAYS = 90
WATCHED_KINDS = ("orders", "contacts", "complaints", "surveys", "payments", "events")
"""Kinds that come as the days go by, and that features are made of."""


@dataclass(frozen=True)
class StoppedFeed:
    """A kind of rows of which none came for longer than chance explains.

    Attributes:
        last_on: the last day of which a row is known.
        per_week: rows a week in the 90 days up to it.
        longest_gap_days: the longest that none came in those days.
    """

    kind: str
    last_on: date
    per_week: float
    longest_gap_days: int

    @property
    def sentence(self) -> str:
        """It for a person."""
        return f"{self.kind} stopped arriving after {self.last_on}: before, {self.per_week:.0f} a week came"


_DAYS = """
SELECT CAST({day} AS DATE) AS day, count(*) AS rows FROM {view}
WHERE {visible}
GROUP BY 1 ORDER BY 1
"""


def stopped_feeds(ledger: Ledger, as_of: AsOf, policy: Policy) -> tuple[StoppedFeed, ...]:
    """The kinds that stopped arriving, as seen at the as-of.

    One has stopped where silence lasts longer than twice any of the 90 days before, and where so many rows as policy
    says of a missing day (12: a chance of six in a million if they came by chance alone) would have come in it. Days
    on which we were closed are no silence.
    """
    with ledger.open() as connection:
        days = {}
        for kind in WATCHED_KINDS:
            what, view = RECORD_TYPES[kind], RECORD_TYPES[kind].relation.name
            statement = _DAYS.format(
                day=what.days[what.happened_at], view=view, visible=visible_at("$as_of", happened=what.happened_at)
            )
            days[kind] = connection.execute(statement, {"as_of": as_of.naive}).fetchall()
        shut = shut_days(connection, [as_of], policy).to_pylist()
    closed = frozenset(row["day"] for row in shut if row["why"] == DayGap.CLOSED)
    return tuple(_stopped(days, as_of, closed, policy))


def missing_days(ledger: Ledger, as_of: AsOf, within_days: int, policy: Policy) -> tuple[date, ...]:
    """The days of the last so many that the ledger misses altogether."""
    with ledger.open() as connection:
        shut = shut_days(connection, [as_of], policy).to_pylist()
    since = as_of.day - timedelta(days=within_days)
    return tuple(row["day"] for row in shut if row["why"] == DayGap.MISSING and row["day"] >= since)


def _stopped(
    days: Mapping[str, Sequence[tuple[date, int]]], as_of: AsOf, closed: Collection[date], policy: Policy
) -> Iterator[StoppedFeed]:
    for kind, found in days.items():
        if not found:
            continue
        last_on = found[-1][0]
        recent = [(day, rows) for day, rows in found if day > last_on - timedelta(days=LOOKED_BACK_DAYS)]
        per_day = sum(rows for _, rows in recent) / LOOKED_BACK_DAYS
        gaps = np.diff([day.toordinal() for day, _ in recent])
        silent = (as_of.day - last_on).days - sum(last_on < day < as_of.day for day in closed)
        longest = int(gaps.max(initial=1))
        if silent > 2 * longest and silent * per_day >= policy.missing_from_customers:
            yield StoppedFeed(kind, last_on, 7 * per_day, longest)
