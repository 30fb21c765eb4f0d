"""Differences to baselines, each with its interval, and their joint judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats
from training.metrics.bootstrap import Interval, interval_of_draws
from training.metrics.resampled import Figure

JOINT_ERROR = 0.05


@dataclass(frozen=True)
class MetricDifference:
    """Our figure less a baseline's, with the sign turned so that above 0 is better.

    Attributes:
        estimate: over all rows. draws: over resampled rows.
    """

    figure: Figure
    rival: str
    estimate: float
    draws: Floats

    def interval(self, error: float = JOINT_ERROR) -> Interval:
        """The bounds that hold for all but ``error`` of the draws."""
        return interval_of_draws(self.estimate, self.draws, error)

    @property
    def surprise(self) -> float:
        """The two-sided p-value of the difference."""
        defined = self.draws[~np.isnan(self.draws)]
        beyond = min(np.sum(defined >= 0), np.sum(defined <= 0)) if len(defined) else 0
        return min(1.0, 2 * (float(beyond) + 1) / (len(defined) + 1))


@dataclass(frozen=True)
class Judgement:
    """One difference among all that are judged together.

    Attributes:
        joint: its interval by Holm: for the k-th smallest p-value of m, at an error of 5 % ÷ (m - k + 1).
        is_worse: that interval lies wholly below 0, and those of all smaller p-values wholly below or above 0.
    """

    difference: MetricDifference
    joint: Interval
    is_worse: bool


def judged_jointly(differences: Sequence[MetricDifference]) -> tuple[Judgement, ...]:
    """Judgements that all hold together in 95 of 100 cases, in the order of the differences.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6(2).
    """
    by_surprise = sorted(range(len(differences)), key=lambda place: differences[place].surprise)
    judgements: dict[int, Judgement] = {}
    still_sure = True
    for rank, place in enumerate(by_surprise):
        joint = differences[place].interval(JOINT_ERROR / (len(differences) - rank))
        still_sure = still_sure and (joint.low > 0 or joint.high < 0)
        judgements[place] = Judgement(differences[place], joint, still_sure and joint.high < 0)
    return tuple(judgements[place] for place in range(len(differences)))
