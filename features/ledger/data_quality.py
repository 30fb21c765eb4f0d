"""Data quality of a ledger: days without lines, look-alike ids, circular parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from features.clock import AsOf
from features.ledger.business_calendar import DayGap, shut_days
from features.ledger.ledger import Ledger
from features.ledger.reconciliation.look_alikes import LookAlikes, look_alikes
from features.ledger.sql import visible_at
from features.policy import Policy

MOST_RANGES = 12  # named; the rest is counted

_IDS = """
SELECT customer_id, CAST(sum(rows) AS BIGINT) AS rows, true AS is_new FROM (
    SELECT customer_id, count(*) AS rows FROM order_lines_rows GROUP BY customer_id
    UNION ALL SELECT customer_id, count(*) FROM customers GROUP BY customer_id) GROUP BY customer_id
"""
_PARENTS = f"""
SELECT customer_id, parent_id FROM customers
WHERE parent_id IS NOT NULL AND {visible_at("$as_of")}
"""


SHOWN = 5  # circles; the rest is counted


@dataclass(frozen=True)
class DayRange:
    """Successive days without an order for one reason, both ends included."""

    first: date
    last: date
    why: DayGap

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class DataQuality:
    """Findings that a person should look at; the ledger is sound all the same."""

    days: tuple[DayRange, ...]
    alike: LookAlikes
    loops: tuple[tuple[str, ...], ...]

    @property
    def sentences(self) -> list[str]:
        """Each kind of finding in plain words."""
        missing = [day_range for day_range in self.days if day_range.why is DayGap.MISSING]
        closed = [day_range for day_range in self.days if day_range.why is DayGap.CLOSED]
        sentences_found = []
        if missing:
            sentences_found.append(
                f"Without one line, though such weekdays usually have many customers: {_listed(missing)}. They count "
                "as missing, not as silence. Load the lines, or say that you were closed: callfirst ingest events FILE."
            )
        sentences_found += [f"Closed: {_listed(closed)}."] if closed else []
        return [*sentences_found, *filter(None, (self.alike.sentence, loops_sentence(self.loops)))]

    def as_json(self) -> dict[str, Any]:
        """The findings as JSON."""
        return {
            "days": [
                {"first": str(day_range.first), "last": str(day_range.last), "why": str(day_range.why)}
                for day_range in self.days
            ],
            "look_alikes": self.alike.as_json(),
            "parent_loops": [list(loop) for loop in self.loops],
        }


def data_quality_of(ledger: Ledger, as_of: AsOf, policy: Policy) -> DataQuality:
    """The findings in a ledger as known at the instant; days up to its last line's."""
    with ledger.open() as connection:
        shut = shut_days(connection, [as_of], policy).to_pylist()
        alike = look_alikes(connection, _IDS)
        parents = dict(connection.execute(_PARENTS, {"as_of": as_of.naive}).fetchall())
    days = [(row["day"], DayGap(row["why"])) for row in shut if row["day"] <= ledger.ends_on]
    return DataQuality(tuple(_ranges(days)), alike, parent_loops(parents))


def _ranges(days: Sequence[tuple[date, DayGap]]) -> list[DayRange]:
    ranges: list[DayRange] = []
    for day, why in days:
        if ranges and ranges[-1].why is why and ranges[-1].last + timedelta(days=1) == day:
            ranges[-1] = DayRange(ranges[-1].first, day, why)
        else:
            ranges.append(DayRange(day, day, why))
    return ranges


def _listed(ranges: Sequence[DayRange]) -> str:
    more = f" and {len(ranges) - MOST_RANGES} more" if len(ranges) > MOST_RANGES else ""
    return ", ".join(map(str, ranges[:MOST_RANGES])) + more


def parent_loops(parent_of: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Every circle of parents once, starting with its smallest id, in the order of these ids.

    Such customers count as one account group, named by that id.
    """
    loops: set[tuple[str, ...]] = set()
    settled: set[str] = set()
    for customer in parent_of:
        path: dict[str, int] = {}
        at: str | None = customer
        while at is not None and at not in path and at not in settled:
            path[at] = len(path)
            at = parent_of.get(at)
        if at is not None and at in path:
            circle = list(path)[path[at] :]
            begin = circle.index(min(circle))
            loops.add(tuple(circle[begin:] + circle[:begin]))
        settled |= path.keys()
    return tuple(sorted(loops))


def loops_sentence(loops: Sequence[tuple[str, ...]]) -> str:
    """The circular parents in plain words; empty where there are none."""
    if not loops:
        return ""
    first = "; ".join(" → ".join((*loop, loop[0])) for loop in loops[:SHOWN])
    more = f" and {len(loops) - SHOWN} more" if len(loops) > SHOWN else ""
    return f"Circular parents: {first}{more}. Each circle counts as one group: correct parent_id."
