"""Here you find the engine of arrays run over a whole ledger, part by part, two parts at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from features.company import CompanyValues
from features.definition import Feature
from features.engines.arrays.engine import (
    SEEN_LINES,
    Medians,
    answers_of,
    table_of,
    values_for_median,
    wanted_medians,
    wanted_primitives,
)
from features.engines.arrays.reading import Needed, Part, needed_of, read_part
from features.engines.arrays.values import Floats
from features.engines.instants import Instants
from features.ledger.ledger import Ledger
from features.parts import Memory, parts_of
from features.policy import Policy
from features.primitives import CompanyMedian, Primitive

WORKERS = 2
"""Parts at work at once: numpy lets two run side by side, more would only share the memory."""

Made = TypeVar("Made")
Told = Callable[[int, int], None]
"""Told how many parts are done, and of how many."""


@dataclass(frozen=True)
class Run:
    """One catalogue over one ledger at some instants.

    Attributes:
        customers: only these; None: all.
        company: the company's values; None: they are made on the way.
    """

    ledger: Ledger
    instants: Instants
    policy: Policy
    catalogue: tuple[Feature, ...]
    memory: Memory
    customers: Sequence[str] | None = None
    company: CompanyValues | None = None

    def tables(self, told: Told) -> Iterator[pa.Table]:
        """The rows of a snapshot, part by part in ascending order of customers; within one by as_of and customer_id.

        Raises:
            TooLargeError: sums that 64 bits do not hold.
        """
        nodes, medians = wanted_primitives(self.catalogue), wanted_medians(self.catalogue)
        if self.company is not None or not medians:
            found = self._given(medians)
            yield from self._each(lambda part: self._table(part, nodes, found), nodes, self._parts(nodes), told)
            return
        parts = self._parts(nodes)
        if len(parts) > 1 or self.customers is not None:
            found = self._medians(medians)
            yield from self._each(lambda part: self._table(part, nodes, found), nodes, parts, told)
            return
        both = nodes | _asked_by(medians)
        yield from self._each(lambda part: self._whole(part, both, medians), both, parts, told)

    def company_values(self) -> CompanyValues:
        """The company's values at 00:00 of every instant's business day."""
        medians = self._medians(wanted_medians(self.catalogue))
        midnights = sorted({int(place) for place in self.instants.midnight_places})
        naive = self.instants.naive
        return CompanyValues(
            {node: {naive[place]: float(found[place]) for place in midnights} for node, found in medians.items()}
        )

    def _given(self, medians: Sequence[CompanyMedian]) -> Medians:
        if self.company is None:
            return {}
        naive = [self.instants.naive[place] for place in self.instants.midnight_places]
        return {node: np.array([self.company.medians[node][each] for each in naive]) for node in medians}

    def _medians(self, medians: Sequence[CompanyMedian]) -> Medians:
        nodes = _asked_by(medians)
        places = np.unique(self.instants.midnight_places)
        everybody = Run(self.ledger, self.instants, self.policy, self.catalogue, self.memory)

        def values(part: Part) -> dict[tuple[CompanyMedian, int], Floats]:
            answers = answers_of(part, nodes, self.instants, places)
            return {(node, place): values_for_median(answers, node, place) for node in medians for place in places}

        parts = list(everybody._each(values, nodes, everybody._parts(nodes), nobody))
        found = {}
        for node in medians:
            at = {place: _median(np.concatenate([part[node, place] for part in parts])) for place in places}
            found[node] = np.array([at[place] for place in self.instants.midnight_places])
        return found

    def _whole(self, part: Part, nodes: frozenset[Primitive], medians: Sequence[CompanyMedian]) -> pa.Table:
        answers = answers_of(part, nodes, self.instants, np.arange(len(self.instants)))
        midnights = self.instants.midnight_places
        found = {
            node: np.array([_median(values_for_median(answers, node, place)) for place in midnights])
            for node in medians
        }
        return table_of(answers, self.catalogue, self.instants, self.policy, found)

    def _table(self, part: Part, nodes: frozenset[Primitive], medians: Medians) -> pa.Table:
        answers = answers_of(part, nodes, self.instants, self.instants.asked_places)
        return table_of(answers, self.catalogue, self.instants, self.policy, medians)

    def _parts(self, nodes: frozenset[Primitive]) -> list[str]:
        if self.customers is not None:
            return ["customer_id IN (SELECT customer_id FROM wanted)"]
        numbers = len(self.instants) * (len(self.catalogue) + len(nodes))
        with self.ledger.open(memory=_text(self.memory.database_bytes)) as connection:
            return parts_of(connection, numbers_per_customer=numbers, part_bytes=self.memory.part_bytes // WORKERS)

    def _each(
        self, make: Callable[[Part], Made], nodes: frozenset[Primitive], parts: Sequence[str], told: Told
    ) -> Iterator[Made]:
        """What is made of each part, in order; at most two parts are at work or waiting to be taken."""
        needed = needed_of(nodes)
        together = min(WORKERS, len(parts))
        waiting: deque[Future[Made]] = deque()
        with ThreadPoolExecutor(together) as pool:
            for at, where in enumerate(parts):
                told(at, len(parts))
                if len(waiting) == together:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(self._made, make, needed, where, together))
            while waiting:
                yield waiting.popleft().result()

    def _made(self, make: Callable[[Part], Made], needed: Sequence[Needed], where: str, together: int) -> Made:
        return make(self._read(needed, where, together))

    def _read(self, needed: Sequence[Needed], where: str, together: int) -> Part:
        threads = None if together == 1 else 1
        memory = _text(self.memory.database_bytes // together)
        with self.ledger.open(memory=memory, threads=threads) as connection:
            if self.customers is not None:
                connection.register("wanted", pa.table({"customer_id": pa.array(self.customers, pa.string())}))
            return read_part(connection, needed, self.instants, where)


def _asked_by(medians: Sequence[CompanyMedian]) -> frozenset[Primitive]:
    return frozenset({SEEN_LINES, *(part for node in medians for part in (node.value, node.count))})


def _median(values: Floats) -> float:
    """The middle value, or halfway between the two; NaN of none."""
    if not len(values):
        return float("nan")
    ordered = np.sort(values)
    low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    return float(low + (high - low) * 0.5)


def _text(size: int) -> str:
    """A number of bytes, as DuckDB wants to be told."""
    return f"{size // 10**6}MB"


def nobody(done: int, total: int) -> None:
    """Nobody is told."""
