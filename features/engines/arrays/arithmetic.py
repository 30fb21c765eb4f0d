"""Here you find the arithmetic of expressions over whole columns: exact where both sides are, doubles at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from features.engines.arrays.values import Ints, Values, both_known
from features.policy import Policy
from features.primitives import (
    CompanyMedian,
    DaysSince,
    Deviation,
    Expression,
    Minus,
    Plus,
    Primitive,
    Ratio,
    Shrunken,
    WhenAtLeast,
)


@dataclass(frozen=True)
class Arithmetic:
    """Expressions over the answers to a list of queries; each is worked out once.

    Attributes:
        fact: the answer to a primitive.
        company: the company's value for each query.
        as_of_day: of each query, in days since 1970-01-01.
    """

    fact: Callable[[Primitive], Values]
    company: Callable[[CompanyMedian], Values]
    as_of_day: Ints
    policy: Policy
    done: dict[Expression, Values] = field(default_factory=dict)

    def of(self, node: Expression) -> Values:
        """One number a query."""
        if node not in self.done:
            self.done[node] = self._made(node)
        return self.done[node]

    def _made(self, node: Expression) -> Values:
        match node:
            case DaysSince(day):
                seen = self.of(day)
                return Values(self.as_of_day - seen.numbers, seen.known)
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
                return self.company(node)
            case _:
                return self.fact(node)

    def _shrunken(self, own: Values, count: Values, company: CompanyMedian, weight: int) -> Values:
        pooled, n = self.of(company), count.numbers
        drawn = (n * own.numbers + weight * pooled.numbers) / np.maximum(n + weight, 1)
        return Values(np.where(n < company.least_count, pooled.numbers, drawn), pooled.known)


def primitives_of(node: Expression) -> set[Primitive]:
    """The primitives an expression asks of its own customer; those of a company's value are not among them."""
    match node:
        case DaysSince(day):
            return primitives_of(day)
        case Minus(first, second) | Plus(first, second) | Ratio(first, second):
            return primitives_of(first) | primitives_of(second)
        case Deviation(count, total, squares):
            return {count, total, squares}
        case WhenAtLeast(value, share, _):
            return primitives_of(value) | primitives_of(share)
        case Shrunken(own, count, _, _):
            return {own, count}
        case CompanyMedian():
            return set()
        case _:
            return {node}


def company_medians_of(node: Expression) -> set[CompanyMedian]:
    """The company's values an expression needs."""
    match node:
        case Minus(first, second) | Plus(first, second) | Ratio(first, second) | WhenAtLeast(first, second, _):
            return company_medians_of(first) | company_medians_of(second)
        case Shrunken(_, _, company, _):
            return {company}
        case CompanyMedian():
            return {node}
        case _:
            return set()


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
