"""How sure a difference is: by customers drawn anew within origins, pooled, or by origins alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from features.snapshot import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds that 95 of 100 resamples keep."""

    estimate: float
    low: float
    high: float

    @property
    def is_above_zero(self) -> bool:
        """The lower bound is above 0."""
        return self.low > 0


def resamples(customer: Ints, origin: Ints, *, overlapping: bool, draws: int, seed: int) -> Iterator[Ints]:
    """Row numbers of each resample, as many customers as there are, drawn with replacement.

    Within each origin; where windows overlap, each customer as a whole, with all its origins.
    """
    chance = np.random.default_rng(seed)
    groups = [np.flatnonzero(origin == each) for each in np.unique(origin)]
    if not overlapping:
        for _ in range(draws):
            yield np.concatenate([rows[chance.integers(len(rows), size=len(rows))] for rows in groups])
        return
    order = np.argsort(customer, kind="stable")
    starts = np.flatnonzero(np.diff(customer[order], prepend=customer[order[:1]] - 1))
    wholes = np.split(order, starts[1:])
    for _ in range(draws):
        yield np.concatenate([wholes[each] for each in chance.integers(len(wholes), size=len(wholes))])


def interval_of_mean(
    values: Floats, customer: Ints, origin: Ints, *, overlapping: bool, draws: int = 1000, seed: int
) -> Interval:
    """The mean of paired differences, one per row."""
    means = [
        float(values[rows].mean())
        for rows in resamples(customer, origin, overlapping=overlapping, draws=draws, seed=seed)
    ]
    return interval_of_draws(float(values.mean()), np.array(means))


def interval_of(
    statistic: Callable[[Ints], float],
    customer: Ints,
    origin: Ints,
    *,
    overlapping: bool,
    draws: int = 200,
    seed: int,
) -> Interval:
    """Any statistic of the rows that are handed to it by number."""
    found = [statistic(rows) for rows in resamples(customer, origin, overlapping=overlapping, draws=draws, seed=seed)]
    return interval_of_draws(statistic(np.arange(len(customer))), np.array(found))


def interval_over_origins(values: Floats, origin: Ints, weight: Floats) -> Interval:
    """The mean over origins of a difference that whole origins share, with Student's bounds; of one origin, bare.

    Customers of one origin say nothing of how such a difference moves between origins.
    """
    _, place = np.unique(origin, return_inverse=True)
    means = np.bincount(place, weight * values) / np.bincount(place, weight)
    estimate, half = float(means.mean()), 0.0
    if len(means) > 1:
        half = float(student.ppf(0.975, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means)))
    return Interval(estimate, estimate - half, estimate + half)


def interval_of_draws(estimate: float, draws: Floats, error: float = 0.05) -> Interval:
    """The bounds that all but ``error`` of the draws keep; without bounds where none of them could be told."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Interval(estimate, float("-inf"), float("inf"))
    low, high = np.quantile(known, [error / 2, 1 - error / 2])
    return Interval(estimate, float(low), float(high))
