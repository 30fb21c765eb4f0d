"""Base rates of past origins, and the range of the base rate at later as-ofs.

A Gaussian process over as-ofs: a level that wanders, a season that recurs a year later, and chance in each window.
Their sizes come from the origins themselves: every mixture weighs as much as its likelihood (times a prior that expects
little), and none is chosen. So the window a year earlier counts as much as such windows were worth before.

Source: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, chapters 2 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats

YEAR_DAYS = 365.25
DEVIATIONS = (0.03, 0.1, 0.2, 0.4, 0.8)
"""Possible deviations of level, season and chance, in log-odds."""
USUAL_DEVIATIONS = (0.3, 0.4, 0.4)
"""Scales of the half-normal priors over these three. A deviation of 0.4 is 10 points at one half."""
LEVEL_DEVIATION = 0.3
"""Deviation of the common level before any origin: the members were fitted on all closed windows, which share it."""
WANDER_DAYS = 365.0
"""Days after which a level has lost most of its memory."""
LEAST_SEASON_DAYS = 30.0
"""Finest season in days; nor is it finer than half a window."""


@dataclass(frozen=True)
class BaseRates:
    """The distance of past origins' outcomes from their forecasts.

    Attributes:
        days: of each origin, days since 1970 (UTC).
        offsets: log-odds above the forecast. variances: of these, from the number of customers of an origin.
        horizon_days: H; windows of closer origins overlap.
    """

    days: Floats
    offsets: Floats
    variances: Floats
    horizon_days: int

    @property
    def closed_on(self) -> float:
        """The day the newest window closes."""
        return float(self.days.max() + self.horizon_days)

    def at(self, days: Floats) -> tuple[Floats, Floats]:
        """Expected offset and its deviation for windows that begin on these days."""
        means, variances, weight = self._mixtures(days)
        mean = np.asarray(weight @ means)
        return mean, np.sqrt(weight @ (variances + means**2) - mean**2)

    def deviation_with(self, earlier: Floats, day: float) -> float:
        """Deviation at a day if windows that begin on ``earlier`` days were known too, each as precisely as these."""
        days, day_alone = np.concatenate([self.days, earlier]), np.array([day])
        variances_of_all = np.concatenate([self.variances, np.full(len(earlier), float(np.mean(self.variances)))])
        with_earlier = BaseRates(days, np.zeros(len(days)), variances_of_all, self.horizon_days)
        variances = with_earlier._mixtures(day_alone)[1][:, 0]
        return float(np.sqrt(self._mixtures(day_alone)[2] @ variances))

    def _mixtures(self, days: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean and variance at each day by mixture, and the weight of each mixture."""
        shares = np.array(list(product(DEVIATIONS, repeat=3))) ** 2
        covariance = self._covariance(shares, self.days, self.days) + np.diag(self.variances)
        cross_covariance = self._covariance(shares, days, self.days)
        inverse = np.linalg.inv(covariance)
        solved = np.einsum("kij,j->ki", inverse, self.offsets)
        means = np.einsum("kmi,ki->km", cross_covariance, solved)
        before = LEVEL_DEVIATION**2 + shares.sum(axis=1)[:, None]
        variances = before - np.einsum("kmi,kij,kmj->km", cross_covariance, inverse, cross_covariance)
        likelihood = -0.5 * (np.einsum("ki,i->k", solved, self.offsets) + np.linalg.slogdet(covariance)[1])
        score = likelihood - 0.5 * (shares / np.array(USUAL_DEVIATIONS) ** 2).sum(axis=1)
        weight = np.exp(score - score.max())
        return means, np.maximum(variances, 0.0), weight / weight.sum()

    def _covariance(self, shares: npt.NDArray[np.float64], left: Floats, right: Floats) -> Floats:
        parts = kernels(
            left,
            right,
            season_days=max(self.horizon_days / 2, LEAST_SEASON_DAYS),
            chance_days=float(self.horizon_days),
        )
        return np.asarray(LEVEL_DEVIATION**2 + np.einsum("kc,cij->kij", shares, parts))


def kernels(left: Floats, right: Floats, *, season_days: float, chance_days: float) -> Floats:
    """Correlation between two days of the wandering level, of the season and of chance; 3 × days × days.

    Args:
        season_days: the finest season. chance_days: windows closer than this share part of their chance.
    """
    distance = np.abs(left[:, None] - right[None, :])
    fineness = 2 * np.pi * season_days / YEAR_DAYS
    return np.stack(
        [
            np.exp(-distance / WANDER_DAYS),
            np.exp(-2 * (np.sin(np.pi * distance / YEAR_DAYS) / fineness) ** 2),
            np.maximum(0.0, 1 - distance / chance_days),
        ]
    )
