"""The catalogue over a part of the ledger, at all instants at once.

First, rows count as known when they happened and as never replaced: then one order by customer and time, with sums
along it, answers every instant and window. For a customer this is wrong at the few instants between a row's happened-at
(or a correction) and its known-at. Those pairs are computed again, each from the rows that it saw.
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
from features.engines.expression_parts import VISIBLE_LINES
from features.engines.instants import Instants
from features.policy import Policy


@dataclass(frozen=True)
class Answers:
    """Answers to primitives for every customer of a part at some places, one place after the other."""

    part: CustomerPart
    places: Ints
    facts: Mapping[Primitive, Values]

    @property
    def place(self) -> Ints:
        """The place of each answer."""
        return np.repeat(self.places, len(self.part.customers))

    def only(self, primitives: Iterable[Primitive]) -> Answers:
        """The answers to some of the primitives, without the rows behind them."""
        part = replace(self.part, streams={})
        return Answers(part, self.places, {node: self.facts[node] for node in primitives})


def answers_of(part: CustomerPart, primitives: Iterable[Primitive], instants: Instants, places: Ints) -> Answers:
    """The primitives for every customer of a part at some places.

    Raises:
        TooLargeError: sums that 64 bits do not hold.
    """
    nodes = list(primitives)
    edges = Edges.of((node.window for node in nodes if hasattr(node, "window")), instants)
    queries = Queries.grid(len(part.customers), places)
    facts: dict[Primitive, Values] = {}
    for stream, rows in part.streams.items():
        of_stream = [node for node in nodes if _stream_of(node.rows) is stream]
        facts |= _answered(rows, of_stream, edges, instants, queries, places)
    return Answers(part, places, facts)


def table_of(
    answers: Answers, catalogue: Iterable[Feature], instants: Instants, policy: Policy, company: CompanyRows
) -> pa.Table:
    """The rows of a snapshot: the customers known at each requested instant, by instant and customer."""
    known_from = np.tile(answers.part.known_from, len(answers.places))
    place = answers.place
    is_present = (answers.facts[VISIBLE_LINES].numbers > 0) | (known_from <= place)
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
    arrow = _Columns(present)
    columns = [arrow.of(arithmetic.of(feature.expression), feature.unit) for feature in catalogue]
    return pa.table([as_of, customer, *columns], ["as_of", "customer_id", *(feature.name for feature in catalogue)])


def values_for_median(answers: Answers, node: CompanyMedian, place: int) -> Floats:
    """The values behind a company's median at a place."""
    customers = len(answers.part.customers)
    at = int(np.flatnonzero(answers.places == place)[0]) * customers
    rows = slice(at, at + customers)
    value, count = answers.facts[node.value], answers.facts[node.count]
    counts = count.numbers[rows] >= node.least_count
    if value.known is not None:
        counts &= value.known[rows]
    return np.asarray(value.numbers[rows][counts], dtype=np.float64)


def _answered(
    rows: SortedRows, nodes: list[Primitive], edges: Edges, instants: Instants, queries: Queries, places: Ints
) -> dict[Primitive, Values]:
    facts = _facts(settled(rows, len(instants)), nodes, edges, queries)
    subject, place = unsettled_pairs(rows, len(instants), by_day=instants.are_midnights)
    at = np.searchsorted(places, place)
    is_requested = (at < len(places)) & (places[np.minimum(at, len(places) - 1)] == place)
    if not is_requested.any():
        return facts
    subject, place, at = subject[is_requested], place[is_requested], at[is_requested]
    pairs = Queries(np.arange(len(subject)), place, np.zeros(len(subject), np.int64))
    as_seen_facts = _facts(as_seen(rows, subject, place), nodes, edges, pairs)
    return {node: facts[node].replaced(at * rows.subjects + subject, as_seen_facts[node]) for node in nodes}


def _facts(rows: SortedRows, nodes: list[Primitive], edges: Edges, queries: Queries) -> dict[Primitive, Values]:
    of_rows = [node for node in nodes if node.rows not in ON_ORDER_DAYS]
    of_days = [node for node in nodes if node.rows in ON_ORDER_DAYS]
    facts = _over(rows, of_rows, edges, queries)
    return facts | _over(order_days_of(rows), of_days, edges, queries) if of_days else facts


def _over(rows: SortedRows, nodes: list[Primitive], edges: Edges, queries: Queries) -> dict[Primitive, Values]:
    if not len(rows):
        return {node: of_nothing(node, rows, queries) for node in nodes}
    facts = Aggregates(Positions(rows, edges, queries), nodes)
    return {node: facts.of(node) for node in nodes}


def _stream_of(rows: Rows) -> EventStream:
    return ORDER_LINES if rows in ON_ORDER_DAYS else SETS[rows].stream


@dataclass(frozen=True)
class _Columns:
    """Arrow columns of some of the answers.

    Attributes:
        rows: the indices of these answers, ascending.
        unknown: type → a column of missing values, shared by all features without a value.
    """

    rows: Ints
    unknown: dict[pa.DataType, pa.Array] = field(default_factory=dict)

    def of(self, values: Values, unit: Unit) -> pa.Array:
        """One feature."""
        type_ = {Unit.DATE: pa.date32(), Unit.COUNT: pa.int64()}.get(unit, pa.float64())
        if values.known is not None and not values.known.any():
            if type_ not in self.unknown:
                self.unknown[type_] = pa.nulls(len(self.rows), type_)
            return self.unknown[type_]
        chosen = values if len(self.rows) == len(values.numbers) else values.take(self.rows)
        unknown = None if chosen.known is None else ~chosen.known
        if unit is Unit.DATE:
            return pa.array(chosen.numbers.astype(np.int32), pa.int32(), mask=unknown).view(pa.date32())
        if unit is Unit.COUNT:
            return pa.array(chosen.numbers.astype(np.int64), pa.int64(), mask=unknown)
        return pa.array(Values(chosen.numbers, None, chosen.digits).doubles, pa.float64(), mask=unknown)
