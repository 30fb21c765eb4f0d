"""Primitives over sorted rows: prefix sums where a primitive adds up, one sort where it does not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from features.catalog.primitives import Column, Count, Distinct, Last, Max, Min, Primitive, Quantile, Rows, Sum, Window
from features.engines.columnar.nullable import Bools, Ints, Values, whole
from features.engines.columnar.sorted_rows import Positions, Queries, SortedRows, TooLargeError

LARGEST_SUM = 2**62
NEVER = 2**15 - 1  # a place beyond all others

Result = TypeVar("Result")


class Aggregates:
    """Answers to primitives over one stream of at least one row, for every query."""

    def __init__(self, positions: Positions, primitives: Iterable[Primitive]) -> None:
        self._positions = positions
        self._primitives = tuple(primitives)
        self._cache: dict[Hashable, Any] = {}

    def of(self, node: Primitive) -> Values:
        """One number per query."""
        match node:
            case Count(rows, window):
                return Values(self._count(rows, window))
            case Sum(rows, column, window):
                begin, end = self._positions.of(window)
                sums = self._prefix_sums(rows, column)
                upto = sums[end] if window.end_days else self._once(("upto", rows, column), lambda: sums[end])
                return Values(upto - sums[begin], None, self._positions.rows.columns[column].digits)
            case Min(rows, column, window):
                return self._extreme(rows, column, window, np.minimum)
            case Max(rows, column, window):
                return self._extreme(rows, column, window, np.maximum)
            case Last(rows, column):
                return self._known_values(rows, column).at_end(self._positions, Window(None))
            case Quantile(rows, column, share):
                return _quantile(self._by_size(rows, column), self._known_values(rows, column), self._positions, share)
            case Distinct(rows, column, window):
                counts = self._once(("distinct", rows, column), lambda: self._distinct(rows, column))[window]
                return Values(counts, (counts > 0) | (self._count(rows, window) == 0))

    def _count(self, rows: Rows, window: Window) -> Ints:
        begin, end = self._positions.of(window)
        mask = self._positions.rows.masks.get(rows)
        if mask is None:
            return end - begin
        upto = self._once(("count", rows), lambda: _prefixed(mask))
        return np.asarray(upto[end] - upto[begin])

    def _prefix_sums(self, rows: Rows, column: Column) -> Ints:
        return self._once(("sum", rows, column), lambda: self._summed_up(rows, column))

    def _summed_up(self, rows: Rows, column: Column) -> Ints:
        values, mask = self._positions.rows.columns[column], self._positions.rows.masks.get(rows)
        numbers = whole(values)
        if values.known is not None:
            mask = values.known if mask is None else mask & values.known
        if mask is not None:
            numbers = np.where(mask, numbers, 0)
        _refuse_large_sums(numbers, self._positions)
        return _prefixed(numbers)

    def _extreme(self, rows: Rows, column: Column, window: Window, reduction: np.ufunc) -> Values:
        known_values = self._known_values(rows, column)
        if column is not Column.DAY:
            return known_values.reduced(self._positions, window, reduction)
        at_edge = known_values.at_begin if reduction is np.minimum else known_values.at_end  # days are in order
        return at_edge(self._positions, window)

    def _distinct(self, rows: Rows, column: Column) -> dict[Window, Ints]:
        distinct_nodes = (node for node in self._primitives if isinstance(node, Distinct))
        windows = {node.window for node in distinct_nodes if (node.rows, node.column) == (rows, column)}
        return _Occurrences.of(self._known_values(rows, column), self._positions).in_windows(self._positions, windows)

    def _known_values(self, rows: Rows, column: Column) -> _KnownValues:
        return self._once(("known", rows, column), lambda: _KnownValues.of(self._positions, rows, column))

    def _by_size(self, rows: Rows, column: Column) -> _ValuesBySize:
        known_values = self._known_values(rows, column)
        return self._once(("by size", rows, column), lambda: _ValuesBySize.of(known_values, self._positions))

    def _once(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        if key not in self._cache:
            self._cache[key] = compute()
        result: Result = self._cache[key]
        return result


def of_nothing(node: Primitive, rows: SortedRows, queries: Queries) -> Values:
    """The answers where a stream has no row, stored as one number; with the type and digits that rows would give."""
    size = len(queries)
    unknown = np.broadcast_to(np.zeros(1, bool), size)
    match node:
        case Count() | Distinct():
            return Values(np.broadcast_to(np.zeros(1, np.int64), size))
        case Quantile():
            return Values(np.broadcast_to(np.zeros(1, np.float64), size), unknown)
        case Sum(_, column):
            return Values(np.broadcast_to(np.zeros(1, np.int64), size), None, rows.columns[column].digits)
        case Min(_, column) | Max(_, column) | Last(_, column):
            values = rows.columns[column]
            return Values(np.broadcast_to(np.zeros(1, values.numbers.dtype), size), unknown, values.digits)


@dataclass(frozen=True)
class _KnownValues:
    """The known values of one set's rows, in order of time.

    Attributes:
        before: number of values before each row of the stream.
        rows: the index of each value's row in the stream.
    """

    values: Values
    before: Ints
    rows: Ints

    @classmethod
    def of(cls, positions: Positions, rows: Rows, column: Column) -> _KnownValues:
        values, mask = positions.rows.columns[column], positions.rows.masks.get(rows)
        if values.known is not None:
            mask = values.known if mask is None else mask & values.known
        inside = np.ones(len(positions.rows), bool) if mask is None else mask
        return cls(Values(values.numbers[inside], None, values.digits), _prefixed(inside), np.flatnonzero(inside))

    def within(self, positions: Positions, window: Window) -> tuple[Ints, Ints]:
        begin, end = positions.of(window)
        return self.before[begin], self.before[end]

    def at_end(self, positions: Positions, window: Window) -> Values:
        begin, end = self.within(positions, window)
        return self._picked(end - 1, begin < end)

    def at_begin(self, positions: Positions, window: Window) -> Values:
        begin, end = self.within(positions, window)
        return self._picked(begin, begin < end)

    def _picked(self, index: Ints, known: Bools) -> Values:
        padded = np.append(self.values.numbers, 0)
        return Values(padded[np.where(known, index, len(padded) - 1)], known, self.values.digits)

    def reduced(self, positions: Positions, window: Window, reduction: np.ufunc) -> Values:
        begin, end = self.within(positions, window)
        padded = np.append(self.values.numbers, 0)
        pairs = np.empty(2 * len(begin), np.int64)
        pairs[0::2], pairs[1::2] = begin, end
        reduced_values = reduction.reduceat(padded, pairs)[0::2] if len(begin) else padded[:0]
        return Values(reduced_values, begin < end, self.values.digits)


@dataclass(frozen=True)
class _ValuesBySize:
    """The values of one set in order of subject and size, each with its place."""

    values: Ints
    place: Ints
    subject: Ints
    subjects: int

    @classmethod
    def of(cls, known_values: _KnownValues, positions: Positions) -> _ValuesBySize:
        rows = positions.rows
        parts = (rows.subject[known_values.rows], whole(known_values.values), rows.place[known_values.rows])
        subject, values, place = _sorted_together(parts)
        return cls(values, place, subject, rows.subjects)

    @cached_property
    def limits(self) -> dict[int, tuple[Ints, Ints]]:
        """Limit → the values and starts computed for it."""
        return {}

    def up_to(self, limit: int) -> tuple[Ints, Ints]:
        """The values up to a place, and the start of each subject among them."""
        if limit not in self.limits:
            inside = self.place <= limit
            counts = np.bincount(self.subject[inside], minlength=self.subjects)
            self.limits[limit] = self.values[inside], np.concatenate(([0], np.cumsum(counts)))
        return self.limits[limit]


def _quantile(sizes: _ValuesBySize, known_values: _KnownValues, positions: Positions, share: float) -> Values:
    """The quantile of each query's values so far, between the two nearest by linear interpolation."""
    count = np.subtract(*reversed(known_values.within(positions, Window(None))))
    quantiles = np.zeros(len(count))
    for limit, queries in _by_limit(positions):
        values, starts = sizes.up_to(limit)
        n, begin = count[queries], starts[positions.queries.subject[queries]]
        place = np.maximum(n - 1, 0) * share
        lower = np.floor(place)
        padded = np.append(values, 0)
        low = padded[np.where(n > 0, begin + lower.astype(np.int64), len(values))]
        high = padded[np.where(n > 0, begin + np.ceil(place).astype(np.int64), len(values))]
        quantiles[queries] = low + (high - low) * (place - lower)
    return Values(quantiles, count > 0)


@dataclass(frozen=True)
class _Occurrences:
    """When each value occurs: one entry per subject, value and place, with the place of the next occurrence.

    Attributes:
        passed: number of edges on or before the day of the occurrence.
    """

    subject: npt.NDArray[np.int32]
    passed: npt.NDArray[np.int16]
    place: npt.NDArray[np.int16]
    next_place: npt.NDArray[np.int16]
    subjects: int

    @classmethod
    def of(cls, known_values: _KnownValues, positions: Positions) -> _Occurrences:
        rows = positions.rows
        codes = whole(known_values.values)
        least = int(codes.min(initial=0))
        at = known_values.rows
        parts = (rows.subject[at], codes - least, positions.passed[at], rows.place[at])
        subject, code, passed, place = _sorted_together(parts)
        after = np.full(len(place), NEVER, np.int64)
        same = (subject[1:] == subject[:-1]) & (code[1:] == code[:-1])
        after[:-1][same] = place[1:][same]
        is_last = place < after
        return cls(
            subject[is_last].astype(np.int32),
            passed[is_last].astype(np.int16),
            place[is_last].astype(np.int16),
            after[is_last].astype(np.int16),
            rows.subjects,
        )

    def in_windows(self, positions: Positions, windows: Iterable[Window]) -> dict[Window, Ints]:
        """The number of distinct values in windows that end at the as-of: each counts at its newest occurrence."""
        counts = {window: np.zeros(len(positions.queries), np.int64) for window in windows}
        for limit, queries in _by_limit(positions):
            newest = (self.place <= limit) & (self.next_place > limit)
            subjects, passed = self.subject[newest], self.passed[newest]
            subject, place = positions.queries.subject[queries], positions.queries.place[queries]
            for window, numbers in counts.items():
                inside = subjects
                if window.start_days is not None:
                    edge = np.zeros(self.subjects, np.int16)
                    edge[subject] = positions.edges.index[window.start_days][place]
                    inside = subjects[passed > edge[subjects]]
                numbers[queries] = np.bincount(inside, minlength=self.subjects)[subject]
        return counts


def _by_limit(positions: Positions) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """The limits of the queries, each with the queries of that limit."""
    limit = positions.queries.limit
    changes = np.flatnonzero(np.diff(limit)) + 1
    for part in np.split(np.arange(len(limit)), changes) if len(limit) else ():
        yield int(limit[part[0]]), part


def _sorted_together(parts: tuple[npt.NDArray[Any], ...]) -> list[Ints]:
    """Columns of whole numbers from 0 on, sorted by the first, then the second, …; packed in one number for speed."""
    if not len(parts[0]):
        return [np.zeros(0, np.int64) for _ in parts]
    bits = [int(part.max()).bit_length() for part in parts]
    if sum(bits) > 63:
        raise TooLargeError
    key = parts[0].astype(np.int64)
    for part, width in zip(parts[1:], bits[1:], strict=True):
        key <<= width
        key |= part
    key.sort()
    columns = []
    for width in reversed(bits[1:]):
        columns.append(key & ((1 << width) - 1))
        key = key >> width
    return [key, *reversed(columns)]


def _prefixed(numbers: npt.NDArray[Any]) -> Ints:
    """The sum of all numbers before each index; wraps beyond 64 bits, and differences wrap back."""
    sums = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(numbers, out=sums[1:])
    return sums


def _refuse_large_sums(numbers: Ints, positions: Positions) -> None:
    """Raises TooLargeError where one subject's sum could outgrow 64 bits."""
    largest = max(int(numbers.max(initial=0)), -int(numbers.min(initial=0)))
    if largest * len(numbers) < LARGEST_SUM:
        return
    totals = np.bincount(positions.rows.subject, weights=np.abs(numbers.astype(np.float64)), minlength=1)
    if totals.max() >= LARGEST_SUM:
        raise TooLargeError
