"""The instants of a snapshot as both engines need them: all asked for, and the midnight before each."""

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
    """Instants in ascending order; the place of one is its index.

    Attributes:
        every: those asked for, and 00:00 of the business day of each.
        asked: those asked for.
        zone: the business time zone.
    """

    every: tuple[AsOf, ...]
    requested: frozenset[AsOf]
    zone: ZoneInfo

    @classmethod
    def of(cls, asked: Iterable[AsOf], zone: ZoneInfo) -> Instants:
        """The instants asked for, with their midnights."""
        wanted = frozenset(asked)
        return cls(tuple(sorted(wanted | {as_of.midnight(zone) for as_of in wanted})), wanted, zone)

    def __len__(self) -> int:
        return len(self.every)

    @cached_property
    def naive(self) -> tuple[datetime, ...]:
        """Each instant as frames carry it: UTC without a zone."""
        return tuple(as_of.naive for as_of in self.every)

    @cached_property
    def days(self) -> npt.NDArray[np.int32]:
        """The business day of each instant, in days since 1970-01-01."""
        return np.array([as_of.day for as_of in self.every], dtype="datetime64[D]").astype(np.int32)

    @cached_property
    def midnight_places(self) -> npt.NDArray[np.int64]:
        """The place of 00:00 of each instant's day."""
        place = {as_of: at for at, as_of in enumerate(self.every)}
        return np.array([place[as_of.midnight(self.zone)] for as_of in self.every], dtype=np.int64)

    @property
    def midnights(self) -> tuple[AsOf, ...]:
        """00:00 of the business day of each, once."""
        return tuple(self.every[place] for place in np.unique(self.midnight_places))

    @cached_property
    def requested_places(self) -> npt.NDArray[np.int64]:
        """The places of the instants asked for."""
        return np.flatnonzero([as_of in self.requested for as_of in self.every])

    @property
    def are_midnights(self) -> bool:
        """Whether every instant is 00:00 of its day, so that days alone tell what lies before it."""
        return bool(np.array_equal(self.midnight_places, np.arange(len(self))))

    def reached_by(self, moment: str) -> str:
        """SQL: how many instants lie at or before a moment; the place of the first one that sees a row of it."""
        return "(" + " + ".join(f"CAST({moment} >= TIMESTAMP '{each}' AS SMALLINT)" for each in self.naive) + ")"

    @property
    def table(self) -> pa.Table:
        """One row an instant: place, as_of, as_of_day, midnight (the as_of of its day's 00:00), is_asked."""
        return pa.table(
            {
                "place": pa.array(range(len(self)), pa.int32()),
                "as_of": pa.array(self.naive, pa.timestamp("us")),
                "as_of_day": pa.array([as_of.day for as_of in self.every], pa.date32()),
                "midnight": pa.array([self.naive[place] for place in self.midnight_places], pa.timestamp("us")),
                "is_asked": pa.array([as_of in self.requested for as_of in self.every]),
            }
        )
