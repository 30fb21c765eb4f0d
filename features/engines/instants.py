"""The instants of a snapshot: the requested ones, and 00:00 of the business day of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.clock import AsOf


@dataclass(frozen=True)
class Instants:
    """Instants in ascending order; the place of an instant is its index.

    Attributes:
        every: the requested instants, and 00:00 of the business day of each.
        requested: the requested instants.
        zone: the business time zone.
    """

    every: tuple[AsOf, ...]
    requested: frozenset[AsOf]
    zone: ZoneInfo

    @classmethod
    def of(cls, as_ofs: Iterable[AsOf], zone: ZoneInfo) -> Instants:
        """The requested instants, with their midnights."""
        requested = frozenset(as_ofs)
        return cls(tuple(sorted(requested | {as_of.midnight(zone) for as_of in requested})), requested, zone)

    def __len__(self) -> int:
        return len(self.every)

    @cached_property
    def naive(self) -> tuple[datetime, ...]:
        """Each instant as tables hold it: UTC without a zone."""
        return tuple(as_of.naive for as_of in self.every)

    @cached_property
    def days(self) -> npt.NDArray[np.int32]:
        """The business day of each instant, in days since 1970-01-01."""
        return np.array([as_of.day for as_of in self.every], dtype="datetime64[D]").astype(np.int32)

    @cached_property
    def midnight_places(self) -> npt.NDArray[np.int64]:
        """The place of 00:00 of each instant's day."""
        place_of = {as_of: place for place, as_of in enumerate(self.every)}
        return np.array([place_of[as_of.midnight(self.zone)] for as_of in self.every], dtype=np.int64)

    @property
    def midnights(self) -> tuple[AsOf, ...]:
        """00:00 of the business day of every instant, each once."""
        return tuple(self.every[place] for place in np.unique(self.midnight_places))

    @cached_property
    def requested_places(self) -> npt.NDArray[np.int64]:
        """The places of the requested instants."""
        return np.flatnonzero([as_of in self.requested for as_of in self.every])

    @property
    def are_midnights(self) -> bool:
        """Whether every instant is 00:00 of its day, so that days alone decide what lies before it."""
        return bool(np.array_equal(self.midnight_places, np.arange(len(self))))

    def reached_by(self, moment: str) -> str:
        """SQL: how many instants lie at or before a moment: the place of the first instant that sees its rows."""
        return "(" + " + ".join(f"CAST({moment} >= TIMESTAMP '{instant}' AS SMALLINT)" for instant in self.naive) + ")"

    @property
    def table(self) -> pa.Table:
        """One row an instant: place, as_of, as_of_day, midnight (the as_of of its day's 00:00), is_requested."""
        return pa.table(
            {
                "place": pa.array(range(len(self)), pa.int32()),
                "as_of": pa.array(self.naive, pa.timestamp("us")),
                "as_of_day": pa.array([as_of.day for as_of in self.every], pa.date32()),
                "midnight": pa.array([self.naive[place] for place in self.midnight_places], pa.timestamp("us")),
                "is_requested": pa.array([as_of in self.requested for as_of in self.every]),
            }
        )
