"""The arithmetic of expressions over whole columns: exact where both sides are, doubles at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.catalog.primitives import (
    Clipped,
    CompanyMedian,
    DaysSince,
    DaysUntil,
    Deviation,
    Expression,
    Minus,
    Number,
    OnRecord,
    Plus,
    Primitive,
    Ratio,
    Rows,
    Shrunken,
    ShutDaysSince,
    WhenAtLeast,
    WhereKnown,
)
from features.engines.columnar.nullable import Bools, Floats, Ints, Values, both_known, nothing_known
from features.policy import Policy


@dataclass(frozen=True)
class CompanyRows:
    """What holds for the whole company at each place, as seen at 00:00 of its day.

    Attributes:
        medians: NaN where unknown.
        recorded: whether any row of a set had been known.
        shut: the days, ascending and since 1970-01-01, on which we were closed or of which all lines are missing.
    """

    medians: Mapping[CompanyMedian, Floats]
    recorded: Mapping[Rows, Bools]
    shut: Sequence[Ints]


@dataclass(frozen=True)
class Arithmetic:
    """Expressions over the answers to a list of queries; each is worked out once.

    Attributes:
        fact: the answer to a primitive.
        company: the company's values at each place.
        place: of each query.
        as_of_day: of each query, in days since 1970-01-01.
    """

    fact: Callable[[Primitive], Values]
    company: CompanyRows
    place: Ints
    as_of_day: Ints
    policy: Policy
    done: dict[Expression, Values] = field(default_factory=dict)

    def of(self, node: Expression) -> Values:
        """One number a query."""
        if node in self.done:
            return self.done[node]
        made = self._made(node)
        if not isinstance(node, Primitive):
            self.done[node] = made
        return made

    def _made(self, node: Expression) -> Values:
        match node:
            case Number(value):
                return Values(np.full(len(self.place), value, np.int64))
            case DaysSince(day):
                seen = self.of(day)
                return Values(self.as_of_day - seen.numbers, seen.known)
            case DaysUntil(day):
                seen = self.of(day)
                return Values(seen.numbers - self.as_of_day, seen.known)
            case ShutDaysSince(day):
                seen = self.of(day)
                return Values(self._shut_days(seen.numbers), seen.known)
            case OnRecord(_, rows) if not self.company.recorded[rows].any():
                return nothing_known(len(self.place))
            case OnRecord(value, rows):
                made, recorded = self.of(value), self.company.recorded[rows][self.place]
                return Values(made.numbers, recorded if made.known is None else recorded & made.known, made.digits)
            case WhereKnown(value, other):
                made = self.of(value)
                return Values(made.numbers, both_known(made, self.of(other)), made.digits)
            case Clipped(value, low, high):
                made, unit = self.of(value), 10 ** self.of(value).digits
                return Values(np.clip(made.numbers, low * unit, high * unit), made.known, made.digits)
            case Minus(first, second):
                return _joined(np.subtract, self.of(first), self.of(second))
            case Plus(first, second):
                return _joined(np.add, self.of(first), self.of(second))
            case Ratio(first, second):
                return _ratio(self.of(first), self.of(second))
            case Deviation(count, total, squares):
                return _deviation(self.of(count), self.of(total), self.of(squares))
            case WhenAtLeast(value, share, setting):
                reached = self.of(share).doubles >= float(getattr(self.policy, setting))
                made = self.of(value)
                return Values(made.numbers, reached if made.known is None else reached & made.known, made.digits)
            case Shrunken(own, count, company, setting):
                return self._shrunken(self.of(own), self.of(count), company, int(getattr(self.policy, setting)))
            case CompanyMedian():
                found = self.company.medians[node][self.place]
                known = ~np.isnan(found)
                return Values(np.where(known, found, 0.0), known)
            case _:
                return self.fact(node)

    def _shrunken(self, own: Values, count: Values, company: CompanyMedian, weight: int) -> Values:
        pooled, n = self.of(company), count.numbers
        drawn = (n * own.numbers + weight * pooled.numbers) / np.maximum(n + weight, 1)
        return Values(np.where(n < company.least_count, pooled.numbers, drawn), pooled.known)

    def _shut_days(self, since: Ints) -> Ints:
        found = np.zeros(len(since), np.int64)
        for place in np.unique(self.place):
            asked, shut = self.place == place, self.company.shut[place]
            until_as_of = np.searchsorted(shut, self.as_of_day[asked], side="left")
            found[asked] = np.maximum(until_as_of - np.searchsorted(shut, since[asked], side="right"), 0)
        return found


def _joined(how: np.ufunc, first: Values, second: Values) -> Values:
    known = both_known(first, second)
    if first.is_exact and second.is_exact and first.digits == second.digits:
        return Values(how(first.numbers.astype(np.int64), second.numbers.astype(np.int64)), known, first.digits)
    return Values(how(first.doubles, second.doubles), known)


def _ratio(first: Values, second: Values) -> Values:
    below = second.doubles
    above_zero = below > 0
    found = np.divide(first.doubles, below, out=np.zeros(len(below)), where=above_zero)
    known = above_zero if first.known is None else above_zero & first.known
    return Values(found, known)


def _deviation(count: Values, total: Values, squares: Values) -> Values:
    n, s, ss = count.numbers, total.numbers, squares.numbers
    spread = (n * ss - s * s).astype(np.float64)
    return Values(np.sqrt(spread / np.maximum(n * (n - 1), 1)), n > 1)
