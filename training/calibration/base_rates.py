"""How a base rate moved over origins, and where it may lie at as-ofs to come.

A Gaussian process over as-ofs: a level that wanders, a season that comes again a year later, and chance of each window.
How much there is of each is told by the origins themselves: every mixture is weighed by how likely it makes them (and
by a prior that expects little), none is chosen. So a year-earlier window counts as much as such windows told before.

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
"""Log-odds that level, season and chance may each move by."""
USUAL_DEVIATIONS = (0.3, 0.4, 0.4)
"""Of the half-normal priors over these three. A deviation of 0.4 is 10 points at one half."""
LEVEL_DEVIATION = 0.3
"""Of the level as such, before any origin: the members were fitted on all closed windows, which had it too."""
WANDER_DAYS = 365.0
"""After so many days a level has lost most of its memory."""
LEAST_SEASON_DAYS = 30.0
"""A season is no finer than this, nor than half a window."""


@dataclass(frozen=True)
class BaseRates:
    """How far the outcomes of past origins lay from the forecast.

    Attributes:
        days: each origin, days since 1970 (UTC).
        offsets: log-odds above the forecast. variances: of these, from the few customers of an origin.
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
        """Expected offset, and its deviation, of windows that begin on these days."""
        means, variances, weight = self._mixtures(days)
        mean = np.asarray(weight @ means)
        return mean, np.sqrt(weight @ (variances + means**2) - mean**2)

    def deviation_with(self, earlier: Floats, day: float) -> float:
        """Deviation at a day, had windows that begin on ``earlier`` days been seen as well, each as surely as these."""
        days, day_alone = np.concatenate([self.days, earlier]), np.array([day])
        surely = np.concatenate([self.variances, np.full(len(earlier), float(np.mean(self.variances)))])
        seen = BaseRates(days, np.zeros(len(days)), surely, self.horizon_days)
        variances = seen._mixtures(day_alone)[1][:, 0]
        return float(np.sqrt(self._mixtures(day_alone)[2] @ variances))

    def _mixtures(self, days: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean and variance at each day by mixture, and how much each mixture counts."""
        shares = np.array(list(product(DEVIATIONS, repeat=3))) ** 2
        seen = self._covariance(shares, self.days, self.days) + np.diag(self.variances)
        across = self._covariance(shares, days, self.days)
        inverse = np.linalg.inv(seen)
        drawn = np.einsum("kij,j->ki", inverse, self.offsets)
        means = np.einsum("kmi,ki->km", across, drawn)
        before = LEVEL_DEVIATION**2 + shares.sum(axis=1)[:, None]
        variances = before - np.einsum("kmi,kij,kmj->km", across, inverse, across)
        likelihood = -0.5 * (np.einsum("ki,i->k", drawn, self.offsets) + np.linalg.slogdet(seen)[1])
        score = likelihood - 0.5 * (shares / np.array(USUAL_DEVIATIONS) ** 2).sum(axis=1)
        weight = np.exp(score - score.max())
        return means, np.maximum(variances, 0.0), weight / weight.sum()

    def _covariance(self, shares: npt.NDArray[np.float64], these: Floats, those: Floats) -> Floats:
        parts = kernels(
            these,
            those,
            season_days=max(self.horizon_days / 2, LEAST_SEASON_DAYS),
            chance_days=float(self.horizon_days),
        )
        return np.asarray(LEVEL_DEVIATION**2 + np.einsum("kc,cij->kij", shares, parts))


def kernels(these: Floats, those: Floats, *, season_days: float, chance_days: float) -> Floats:
    """How alike what wanders, what comes again with the season, and what is chance are on two days; 3 × days × days.

    Args:
        season_days: a season is no finer than this. chance_days: windows closer than this share their chance.
    """
    apart = np.abs(these[:, None] - those[None, :])
    fineness = 2 * np.pi * season_days / YEAR_DAYS
    return np.stack(
        [
            np.exp(-apart / WANDER_DAYS),
            np.exp(-2 * (np.sin(np.pi * apart / YEAR_DAYS) / fineness) ** 2),
            np.maximum(0.0, 1 - apart / chance_days),
        ]
    )
