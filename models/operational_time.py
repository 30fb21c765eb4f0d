"""Time as customers' orders count it: slow in a dead season, fast in a busy one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats


@dataclass(frozen=True)
class OperationalTime:
    """Days of the calendar, and how many days of usual ordering they are worth; alike for all customers.

    A season is a stretch of the calendar in which everybody orders oftener or more seldom. By operational time orders
    come evenly again, so that silence over a dead season is short, and a horizon over a busy one long.

    Attributes:
        days: days since 1970 (UTC), rising; none where the calendar's own time is good.
        elapsed: operational days at each of them; straight lines between, and beyond the ends a day is worth a day.

    Source: Feller 1971, An Introduction to Probability Theory and Its Applications II, chapter X.7 (operational time).
    """

    days: tuple[float, ...] = ()
    elapsed: tuple[float, ...] = ()

    def at(self, days: Floats) -> Floats:
        """Operational days at days since 1970 (UTC); each from its own alone."""
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
