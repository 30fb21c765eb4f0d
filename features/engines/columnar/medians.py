"""The median of values that come part by part, in the memory of the distinct values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.engines.columnar.nullable import Floats, Ints


@dataclass(frozen=True)
class ValueCounts:
    """Distinct values with their counts.

    Attributes:
        values: ascending, each once.
        counts: of each value.
    """

    values: Floats
    counts: Ints

    @classmethod
    def of(cls, values: Floats) -> ValueCounts:
        """Values in any order; none is NaN."""
        return cls(*np.unique(values, return_counts=True))

    def __add__(self, more: ValueCounts) -> ValueCounts:
        values, place = np.unique(np.concatenate((self.values, more.values)), return_inverse=True)
        counts = np.zeros(len(values), np.int64)
        np.add.at(counts, place, np.concatenate((self.counts, more.counts)))
        return ValueCounts(values, counts)

    @property
    def median(self) -> float:
        """The middle value, or halfway between the two middle ones; NaN without values."""
        upto = np.cumsum(self.counts)
        if not len(upto):
            return float("nan")
        low, high = self.values[np.searchsorted(upto, [(upto[-1] - 1) // 2, upto[-1] // 2], side="right")]
        return float(low + (high - low) * 0.5)


NOTHING = ValueCounts(np.zeros(0), np.zeros(0, np.int64))
"""No values."""
