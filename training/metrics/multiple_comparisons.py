"""Differences to rivals, each with its interval, and what they show when many are looked at together."""

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
    """Our figure less a rival's, turned so that above 0 is better.

    Attributes:
        estimate: over all judged rows. draws: over rows drawn anew.
    """

    figure: Figure
    rival: str
    estimate: float
    draws: Floats

    def interval(self, error: float = JOINT_ERROR) -> Interval:
        """The bounds that all but ``error`` of the draws keep."""
        return interval_of_draws(self.estimate, self.draws, error)

    @property
    def surprise(self) -> float:
        """How often a difference so far from 0 on its side would come by chance (two-sided)."""
        known = self.draws[~np.isnan(self.draws)]
        beyond = min(np.sum(known >= 0), np.sum(known <= 0)) if len(known) else 0
        return min(1.0, 2 * (float(beyond) + 1) / (len(known) + 1))


@dataclass(frozen=True)
class Judgement:
    """One difference among all that are judged together.

    Attributes:
        joint: its interval by Holm: of the k-th least likely of m at an error of 5 % ÷ (m - k + 1).
        is_worse: that interval, and those of all less likely ones, lie wholly below or above 0, this one below.
    """

    difference: MetricDifference
    joint: Interval
    is_worse: bool


def judged_jointly(differences: Sequence[MetricDifference]) -> tuple[Judgement, ...]:
    """Each difference judged so that all judgements hold together in 95 of 100 cases, in the order given.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6(2).
    """
    by_surprise = sorted(range(len(differences)), key=lambda place: differences[place].surprise)
    judged: dict[int, Judgement] = {}
    still_sure = True
    for rank, place in enumerate(by_surprise):
        joint = differences[place].interval(JOINT_ERROR / (len(differences) - rank))
        still_sure = still_sure and (joint.low > 0 or joint.high < 0)
        judged[place] = Judgement(differences[place], joint, still_sure and joint.high < 0)
    return tuple(judged[place] for place in range(len(differences)))
