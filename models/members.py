"""The members of a model: each gives log-odds per row of a snapshot, and their contributions.

All are stored as JSON, LightGBM beside it as its own text; nothing is pickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import factorial
from typing import Literal

import numpy as np
from scipy.special import expit, logit

from features.snapshot import Floats, Snapshot
from models.btyd import SMALLEST, BtydModel, Parameters, log_likelihood
from models.lightgbm_member import LightGbm
from models.operational_time import CALENDAR, OperationalTime

LEAST_CHANCE = 1e-6
"""Chances are kept inside [LEAST_CHANCE, 1 - LEAST_CHANCE], so that log-odds stay finite."""


class Transform(StrEnum):
    """How a feature enters a linear member."""

    PLAIN = "plain"
    LOG = "log"  # sign(x) · log(1 + |x|)
    MISSING = "missing"  # 1 where the feature is unknown, else 0


def log_odds_of(probability: Floats) -> Floats:
    """Log-odds of chances, finite."""
    odds: Floats = logit(np.clip(probability, LEAST_CHANCE, 1 - LEAST_CHANCE))
    return odds


def chance_of(log_odds: Floats) -> Floats:
    """Chances of log-odds, inside [LEAST_CHANCE, 1 - LEAST_CHANCE]."""
    chance: Floats = np.clip(expit(log_odds), LEAST_CHANCE, 1 - LEAST_CHANCE)
    return chance


def row_sums(parts: Floats) -> Floats:
    """Sums over columns, left to right, so that a row gets the same bits whatever rows stand beside it."""
    total = np.zeros(len(parts))
    for column in range(parts.shape[1]):
        total = total + parts[:, column]
    return total


def transformed(values: Floats, transform: Transform) -> Floats:
    """The transformed values of a feature; NaN stays NaN, except for MISSING."""
    match transform:
        case Transform.LOG:
            return np.sign(values) * np.log1p(np.abs(values))
        case Transform.MISSING:
            return np.isnan(values).astype(np.float64)
    return values


@dataclass(frozen=True)
class Term:
    """One term of a linear member: (input - mean) ÷ scale × coefficient.

    Attributes:
        imputation: replaces an unknown value, after the transform.
        low, high: the range in training, to which values are clipped.
        bend: only the part of a value above it counts, so that several terms of one feature form a curve; None: all.
    """

    feature: str
    transform: Transform
    imputation: float
    mean: float
    scale: float
    coefficient: float
    low: float | None = None
    high: float | None = None
    bend: float | None = None

    def transformed(self, values: Floats) -> Floats:
        """The term's inputs for values of the feature, before they are standardised; never NaN."""
        inputs = transformed(values, self.transform)
        inputs = np.where(np.isnan(inputs), self.imputation, inputs)
        if self.low is not None or self.high is not None:
            inputs = np.clip(inputs, self.low, self.high)
        return inputs if self.bend is None else np.maximum(inputs - self.bend, 0.0)


@dataclass(frozen=True)
class Linear:
    """A logistic member: log-odds are constant + Σ terms. A rule with one term is monotone in it."""

    name: str
    constant: float
    terms: tuple[Term, ...]
    kind: Literal["linear"] = "linear"

    @property
    def features(self) -> tuple[str, ...]:
        """The terms' features, each once."""
        return tuple(dict.fromkeys(term.feature for term in self.terms))

    def contributions(self, snapshot: Snapshot) -> Floats:
        """The sum of each feature's terms, then the constant."""
        total = np.zeros((len(snapshot), len(self.features) + 1))
        total[:, -1] = self.constant
        for place, name in enumerate(self.features):
            values = snapshot.feature(name)
            for term in self.terms:
                if term.feature == name:
                    total[:, place] += (term.transformed(values) - term.mean) / term.scale * term.coefficient
        return total

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """Constant plus terms."""
        return row_sums(self.contributions(snapshot))


@dataclass(frozen=True)
class Btyd:
    """Log-odds of no order day in the next ``horizon_days``, by a buy-till-you-die model.

    Silence, tenure and horizon are counted in operational time. Contributions are exact Shapley values against the
    usual customer (its three inputs).
    """

    name: str
    story: BtydModel
    parameters: Parameters
    horizon_days: int
    usual: tuple[float, float, float]  # order days, silence in days, tenure in days
    time: OperationalTime = CALENDAR
    kind: Literal["btyd"] = "btyd"

    INPUTS = ("order_days_lifetime", "days_since_last_order", "days_since_first_order")

    @property
    def features(self) -> tuple[str, ...]:
        """Order days, silence and tenure."""
        return self.INPUTS

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """NaN where the customer never ordered."""
        return self._of(snapshot.as_of_days, *(snapshot.feature(name) for name in self.INPUTS))

    def contributions(self, snapshot: Snapshot) -> Floats:
        """Shapley values of the three inputs, then the usual customer's log-odds."""
        as_of_days, inputs = snapshot.as_of_days, [snapshot.feature(name) for name in self.INPUTS]
        usual = [np.full(len(snapshot), value) for value in self.usual]
        values = {
            chosen: self._of(as_of_days, *(inputs[i] if i in chosen else usual[i] for i in range(3)))
            for size in range(4)
            for chosen in combinations(range(3), size)
        }
        parts = [_shapley(index, values) for index in range(3)]
        anchor = values[()]
        parts[2] = values[(0, 1, 2)] - anchor - parts[0] - parts[1]  # absorbs the rounding
        return np.column_stack([*parts, anchor])

    def _of(self, as_of_days: Floats, order_days: Floats, silence: Floats, tenure: Floats) -> Floats:
        repeats = np.maximum(order_days - 1, 0.0)
        longest = np.maximum(
            tenure, silence
        )  # the usual customer mixed with a row may be silent for longer than its age
        age = self.time.between(as_of_days - longest, as_of_days) / 7
        last = age - self.time.between(as_of_days - silence, as_of_days) / 7
        ahead = self.time.between(as_of_days, as_of_days + self.horizon_days) / 7
        until_now, until_horizon = (
            log_likelihood(self.story, self.parameters, repeats, last_weeks=last, age_weeks=age + more)
            for more in (0.0, ahead)
        )
        log_chance = np.minimum(until_horizon - until_now, -SMALLEST)  # of no order in the horizon, silent until now
        bound = float(logit(1 - LEAST_CHANCE))
        odds: Floats = np.clip(log_chance - np.log(-np.expm1(log_chance)), -bound, bound)
        return odds


def _shapley(index: int, values: dict[tuple[int, ...], Floats]) -> Floats:
    total = np.zeros_like(values[()])
    other_inputs = [i for i in range(3) if i != index]
    for size in range(3):
        weight = factorial(size) * factorial(2 - size) / factorial(3)
        for coalition in combinations(other_inputs, size):
            total = total + weight * (values[tuple(sorted((*coalition, index)))] - values[coalition])
    return total


AnyMember = Linear | Btyd | LightGbm
