"""Rows in the order of subject and time, and the positions of instants and windows in that order.

A subject is a customer; or, where a row became known late or was replaced, a customer as seen at one instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.catalog.primitives import Column, Rows, Window
from features.engines.columnar.nullable import Bools, Ints, Places, Values, whole
from features.engines.instants import Instants

Small = npt.NDArray[np.int16]


class TooLargeError(Exception):
    """Sums or keys too large for 64 bits; the exact statement can hold them."""


@dataclass(frozen=True)
class SortedRows:
    """Rows in ascending order of subject, day and place.

    Attributes:
        subjects: their number; some may have no row.
        subject: of each row.
        day: of each row, in days since 1970-01-01.
        place: of the first instant that would see the row if it had been known when it happened.
        first, last: places of the first and last instant that see it.
        columns: for aggregation.
        masks: the rows of each set; a set without a mask holds all rows.
    """

    subjects: int
    subject: Places
    day: Places
    place: Small
    first: Small
    last: Small
    columns: Mapping[Column, Values]
    masks: Mapping[Rows, Bools]

    def __len__(self) -> int:
        return len(self.subject)

    def take(self, rows: npt.NDArray[np.bool_] | Ints) -> SortedRows:
        """Some of the rows, in the same order."""
        return replace(
            self,
            subject=self.subject[rows],
            day=self.day[rows],
            place=self.place[rows],
            first=self.first[rows],
            last=self.last[rows],
            columns={column: values.take(rows) for column, values in self.columns.items()},
            masks={name: mask[rows] for name, mask in self.masks.items()},
        )

    @classmethod
    def none(cls, subjects: int, columns: Iterable[Column]) -> SortedRows:
        """No rows, for a number of subjects."""
        nothing, nowhere = np.zeros(0, np.int32), np.zeros(0, np.int16)
        empty = {column: Values(np.zeros(0, np.int64)) for column in columns}
        return cls(subjects, nothing, nothing, nowhere, nowhere, nowhere, empty, {})

    @cached_property
    def starts(self) -> Ints:
        """The start of each subject's rows, and at the end the number of rows."""
        counts = np.bincount(self.subject, minlength=self.subjects)
        return np.concatenate(([0], np.cumsum(counts)))

    @cached_property
    def until_place(self) -> Places:
        """Rows of each subject up to each place: subjects × places, the place itself included."""
        return _counted_up(self.subject, self.place, self.subjects)


@dataclass(frozen=True)
class Queries:
    """Queries: subjects, each at an instant.

    Attributes:
        subject: of each query.
        place: of the instant whose windows count.
        limit: rows with a higher place are not visible.
        places: of a grid (every subject at each of these places, one place after the other); else None.
    """

    subject: Ints
    place: Ints
    limit: Ints
    places: Ints | None = None

    def __len__(self) -> int:
        return len(self.subject)

    @classmethod
    def grid(cls, subjects: int, places: Ints) -> Queries:
        """Every subject at every place; the places one after the other."""
        place = np.repeat(places, subjects)
        return cls(np.tile(np.arange(subjects), len(places)), place, place, places)


@dataclass(frozen=True)
class Edges:
    """The days on which windows begin or end.

    Attributes:
        days: ascending, in days since 1970-01-01.
        index: days back → the edge of each place.
    """

    days: npt.NDArray[np.int32]
    index: Mapping[int, Ints]

    @classmethod
    def of(cls, windows: Iterable[Window], instants: Instants) -> Edges:
        """The edges of some windows at every instant."""
        back = {days for window in windows for days in (window.start_days, window.end_days) if days}
        days = np.unique(np.concatenate([instants.days - days_back for days_back in sorted(back)] or [instants.days]))
        return cls(days, {days_back: np.searchsorted(days, instants.days - days_back) for days_back in back})

    def passed_by(self, day: Places) -> Small:
        """The number of edges on or before each day."""
        if not len(day):
            return np.zeros(0, np.int16)
        first = int(day.min())
        passed = np.searchsorted(self.days, np.arange(first, int(day.max()) + 1), side="right").astype(np.int16)
        return np.asarray(passed[day - first])


class Positions:
    """The positions in the order of rows at which each query's windows begin and end."""

    def __init__(self, rows: SortedRows, edges: Edges, queries: Queries) -> None:
        self.rows, self.edges, self.queries = rows, edges, queries
        self.passed = edges.passed_by(rows.day)
        until_edge = _counted_up(rows.subject, self.passed, rows.subjects, len(edges.days) + 1)
        self._until_edge = np.ascontiguousarray(until_edge.T)
        self._from: dict[int, Ints] = {}
        highest = rows.until_place.shape[1] - 1
        self.begin: Ints = rows.starts[queries.subject]
        self.end: Ints = self.begin + rows.until_place[queries.subject, np.minimum(queries.limit, highest)]

    def of(self, window: Window) -> tuple[Ints, Ints]:
        """First row inside, and first row after, for each query."""
        begin = self.begin if window.start_days is None else self._at(window.start_days)
        return begin, self._at(window.end_days) if window.end_days else self.end

    def _at(self, days_back: int) -> Ints:
        if days_back not in self._from:
            edges, places = self.edges.index[days_back], self.queries.places
            if places is None:
                until = self._until_edge[edges[self.queries.place], self.queries.subject]
            else:
                until = np.concatenate([self._until_edge[edge] for edge in edges[places]])
            self._from[days_back] = self.begin + until
        return self._from[days_back]


def in_order(rows: SortedRows) -> SortedRows:
    """The rows in ascending order of subject, day and place; equal rows keep their order."""
    if not len(rows):
        return rows
    day = rows.day - rows.day.min()
    spans = (int(day.max()) + 1, int(rows.place.max()) + 1)
    if rows.subjects * spans[0] * spans[1] >= 2**63:
        raise TooLargeError
    key = (rows.subject.astype(np.int64) * spans[0] + day) * spans[1] + rows.place
    if bool((key[1:] >= key[:-1]).all()):
        return rows
    return rows.take(np.argsort(key, kind="stable"))


def settled(rows: SortedRows, places: int) -> SortedRows:
    """The rows visible at the last place, as if known when they happened; right except at the unsettled pairs."""
    stays = (rows.last == places - 1) & (rows.first <= rows.last)
    return rows if bool(stays.all()) else rows.take(stays)


def unsettled_pairs(rows: SortedRows, places: int, *, by_day: bool) -> tuple[Ints, Ints]:
    """Subject and place of every instant that sees other rows of a subject than the settled ones.

    ``by_day``: the instants are midnights, so that all rows of a day are visible or none.
    """
    is_seen = rows.first <= rows.last
    stays = is_seen & (rows.last == places - 1)
    begins = np.where(stays, rows.place, rows.first)
    ends = np.where(stays, rows.first, np.where(is_seen, rows.last + 1, rows.first))
    subject = rows.subject
    if not by_day and len(rows):
        same_day = (subject[1:] == subject[:-1]) & (rows.day[1:] == rows.day[:-1])
        begins = np.concatenate((begins, rows.place[:-1][same_day]))
        ends = np.concatenate((ends, rows.place[1:][same_day]))
        subject = np.concatenate((subject, subject[1:][same_day]))
    intervals = np.flatnonzero(begins < ends)
    lengths = (ends[intervals] - begins[intervals]).astype(np.int64)
    place = np.repeat(begins[intervals], lengths) + _counting(lengths)
    pairs = np.unique(np.repeat(subject[intervals].astype(np.int64), lengths) * places + place)
    return pairs // places, pairs % places


def as_seen(rows: SortedRows, subject: Ints, place: Ints) -> SortedRows:
    """The rows that each pair of subject and place saw; the pairs are the new subjects, with all rows at place 0."""
    begins, lengths = rows.starts[subject], rows.starts[subject + 1] - rows.starts[subject]
    index = np.repeat(begins, lengths) + _counting(lengths)
    pair = np.repeat(np.arange(len(subject)), lengths)
    at = place[pair]
    inside = (rows.first[index] <= at) & (at <= rows.last[index])
    rows_seen = rows.take(index[inside])
    nothing = np.zeros(len(rows_seen), np.int16)
    return replace(
        rows_seen,
        subjects=len(subject),
        subject=pair[inside].astype(np.int32),
        place=nothing,
        first=nothing,
        last=nothing,
    )


def order_days_of(lines: SortedRows) -> SortedRows:
    """The order days of sorted lines, each with its sales and the gap before it."""
    sales = np.flatnonzero(lines.masks[Rows.SALES])
    subject, day = lines.subject[sales], lines.day[sales]
    is_new = np.ones(len(sales), bool)
    is_new[1:] = (subject[1:] != subject[:-1]) | (day[1:] != day[:-1])
    opens = np.flatnonzero(is_new)
    has_order = np.logical_or.reduceat(lines.masks[Rows.PURCHASES][sales], opens) if len(opens) else is_new
    days = opens[has_order]
    subject, day, place = subject[days], day[days], lines.place[sales[days]]
    is_gap = np.zeros(len(days), bool)
    is_gap[1:] = subject[1:] == subject[:-1]
    gap = np.where(is_gap, np.diff(day, prepend=day[:1]), 0).astype(np.int64)
    columns = {Column.DAY: Values(day), Column.DAYS: Values(gap), Column.DAYS_SQUARED: Values(gap * gap)}
    if Column.AMOUNT in lines.columns:
        amount = lines.columns[Column.AMOUNT]
        sums = np.add.reduceat(whole(amount)[sales], opens) if len(opens) else np.zeros(0, np.int64)
        columns[Column.AMOUNT] = Values(sums[has_order], None, amount.digits)
    return SortedRows(lines.subjects, subject, day, place, place, place, columns, {Rows.GAPS: is_gap})


def _counted_up(subject: Places, ordinal: Small, subjects: int, width: int | None = None) -> Places:
    """Rows of each subject with an ordinal of at most each number: subjects × numbers."""
    width = width or int(ordinal.max(initial=0)) + 1
    counts = np.bincount(subject.astype(np.int64) * width + ordinal, minlength=subjects * width)
    return np.asarray(np.cumsum(counts.reshape(subjects, width), axis=1, dtype=np.int32))


def _counting(lengths: Ints) -> Ints:
    """0, 1, … up to each length, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
