"""What expressions are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from features.catalog.definition import Feature
from features.catalog.primitives import (
    Clipped,
    CompanyMedian,
    Count,
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

SEEN_LINES = Count(Rows.LINES)
"""Says who is a customer, whatever the catalogue asks."""

ARITHMETIC = (
    Number,
    DaysSince,
    DaysUntil,
    ShutDaysSince,
    OnRecord,
    WhereKnown,
    Clipped,
    Minus,
    Plus,
    Ratio,
    Deviation,
    WhenAtLeast,
    CompanyMedian,
    Shrunken,
)


def parts_of_expression(node: Expression) -> Iterator[Expression]:
    """An expression and all it is made of; of a company's value not what the company is asked."""
    yield node
    match node:
        case DaysSince(first) | DaysUntil(first) | ShutDaysSince(first) | OnRecord(first, _) | Clipped(first, _, _):
            yield from parts_of_expression(first)
        case (
            Minus(first, second)
            | Plus(first, second)
            | Ratio(first, second)
            | WhereKnown(first, second)
            | WhenAtLeast(first, second, _)
        ):
            yield from parts_of_expression(first)
            yield from parts_of_expression(second)
        case Deviation(count, total, squares):
            yield from (count, total, squares)
        case Shrunken(own, count, company, _):
            yield from (own, count, company)
        case _:
            return


@lru_cache(maxsize=16)
def wanted_by(catalogue: tuple[Feature, ...]) -> Wanted:
    """What a catalogue needs; worked out once."""
    return Wanted(catalogue)


class Wanted:
    """What a catalogue needs.

    Attributes:
        primitives: of each customer.
        medians: of the company.
        sets: of which must be known whether they are on record.
        shut_days: whether closed and missing days are asked for.
        with_medians, without_medians: the features that the company's values enter, and the others.
    """

    def __init__(self, catalogue: Iterable[Feature]) -> None:
        catalogue = tuple(catalogue)
        nodes = dict.fromkeys(part for feature in catalogue for part in parts_of_expression(feature.expression))
        self.primitives: frozenset[Primitive] = frozenset(
            {SEEN_LINES, *(node for node in nodes if not isinstance(node, ARITHMETIC))}
        )
        self.medians = tuple(node for node in nodes if isinstance(node, CompanyMedian))
        self.sets = tuple(dict.fromkeys(node.rows for node in nodes if isinstance(node, OnRecord)))
        self.shut_days = any(isinstance(node, ShutDaysSince) for node in nodes)
        self.with_medians = tuple(feature for feature in catalogue if _takes_a_median(feature))
        self.without_medians = tuple(feature for feature in catalogue if not _takes_a_median(feature))

    @property
    def asked_by_medians(self) -> frozenset[Primitive]:
        """The primitives the company's values are taken over."""
        return frozenset({SEEN_LINES, *(part for node in self.medians for part in (node.value, node.count))})


def _takes_a_median(feature: Feature) -> bool:
    return any(isinstance(part, CompanyMedian) for part in parts_of_expression(feature.expression))
