"""The catalogue over a part of the ledger, at all instants at once.

Rows are taken as if they had been known when they happened and never replaced: then one order by customer and time, and
sums along it, answer every instant and window. That is wrong for a customer at the few instants between a row's
happening (or a correction of it) and our knowing of it; those pairs are answered anew, each from the rows it saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from features.catalog.definition import Feature, Unit
from features.catalog.primitives import CompanyMedian, Primitive, Rows
from features.catalog.row_sets import ON_ORDER_DAYS, ORDER_LINES, SETS, EventStream
from features.engines.columnar.aggregates import Aggregates, of_nothing
from features.engines.columnar.arithmetic import Arithmetic, CompanyRows
from features.engines.columnar.extract import CustomerPart
from features.engines.columnar.nullable import Floats, Ints, Values
from features.engines.columnar.sorted_rows import (
    Edges,
    Positions,
    Queries,
    SortedRows,
    as_seen,
    order_days_of,
    settled,
    unsettled_pairs,
)
from features.engines.expression_parts import SEEN_LINES
from features.engines.instants import Instants
from features.policy import Policy


@dataclass(frozen=True)
class Answers:
    """Answers to primitives for every customer of a part at some places; the places one after the other."""

    part: CustomerPart
    places: Ints
    facts: Mapping[Primitive, Values]

    @property
    def place(self) -> Ints:
        """Of each answer."""
        return np.repeat(self.places, len(self.part.customers))

    def only(self, primitives: Iterable[Primitive]) -> Answers:
        """The answers to some of the primitives alone, without the rows they were made of."""
        part = replace(self.part, streams={})
        return Answers(part, self.places, {node: self.facts[node] for node in primitives})


def answers_of(part: CustomerPart, primitives: Iterable[Primitive], instants: Instants, places: Ints) -> Answers:
    """The primitives for every customer of a part at some places.

    Raises:
        TooLargeError: sums that 64 bits do not hold.
    """
    asked = list(primitives)
    edges = Edges.of((node.window for node in asked if hasattr(node, "window")), instants)
    everybody = Queries.grid(len(part.customers), places)
    facts: dict[Primitive, Values] = {}
    for stream, rows in part.streams.items():
        of_stream = [node for node in asked if _stream_of(node.rows) is stream]
        facts |= _answered(rows, of_stream, edges, instants, everybody, places)
    return Answers(part, places, facts)


def table_of(
    answers: Answers, catalogue: Iterable[Feature], instants: Instants, policy: Policy, company: CompanyRows
) -> pa.Table:
    """The rows of a snapshot: who was known at each instant asked for, by instant and customer."""
    known_from = np.tile(answers.part.known_from, len(answers.places))
    place = answers.place
    is_present = (answers.facts[SEEN_LINES].numbers > 0) | (known_from <= place)
    is_present &= np.isin(np.arange(len(instants)), instants.requested_places)[place]
    present = np.flatnonzero(is_present)
    arithmetic = Arithmetic(
        fact=answers.facts.__getitem__,
        company=company,
        place=place,
        as_of_day=instants.days[place].astype(np.int64),
        policy=policy,
    )
    as_of = pa.array(instants.naive, pa.timestamp("us")).take(pa.array(place[present]))
    customers = len(answers.part.customers)
    customer = answers.part.customers.take(pa.array(present % max(customers, 1)))
    made = _Columns(present)
    columns = [made.of(arithmetic.of(feature.expression), feature.unit) for feature in catalogue]
    return pa.table([as_of, customer, *columns], ["as_of", "customer_id", *(feature.name for feature in catalogue)])


def values_for_median(answers: Answers, node: CompanyMedian, place: int) -> Floats:
    """The values at a place that a company's median is taken over."""
    customers = len(answers.part.customers)
    at = int(np.flatnonzero(answers.places == place)[0]) * customers
    rows = slice(at, at + customers)
    value, count = answers.facts[node.value], answers.facts[node.count]
    counts = count.numbers[rows] >= node.least_count
    if value.known is not None:
        counts &= value.known[rows]
    return np.asarray(value.numbers[rows][counts], dtype=np.float64)


def _answered(
    rows: SortedRows, asked: list[Primitive], edges: Edges, instants: Instants, everybody: Queries, places: Ints
) -> dict[Primitive, Values]:
    facts = _facts(settled(rows, len(instants)), asked, edges, everybody)
    subject, place = unsettled_pairs(rows, len(instants), by_day=instants.are_midnights)
    at = np.searchsorted(places, place)
    wanted = (at < len(places)) & (places[np.minimum(at, len(places) - 1)] == place)
    if not wanted.any():
        return facts
    subject, place, at = subject[wanted], place[wanted], at[wanted]
    pairs = Queries(np.arange(len(subject)), place, np.zeros(len(subject), np.int64))
    anew = _facts(as_seen(rows, subject, place), asked, edges, pairs)
    return {node: facts[node].but(at * rows.subjects + subject, anew[node]) for node in asked}


def _facts(rows: SortedRows, asked: list[Primitive], edges: Edges, queries: Queries) -> dict[Primitive, Values]:
    of_rows = [node for node in asked if node.rows not in ON_ORDER_DAYS]
    of_days = [node for node in asked if node.rows in ON_ORDER_DAYS]
    found = _over(rows, of_rows, edges, queries)
    return found | _over(order_days_of(rows), of_days, edges, queries) if of_days else found


def _over(rows: SortedRows, asked: list[Primitive], edges: Edges, queries: Queries) -> dict[Primitive, Values]:
    if not len(rows):
        return {node: of_nothing(node, rows, queries) for node in asked}
    facts = Aggregates(Positions(rows, edges, queries), asked)
    return {node: facts.of(node) for node in asked}


def _stream_of(rows: Rows) -> EventStream:
    return ORDER_LINES if rows in ON_ORDER_DAYS else SETS[rows].stream


@dataclass(frozen=True)
class _Columns:
    """Arrow columns of some of the answers.

    Attributes:
        rows: which, ascending.
        unknown: of each type the column of which nothing is known, made once for all that say nothing.
    """

    rows: Ints
    unknown: dict[pa.DataType, pa.Array] = field(default_factory=dict)

    def of(self, values: Values, unit: Unit) -> pa.Array:
        """One feature."""
        kind = {Unit.DATE: pa.date32(), Unit.COUNT: pa.int64()}.get(unit, pa.float64())
        if values.known is not None and not values.known.any():
            if kind not in self.unknown:
                self.unknown[kind] = pa.nulls(len(self.rows), kind)
            return self.unknown[kind]
        some = values if len(self.rows) == len(values.numbers) else values.take(self.rows)
        unknown = None if some.known is None else ~some.known
        if unit is Unit.DATE:
            return pa.array(some.numbers.astype(np.int32), pa.int32(), mask=unknown).view(pa.date32())
        if unit is Unit.COUNT:
            return pa.array(some.numbers.astype(np.int64), pa.int64(), mask=unknown)
        return pa.array(Values(some.numbers, None, some.digits).doubles, pa.float64(), mask=unknown)
