"""What the past explains of any column, and what of the rest it shares with days to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm
import numpy as np
import numpy.typing as npt

from features.snapshot import Floats
from models.lightgbm_member import threads_for

Ints = npt.NDArray[np.int64]
FOLDS = 3
ROUNDS = 60


@dataclass(frozen=True)
class Residuals:
    """What was known of each row before its instant, and whose row it is.

    Attributes:
        matrix: the catalogue's features, rows × features; unknown is NaN.
        customer: a number per customer; rows of one never explain each other.
        origin: a number per instant.
    """

    matrix: Floats
    customer: Ints
    origin: Ints

    @property
    def fold(self) -> Ints:
        """The fold of each row: customers as wholes."""
        return np.asarray(np.random.default_rng(11).permutation(int(self.customer.max()) + 1)[self.customer] % FOLDS)

    def forecast(self, target: Floats, objective: str) -> Floats:
        """What the past says of a column, for each customer learnt from others alone."""
        told = np.zeros(len(target))
        for fold in range(FOLDS):
            apart = self.fold == fold
            examples = lightgbm.Dataset(self.matrix[~apart], target[~apart], free_raw_data=True)
            booster = lightgbm.train(_settings(objective, len(target)), examples, num_boost_round=ROUNDS)
            told[apart] = booster.predict(self.matrix[apart])
        return told

    def unexplained(self, target: Floats) -> Floats:
        """What the past leaves unexplained of a column without gaps, by its ranks; mean 0."""
        ranks = ranks_of(target)
        rest = ranks - self.forecast(ranks, "regression")
        return np.asarray(rest - rest.mean())


@dataclass(frozen=True)
class Shared:
    """What a column shares with what comes, beyond the past.

    Attributes:
        correlation: of what the past leaves unexplained of both; -1 to 1.
        deviations: how many standard deviations it lies from none, customers drawn as wholes.
    """

    correlation: float
    deviations: float


def shared(first: Floats, second: Floats, customer: Ints) -> Shared:
    """The correlation of two unexplained rests (generalised covariance measure: Shah and Peters, 2020)."""
    spread = float(np.sqrt(np.mean(first**2) * np.mean(second**2)))
    if spread < 1e-9:
        return Shared(0.0, 0.0)
    of_customer = np.bincount(customer, weights=first * second)
    noise = float(np.sqrt(np.sum(of_customer**2)))
    return Shared(float(np.mean(first * second)) / spread, float(np.sum(of_customer)) / noise if noise else 0.0)


def strongest(
    rest: Floats, comes: Mapping[str, Floats], customer: Ints, rows: npt.NDArray[np.bool_]
) -> tuple[str, Shared]:
    """What of all that comes a rest shares most with, in some rows."""
    found = {name: shared(rest[rows], other[rows], customer[rows]) for name, other in comes.items()}
    best = max(found, key=lambda name: abs(found[name].correlation))
    return best, found[best]


def ranks_of(values: Floats) -> Floats:
    """Shares of rows below each, ties alike; 0 to 1."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    upto = np.cumsum(count)
    return np.asarray(((upto - count / 2) / len(values))[place])


def _settings(objective: str, rows: int) -> dict[str, object]:
    return {
        "objective": objective,
        "learning_rate": 0.1,
        "num_leaves": 15,
        "min_data_in_leaf": int(np.clip(rows // 50, 5, 100)),
        "feature_fraction": 0.7,
        "verbose": -1,
        "seed": 11,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads_for(rows),
    }
