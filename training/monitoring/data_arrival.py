"""Data arrival: kinds of rows that stopped coming, and missing days of the ledger; both can cause drift."""

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
"""Kinds of rows that arrive steadily and that features read."""


@dataclass(frozen=True)
class StoppedFeed:
    """A kind of rows that has not come for longer than chance explains.

    Attributes:
        last_on: the last day with a row.
        per_week: rows a week in the 90 days up to it.
        longest_gap_days: the longest gap in those days.
    """

    kind: str
    last_on: date
    per_week: float
    longest_gap_days: int

    @property
    def sentence(self) -> str:
        """The finding in words."""
        return f"{self.kind} stopped arriving after {self.last_on}; before that, {self.per_week:.0f} came in a week"


_DAYS = """
SELECT CAST({day} AS DATE) AS day, count(*) AS rows FROM {view}
WHERE {visible}
GROUP BY 1 ORDER BY 1
"""


def stopped_feeds(ledger: Ledger, as_of: AsOf, policy: Policy) -> tuple[StoppedFeed, ...]:
    """The kinds of rows that stopped arriving, as seen at the as-of.

    A kind has stopped where the silence is longer than twice the longest gap of the 90 days before, and where as many
    rows would have come in it as the policy sets for a missing day (12: six in a million by chance alone). Closed days
    do not count.
    """
    with ledger.open() as connection:
        days = {}
        for kind in WATCHED_KINDS:
            record_type, view = RECORD_TYPES[kind], RECORD_TYPES[kind].relation.name
            statement = _DAYS.format(
                day=record_type.days[record_type.happened_at],
                view=view,
                visible=visible_at("$as_of", happened=record_type.happened_at),
            )
            days[kind] = connection.execute(statement, {"as_of": as_of.naive}).fetchall()
        shut = shut_days(connection, [as_of], policy).to_pylist()
    closed = frozenset(row["day"] for row in shut if row["why"] == DayGap.CLOSED)
    return tuple(_stopped(days, as_of, closed, policy))


def missing_days(ledger: Ledger, as_of: AsOf, within_days: int, policy: Policy) -> tuple[date, ...]:
    """The missing days of the ledger within a number of days before the as-of."""
    with ledger.open() as connection:
        shut = shut_days(connection, [as_of], policy).to_pylist()
    since = as_of.day - timedelta(days=within_days)
    return tuple(row["day"] for row in shut if row["why"] == DayGap.MISSING and row["day"] >= since)


def _stopped(
    days: Mapping[str, Sequence[tuple[date, int]]], as_of: AsOf, closed: Collection[date], policy: Policy
) -> Iterator[StoppedFeed]:
    for kind, counts in days.items():
        if not counts:
            continue
        last_on = counts[-1][0]
        recent = [(day, rows) for day, rows in counts if day > last_on - timedelta(days=LOOKED_BACK_DAYS)]
        per_day = sum(rows for _, rows in recent) / LOOKED_BACK_DAYS
        gaps = np.diff([day.toordinal() for day, _ in recent])
        silent_days = (as_of.day - last_on).days - sum(last_on < day < as_of.day for day in closed)
        longest_gap = int(gaps.max(initial=1))
        if silent_days > 2 * longest_gap and silent_days * per_day >= policy.missing_from_customers:
            yield StoppedFeed(kind, last_on, 7 * per_day, longest_gap)
