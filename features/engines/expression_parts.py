"""What a catalogue needs of the ledger: primitives, company medians, sets of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from features.catalog.definition import Feature
from features.catalog.primitives import (
    CompanyMedian,
    Count,
    Expression,
    OnRecord,
    Primitive,
    Rows,
    ShutDaysSince,
    operands_of,
)

SEEN_LINES = Count(Rows.LINES)
"""Decides who is a customer, whatever the catalogue holds."""


@lru_cache(maxsize=16)
def wanted_by(catalogue: tuple[Feature, ...]) -> Wanted:
    """What a catalogue needs; computed once."""
    return Wanted(catalogue)


class Wanted:
    """What a catalogue needs.

    Attributes:
        primitives: of each customer.
        medians: of the company.
        sets: the sets of rows for which a feature depends on whether any row is on record.
        shut_days: whether a feature needs the closed and missing days.
        with_medians, without_medians: the features that depend on company medians, and the others.
    """

    def __init__(self, catalogue: Iterable[Feature]) -> None:
        catalogue = tuple(catalogue)
        nodes = dict.fromkeys(node for feature in catalogue for node in _asked_of_customers(feature.expression))
        self.primitives: frozenset[Primitive] = frozenset(
            {SEEN_LINES, *(node for node in nodes if isinstance(node, Primitive))}
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


def _asked_of_customers(expression: Expression) -> Iterator[Expression]:
    """The expression and all it is made of, but for what a company's median is taken over."""
    yield expression
    if not isinstance(expression, CompanyMedian):
        for operand in operands_of(expression):
            yield from _asked_of_customers(operand)


def _takes_a_median(feature: Feature) -> bool:
    return any(isinstance(node, CompanyMedian) for node in _asked_of_customers(feature.expression))
