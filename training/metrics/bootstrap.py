"""Bootstrap intervals of differences: over customers within origins, pooled, or over origins alone."""

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
    """An estimate with the bounds that hold in 95 of 100 resamples."""

    estimate: float
    low: float
    high: float

    @property
    def is_above_zero(self) -> bool:
        """The lower bound is above 0."""
        return self.low > 0


def resamples(customer: Ints, origin: Ints, *, overlapping: bool, draws: int, seed: int) -> Iterator[Ints]:
    """Row numbers of each resample: as many customers as there are, drawn with replacement.

    Customers are drawn within each origin; where windows overlap, each customer as a whole, with all its origins.
    """
    generator = np.random.default_rng(seed)
    groups = [np.flatnonzero(origin == place) for place in np.unique(origin)]
    if not overlapping:
        for _ in range(draws):
            yield np.concatenate([rows[generator.integers(len(rows), size=len(rows))] for rows in groups])
        return
    order = np.argsort(customer, kind="stable")
    starts = np.flatnonzero(np.diff(customer[order], prepend=customer[order[:1]] - 1))
    by_customer = np.split(order, starts[1:])
    for _ in range(draws):
        yield np.concatenate(
            [by_customer[place] for place in generator.integers(len(by_customer), size=len(by_customer))]
        )


def interval_of_mean(
    values: Floats, customer: Ints, origin: Ints, *, overlapping: bool, draws: int = 1000, seed: int
) -> Interval:
    """The mean of paired differences, one per row, with its bounds."""
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
    """The value of a statistic with its bounds; the statistic receives row numbers."""
    values = [statistic(rows) for rows in resamples(customer, origin, overlapping=overlapping, draws=draws, seed=seed)]
    return interval_of_draws(statistic(np.arange(len(customer))), np.array(values))


def interval_over_origins(values: Floats, origin: Ints, weight: Floats) -> Interval:
    """The mean over origins of a difference that whole origins share, with Student's bounds; one origin has no width.

    The customers of one origin do not show how such a difference varies between origins.
    """
    _, place = np.unique(origin, return_inverse=True)
    means = np.bincount(place, weight * values) / np.bincount(place, weight)
    estimate, half = float(means.mean()), 0.0
    if len(means) > 1:
        half = float(student.ppf(0.975, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means)))
    return Interval(estimate, estimate - half, estimate + half)


def interval_of_draws(estimate: float, draws: Floats, error: float = 0.05) -> Interval:
    """The bounds that hold for all but ``error`` of the draws; infinite where no draw is defined."""
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return Interval(estimate, float("-inf"), float("inf"))
    low, high = np.quantile(defined, [error / 2, 1 - error / 2])
    return Interval(estimate, float(low), float(high))
