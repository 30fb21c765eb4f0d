"""The parts of a catalogue's expressions that an engine computes: primitives, company medians, sets of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from features.catalog.definition import Feature
from features.catalog.expressions import operands_of
from features.catalog.primitives import CompanyMedian, Count, Expression, OnRecord, Primitive, Rows, ShutDaysSince

VISIBLE_LINES = Count(Rows.LINES)
"""Always computed: a customer with a visible line has a row in a snapshot."""


@lru_cache(maxsize=16)
def needs_of(catalogue: tuple[Feature, ...]) -> CatalogueNeeds:
    """The needs of a catalogue; computed once."""
    return CatalogueNeeds(catalogue)


class CatalogueNeeds:
    """The needs of a catalogue.

    Attributes:
        primitives: of each customer.
        medians: of the company.
        sets: the sets of rows with a feature that depends on whether any row is on record.
        shut_days: whether a feature needs the closed and missing days.
        with_medians, without_medians: the features that depend on company medians, and the others.
    """

    def __init__(self, catalogue: Iterable[Feature]) -> None:
        catalogue = tuple(catalogue)
        nodes = dict.fromkeys(node for feature in catalogue for node in _customer_parts(feature.expression))
        self.primitives: frozenset[Primitive] = frozenset(
            {VISIBLE_LINES, *(node for node in nodes if isinstance(node, Primitive))}
        )
        self.medians = tuple(node for node in nodes if isinstance(node, CompanyMedian))
        self.sets = tuple(dict.fromkeys(node.rows for node in nodes if isinstance(node, OnRecord)))
        self.shut_days = any(isinstance(node, ShutDaysSince) for node in nodes)
        self.with_medians = tuple(feature for feature in catalogue if _takes_a_median(feature))
        self.without_medians = tuple(feature for feature in catalogue if not _takes_a_median(feature))

    @property
    def median_primitives(self) -> frozenset[Primitive]:
        """The primitives behind the company's medians."""
        return frozenset({VISIBLE_LINES, *(part for node in self.medians for part in (node.value, node.count))})


def _customer_parts(expression: Expression) -> Iterator[Expression]:
    """The expression and all its parts, without the parts of a company's median."""
    yield expression
    if not isinstance(expression, CompanyMedian):
        for operand in operands_of(expression):
            yield from _customer_parts(operand)


def _takes_a_median(feature: Feature) -> bool:
    return any(isinstance(node, CompanyMedian) for node in _customer_parts(feature.expression))
