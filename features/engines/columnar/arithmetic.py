"""Arithmetic of expressions over whole columns: exact where both sides are, doubles at the end."""

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
    """The company's values at each place, as seen at 00:00 of its day.

    Attributes:
        medians: NaN where unknown.
        recorded: whether any row of a set was known.
        shut: the closed and missing days, ascending, in days since 1970-01-01.
    """

    medians: Mapping[CompanyMedian, Floats]
    recorded: Mapping[Rows, Bools]
    shut: Sequence[Ints]


@dataclass(frozen=True)
class Arithmetic:
    """Expressions over the answers to a list of queries; each is computed once.

    Attributes:
        fact: gives the answer to a primitive.
        company: the company's values at each place.
        place: of each query.
        as_of_day: of each query, in days since 1970-01-01.
    """

    fact: Callable[[Primitive], Values]
    company: CompanyRows
    place: Ints
    as_of_day: Ints
    policy: Policy
    computed: dict[Expression, Values] = field(default_factory=dict)

    def of(self, node: Expression) -> Values:
        """One number per query."""
        if node in self.computed:
            return self.computed[node]
        result = self._computed(node)
        if not isinstance(node, Primitive):
            self.computed[node] = result
        return result

    def _computed(self, node: Expression) -> Values:
        match node:
            case Number(value):
                return Values(np.full(len(self.place), value, np.int64))
            case DaysSince(day):
                day_values = self.of(day)
                return Values(self.as_of_day - day_values.numbers, day_values.known)
            case DaysUntil(day):
                day_values = self.of(day)
                return Values(day_values.numbers - self.as_of_day, day_values.known)
            case ShutDaysSince(day):
                day_values = self.of(day)
                return Values(self._shut_days(day_values.numbers), day_values.known)
            case OnRecord(_, rows) if not self.company.recorded[rows].any():
                return nothing_known(len(self.place))
            case OnRecord(value, rows):
                result, recorded = self.of(value), self.company.recorded[rows][self.place]
                return Values(
                    result.numbers, recorded if result.known is None else recorded & result.known, result.digits
                )
            case WhereKnown(value, required):
                result = self.of(value)
                return Values(result.numbers, both_known(result, self.of(required)), result.digits)
            case Clipped(value, low, high):
                result, unit = self.of(value), 10 ** self.of(value).digits
                return Values(np.clip(result.numbers, low * unit, high * unit), result.known, result.digits)
            case Minus(first, second):
                return _combined(np.subtract, self.of(first), self.of(second))
            case Plus(first, second):
                return _combined(np.add, self.of(first), self.of(second))
            case Ratio(first, second):
                return _ratio(self.of(first), self.of(second))
            case Deviation(count, total, squares):
                return _deviation(self.of(count), self.of(total), self.of(squares))
            case WhenAtLeast(value, share, setting):
                reached = self.of(share).doubles >= float(getattr(self.policy, setting))
                result = self.of(value)
                return Values(
                    result.numbers, reached if result.known is None else reached & result.known, result.digits
                )
            case Shrunken(own, count, company, setting):
                return self._shrunken(self.of(own), self.of(count), company, int(getattr(self.policy, setting)))
            case CompanyMedian():
                medians = self.company.medians[node][self.place]
                known = ~np.isnan(medians)
                return Values(np.where(known, medians, 0.0), known)
            case _:
                return self.fact(node)

    def _shrunken(self, own: Values, count: Values, company: CompanyMedian, weight: int) -> Values:
        pooled, n = self.of(company), count.numbers
        drawn = (n * own.numbers + weight * pooled.numbers) / np.maximum(n + weight, 1)
        return Values(np.where(n < company.least_count, pooled.numbers, drawn), pooled.known)

    def _shut_days(self, since: Ints) -> Ints:
        counts = np.zeros(len(since), np.int64)
        for place in np.unique(self.place):
            at_place, shut = self.place == place, self.company.shut[place]
            until_as_of = np.searchsorted(shut, self.as_of_day[at_place], side="left")
            counts[at_place] = np.maximum(until_as_of - np.searchsorted(shut, since[at_place], side="right"), 0)
        return counts


def _combined(operation: np.ufunc, first: Values, second: Values) -> Values:
    known = both_known(first, second)
    if first.is_exact and second.is_exact and first.digits == second.digits:
        return Values(operation(first.numbers.astype(np.int64), second.numbers.astype(np.int64)), known, first.digits)
    return Values(operation(first.doubles, second.doubles), known)


def _ratio(first: Values, second: Values) -> Values:
    denominator = second.doubles
    above_zero = denominator > 0
    quotient = np.divide(first.doubles, denominator, out=np.zeros(len(denominator)), where=above_zero)
    known = above_zero if first.known is None else above_zero & first.known
    return Values(quotient, known)


def _deviation(count: Values, total: Values, squares: Values) -> Values:
    n, s, ss = count.numbers, total.numbers, squares.numbers
    spread = (n * ss - s * s).astype(np.float64)
    return Values(np.sqrt(spread / np.maximum(n * (n - 1), 1)), n > 1)
