"""The columnar engine over a whole ledger, part by part, two parts at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from features.catalog.definition import Feature
from features.catalog.primitives import CompanyMedian, Primitive, Rows
from features.catalog.row_sets import ORDER_LINES, SETS, EventStream, define_days
from features.engines.columnar.arithmetic import CompanyRows
from features.engines.columnar.extract import CustomerPart, NeededColumns, columns_read, needed_of, read_part
from features.engines.columnar.medians import NOTHING, ValueCounts
from features.engines.columnar.nullable import Ints
from features.engines.columnar.part_answers import Answers, answers_of, table_of, values_for_median
from features.engines.company_values import CompanyValues
from features.engines.expression_parts import CatalogueNeeds, needs_of
from features.engines.instants import Instants
from features.engines.partitions import Memory, parts_of
from features.ledger.business_calendar import shut_days
from features.ledger.customer_range import EVERYBODY, CustomerRange
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.progress import Progress, no_progress

WORKERS = 2
"""Parts at work at once: numpy lets two run side by side; more would only divide the memory."""

FEW_LINES = 50_000
"""This many lines fit in any memory, however they are spread over customers."""

PartResult = TypeVar("PartResult")
Medians = dict[CompanyMedian, dict[datetime, float]]
Tallies = dict[tuple[CompanyMedian, int], ValueCounts]


@dataclass(frozen=True)
class _WithoutMedians:
    """The rows of a part without the columns that depend on the company's medians.

    Attributes:
        answers: the inputs of those columns.
        tallies: the values behind the medians, counted.
    """

    table: pa.Table
    answers: Answers
    tallies: Tallies

    def table_with(self, more: pa.Table) -> pa.Table:
        """The rows with the columns of another table of the same rows."""
        table = self.table
        for name in more.column_names[table.column_names.index("customer_id") + 1 :]:
            table = table.append_column(name, more.column(name))
        return table


@dataclass(frozen=True)
class EngineRun:
    """One catalogue over one ledger at some instants.

    Attributes:
        customers: only these; None: all.
        company: the company's values; None: they are computed on the way.
    """

    ledger: Ledger
    instants: Instants
    policy: Policy
    catalogue: tuple[Feature, ...]
    memory: Memory
    customers: Sequence[str] | None = None
    company: CompanyValues | None = None

    def tables(self, progress: Progress) -> Iterator[pa.Table]:
        """The rows of a snapshot, part by part in ascending order of customers; within one by as_of and customer_id.

        Raises:
            TooLargeError: sums that 64 bits do not hold.
        """
        if self._makes_medians and len(self._parts) == 1:
            yield from self._tables_with_medians(progress)
            return
        needs, places = self._needs, self.instants.requested_places
        company = self._at_places(self.company or self.company_values())

        def table(part: CustomerPart) -> pa.Table:
            answers = answers_of(part, needs.primitives, self.instants, places)
            return table_of(answers, self.catalogue, self.instants, self.policy, company)

        yield from self._results(table, needs.primitives, progress)

    def all_tables(self) -> list[pa.Table]:
        """The tables of ``tables`` in memory; the ledger is mostly read once, for the company's medians too.

        Raises:
            TooLargeError: sums that 64 bits do not hold.
        """
        if self._makes_medians and self.instants.are_midnights:  # all others would be answered at midnights too
            return self._tables_with_medians(no_progress)
        return list(self.tables(no_progress))

    def company_values(self) -> CompanyValues:
        """The company's values at 00:00 of every instant's business day."""
        values = self.company_values_without_medians
        return replace(values, medians=self._medians()) if self._needs.medians else values

    @property
    def _makes_medians(self) -> bool:
        """Whether the company's medians are computed on the way, over all requested customers."""
        return self.company is None and self.customers is None and bool(self._needs.medians)

    @cached_property
    def _needs(self) -> CatalogueNeeds:
        return needs_of(self.catalogue)

    @cached_property
    def company_values_without_medians(self) -> CompanyValues:
        """The company's values without its medians, which take a pass of their own."""
        with self.opened(self.memory.database_bytes) as connection:
            since = _recorded_since(connection, self._needs.sets)
            shut: dict[datetime, tuple[date, ...]] = {as_of.naive: () for as_of in self.instants.midnights}
            if self._needs.shut_days:
                days_shut = shut_days(connection, self.instants.midnights, self.policy)
                for as_of, day in zip(
                    days_shut.column("as_of").to_pylist(), days_shut.column("day").to_pylist(), strict=True
                ):
                    shut[as_of] += (day,)
        return CompanyValues(medians={}, recorded_since=since, shut=shut)

    def _medians(self) -> Medians:
        nodes, places = self._needs.median_primitives, np.unique(self.instants.midnight_places)
        whole_ledger = self if self.customers is None else replace(self, customers=None)

        def tallies_of(part: CustomerPart) -> Tallies:
            return self._tallies(answers_of(part, nodes, self.instants, places), places)

        return self._medians_of(whole_ledger._results(tallies_of, nodes, no_progress), places)

    def _tallies(self, answers: Answers, places: Ints) -> Tallies:
        """The values behind each of the company's medians at some places, in one part."""
        pairs = ((node, place) for node in self._needs.medians for place in places)
        return {(node, place): ValueCounts.of(values_for_median(answers, node, place)) for node, place in pairs}

    def _medians_of(self, parts: Iterable[Tallies], places: Ints) -> Medians:
        counts = {(node, place): NOTHING for node in self._needs.medians for place in places}
        for part in parts:
            for key, values in part.items():
                counts[key] += values
        naive = self.instants.naive
        return {node: {naive[place]: counts[node, place].median for place in places} for node in self._needs.medians}

    def _tables_with_medians(self, progress: Progress) -> list[pa.Table]:
        """The tables, with the company's medians from the same answers; features that need them are computed last."""
        early, late = self._needs.without_medians, self._needs.with_medians
        nodes = self._needs.primitives | self._needs.median_primitives
        places = np.arange(len(self.instants))
        midnights = np.unique(self.instants.midnight_places)
        before_medians = self._at_places(self.company_values_without_medians)

        def without_medians(part: CustomerPart) -> _WithoutMedians:
            answers = answers_of(part, nodes, self.instants, places)
            table = table_of(answers, early, self.instants, self.policy, before_medians)
            return _WithoutMedians(table, answers.only(needs_of(late).primitives), self._tallies(answers, midnights))

        parts = list(self._results(without_medians, nodes, progress))
        medians = self._medians_of([part.tallies for part in parts], midnights)
        company = self._at_places(replace(self.company_values_without_medians, medians=medians))
        tables = (part.table_with(table_of(part.answers, late, self.instants, self.policy, company)) for part in parts)
        return [
            table.select(["as_of", "customer_id", *(feature.name for feature in self.catalogue)]) for table in tables
        ]

    def _at_places(self, values: CompanyValues) -> CompanyRows:
        """The company's values by place."""
        naive = [self.instants.naive[place] for place in self.instants.midnight_places]
        return CompanyRows(
            medians={
                node: np.array([by_midnight[midnight] for midnight in naive])
                for node, by_midnight in values.medians.items()
            },
            recorded={
                rows: np.array([since is not None and since < midnight for midnight in naive])
                for rows, since in values.recorded_since.items()
            },
            shut=[np.array(values.shut[midnight], dtype="datetime64[D]").astype(np.int64) for midnight in naive],
        )

    @cached_property
    def _parts(self) -> list[CustomerRange]:
        """The parts: the same in every pass, as large as the memory allows in the largest pass."""
        lines = self.ledger.order_lines
        if self.customers is not None or (isinstance(lines, pa.Table) and len(lines) <= FEW_LINES):
            return [EVERYBODY]
        nodes = self._needs.primitives | self._needs.median_primitives
        with self.opened(self.memory.database_bytes) as connection:
            return parts_of(
                connection,
                [needs.stream for needs in needed_of(nodes)],
                numbers_per_customer=len(self.instants) * (len(self.catalogue) + len(nodes)),
                part_bytes=self.memory.part_bytes // WORKERS,
            )

    def _results(
        self, result_of: Callable[[CustomerPart], PartResult], nodes: frozenset[Primitive], progress: Progress
    ) -> Iterator[PartResult]:
        """The result of each part, in order; at most two parts are at work or waiting."""
        needed, parts = needed_of(nodes), self._parts
        together = min(WORKERS, len(parts))
        if together == 1:
            yield self._part_result(result_of, needed, parts[0], together)
            return
        waiting: deque[Future[PartResult]] = deque()
        with ThreadPoolExecutor(together) as pool:
            for at, part in enumerate(parts):
                progress("Computing features", at / len(parts))
                if len(waiting) == together:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(self._part_result, result_of, needed, part, together))
            while waiting:
                yield waiting.popleft().result()

    def _part_result(
        self,
        result_of: Callable[[CustomerPart], PartResult],
        needed: Sequence[NeededColumns],
        part: CustomerRange,
        together: int,
    ) -> PartResult:
        return result_of(self._read(needed, part, together))

    def _read(self, needed: Sequence[NeededColumns], part: CustomerRange, together: int) -> CustomerPart:
        ledger, where = self.ledger, part.condition
        if self.customers is not None:
            ledger = ledger.of_customers(self.customers, columns_read(needed))
            where = "customer_id IN (SELECT customer_id FROM requested)"
        streams = [stream.stream for stream in needed if stream.stream is not ORDER_LINES]
        empty = [
            stream
            for stream in streams
            if not ledger.holds(stream.view, stream.required_column) or stream in self._never_seen
        ]
        threads = None if together == 1 else 1
        with replace(self, ledger=ledger).opened(
            self.memory.database_bytes // together, threads, within=part
        ) as connection:
            if self.customers is not None:
                connection.register("requested", pa.table({"customer_id": pa.array(self.customers, pa.string())}))
            return read_part(connection, needed, self.instants, where=where, empty=empty)

    @property
    def _never_seen(self) -> set[EventStream]:
        """Streams that surely have no row in this ledger; company values that were passed in may be of an older one."""
        since = {} if self.company is not None else self.company_values_without_medians.recorded_since
        whole = (SETS[rows] for rows, first in since.items() if first is None)
        return {row_set.stream for row_set in whole if row_set.condition == "TRUE"}

    def opened(
        self, size: int, threads: int | None = None, *, within: CustomerRange = EVERYBODY
    ) -> duckdb.DuckDBPyConnection:
        """A connection with the ledger's views that knows business days; close it after use. ``size`` in bytes."""
        connection = self.ledger.open(memory=f"{size // 10**6}MB", threads=threads, within=within)
        define_days(connection, self.policy.time_zone)
        return connection


def _recorded_since(connection: duckdb.DuckDBPyConnection, sets: Sequence[Rows]) -> dict[Rows, datetime | None]:
    """The time the first row of each set became visible; None: it has none. A view is read once for all its sets."""
    sets_of: dict[str, list[Rows]] = {}
    for rows in sets:
        sets_of.setdefault(SETS[rows].stream.view, []).append(rows)
    since: dict[Rows, datetime | None] = {}
    for view, of_view in sets_of.items():
        firsts = ", ".join(map(_first_visible, of_view))
        since |= zip(of_view, connection.sql(f"SELECT {firsts} FROM {view}").fetchall()[0], strict=True)
    return since


def _first_visible(rows: Rows) -> str:
    """SQL over the set's view: the time its first row became visible."""
    row_set = SETS[rows]
    return f"min({row_set.stream.begins}) FILTER (({row_set.stream.where}) AND ({row_set.condition}))"
