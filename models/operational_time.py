"""Operational time: slow in a dead season, fast in a busy one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats


@dataclass(frozen=True)
class OperationalTime:
    """Calendar days, and how many days of usual ordering they are worth; the same for all customers.

    In a season all customers order more or less often. In operational time orders come evenly, so that silence over a
    dead season is short and a horizon over a busy one is long.

    Attributes:
        days: days since 1970 (UTC), rising; empty where operational time is calendar time.
        elapsed: operational days on these days; linear in between, and beyond the ends a day is worth a day.

    Source: Feller 1971, An Introduction to Probability Theory and Its Applications II, chapter X.7 (operational time).
    """

    days: tuple[float, ...] = ()
    elapsed: tuple[float, ...] = ()

    def at(self, days: Floats) -> Floats:
        """Operational days at days since 1970 (UTC), each on its own."""
        if not self.days:
            return days
        inside = np.interp(days, self.days, self.elapsed)
        beyond = np.minimum(days - self.days[0], 0.0) + np.maximum(days - self.days[-1], 0.0)
        return np.asarray(inside + beyond)

    def between(self, begins: Floats, ends: Floats) -> Floats:
        """Operational days from one day to another."""
        return np.asarray(self.at(ends) - self.at(begins))


CALENDAR = OperationalTime()
"""A day is worth a day."""
