"""Residuals of a column after the past explains it, and their correlation with later outcomes."""

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
    """The knowledge of each row before its instant.

    Attributes:
        matrix: the catalogue's features, rows × features; missing is NaN.
        customer: a number per customer; rows of one customer never explain each other.
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
        """The forecast of a column from the past, for each customer learned from other customers."""
        forecast_values = np.zeros(len(target))
        for fold in range(FOLDS):
            held_out = self.fold == fold
            examples = lightgbm.Dataset(self.matrix[~held_out], target[~held_out], free_raw_data=True)
            booster = lightgbm.train(_settings(objective, len(target)), examples, num_boost_round=ROUNDS)
            forecast_values[held_out] = booster.predict(self.matrix[held_out])
        return forecast_values

    def unexplained(self, target: Floats) -> Floats:
        """The residual of a column's ranks (no missing values) after the past explains it; mean 0."""
        ranks = ranks_of(target)
        residual = ranks - self.forecast(ranks, "regression")
        return np.asarray(residual - residual.mean())


@dataclass(frozen=True)
class Shared:
    """The link between a column and a later outcome beyond the past.

    Attributes:
        correlation: of the two residuals; -1 to 1.
        deviations: its distance from 0 in standard deviations, with customers as wholes.
    """

    correlation: float
    deviations: float


def shared(first: Floats, second: Floats, customer: Ints) -> Shared:
    """The correlation of two residuals (generalised covariance measure: Shah and Peters, 2020)."""
    spread = float(np.sqrt(np.mean(first**2) * np.mean(second**2)))
    if spread < 1e-9:
        return Shared(0.0, 0.0)
    of_customer = np.bincount(customer, weights=first * second)
    noise = float(np.sqrt(np.sum(of_customer**2)))
    return Shared(float(np.mean(first * second)) / spread, float(np.sum(of_customer)) / noise if noise else 0.0)


def strongest(
    residual: Floats, outcomes: Mapping[str, Floats], customer: Ints, rows: npt.NDArray[np.bool_]
) -> tuple[str, Shared]:
    """The outcome with the strongest link to a residual, in some rows."""
    shared_with = {name: shared(residual[rows], values[rows], customer[rows]) for name, values in outcomes.items()}
    best = max(shared_with, key=lambda name: abs(shared_with[name].correlation))
    return best, shared_with[best]


def ranks_of(values: Floats) -> Floats:
    """Share of rows below each value, 0 to 1; equal values share one rank."""
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
