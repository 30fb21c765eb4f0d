"""Here you find the members of a model: each gives log-odds per row of a snapshot, and says what they are made of.

All are written as JSON, LightGBM beside it as its own text; nothing is pickled.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
from scipy.special import expit, log1p, logit, logsumexp

from features.snapshot import Floats, Snapshot
from models.boosted import LightGbm

LEAST_CHANCE = 1e-6
"""Chances are kept inside [LEAST_CHANCE, 1 - LEAST_CHANCE], so that log-odds stay finite."""


class Transform(StrEnum):
    """How a feature enters a linear member."""

    PLAIN = "plain"
    LOG = "log"  # sign(x) · log(1 + |x|)


def log_odds_of(probability: Floats) -> Floats:
    """Log-odds of chances, finite."""
    odds: Floats = logit(np.clip(probability, LEAST_CHANCE, 1 - LEAST_CHANCE))
    return odds


def chance_of(log_odds: Floats) -> Floats:
    """Chances of log-odds, inside [LEAST_CHANCE, 1 - LEAST_CHANCE]."""
    chance: Floats = np.clip(expit(log_odds), LEAST_CHANCE, 1 - LEAST_CHANCE)
    return chance


def row_sums(parts: Floats) -> Floats:
    """Sums over columns, left to right: the same bits for a row whatever rows stand beside it."""
    total = np.zeros(len(parts))
    for column in range(parts.shape[1]):
        total = total + parts[:, column]
    return total


def transformed(values: Floats, transform: Transform) -> Floats:
    """A feature as a linear member sees it; NaN stays NaN."""
    return np.sign(values) * np.log1p(np.abs(values)) if transform is Transform.LOG else values


@dataclass(frozen=True)
class Term:
    """One feature of a linear member: (value or imputation - mean) ÷ scale × coefficient, all after the transform."""

    feature: str
    transform: Transform
    imputation: float
    mean: float
    scale: float
    coefficient: float


@dataclass(frozen=True)
class Linear:
    """A logistic member: constant + Σ terms are log-odds. Rules with one term are monotone in it."""

    name: str
    constant: float
    terms: tuple[Term, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The terms' features."""
        return tuple(term.feature for term in self.terms)

    def contributions(self, snapshot: Snapshot) -> Floats:
        """Each term, then the constant."""
        columns = [self._term(snapshot, term) for term in self.terms]
        return np.column_stack([*columns, np.full(len(snapshot), self.constant)])

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """Constant plus terms."""
        return row_sums(self.contributions(snapshot))

    def record(self) -> dict[str, Any]:
        """Constant and terms."""
        return {"kind": "linear", **asdict(self)}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Linear:
        """The member a record describes."""
        terms = (Term(**{**term, "transform": Transform(term["transform"])}) for term in record["terms"])
        return cls(record["name"], float(record["constant"]), tuple(terms))

    def _term(self, snapshot: Snapshot, term: Term) -> Floats:
        values = transformed(snapshot.feature(term.feature), term.transform)
        filled = np.where(np.isnan(values), term.imputation, values)
        standard: Floats = (filled - term.mean) / term.scale * term.coefficient
        return standard


@dataclass(frozen=True)
class BgNbd:
    """Chance of no order day in the next ``horizon_days``, of the beta-geometric/NBD model; time in weeks.

    P(alive) · (1 - ((α+T) / (α+T+H))^(r+x)) is the chance of an order: alive now, and buying at the posterior rate.
    x: repeat order days; t_x: first to last order day; T: first order day to now.
    The usual customer (its three inputs) anchors the contributions: exact Shapley values against it.

    Source: Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24(2).
    """

    name: str
    r: float
    alpha: float
    a: float
    b: float
    horizon_days: int
    usual: tuple[float, float, float]  # order days, silence in days, tenure in days

    INPUTS = ("order_days_lifetime", "days_since_last_order", "days_since_first_order")

    @property
    def features(self) -> tuple[str, ...]:
        """Order days, silence and tenure."""
        return self.INPUTS

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """NaN where the customer never ordered."""
        return self._of(*(snapshot.feature(name) for name in self.INPUTS))

    def contributions(self, snapshot: Snapshot) -> Floats:
        """Shapley values of the three inputs, then the usual customer's log-odds."""
        inputs = [snapshot.feature(name) for name in self.INPUTS]
        usual = [np.full(len(snapshot), value) for value in self.usual]
        values = {
            chosen: self._of(*(inputs[i] if i in chosen else usual[i] for i in range(3)))
            for size in range(4)
            for chosen in combinations(range(3), size)
        }
        parts = [self._shapley(index, values) for index in range(3)]
        anchor = values[()]
        parts[2] = values[(0, 1, 2)] - anchor - parts[0] - parts[1]  # takes up the rounding
        return np.column_stack([*parts, anchor])

    def record(self) -> dict[str, Any]:
        """The four parameters, horizon and anchor."""
        return {"kind": "bg_nbd", **asdict(self)}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> BgNbd:
        """The member a record describes."""
        given = {key: value for key, value in record.items() if key != "kind"}
        return cls(**{**given, "usual": tuple(given["usual"])})

    @staticmethod
    def _shapley(index: int, values: dict[tuple[int, ...], Floats]) -> Floats:
        total = np.zeros_like(values[()])
        others = [i for i in range(3) if i != index]
        for size in range(3):
            weight = factorial(size) * factorial(2 - size) / factorial(3)
            for chosen in combinations(others, size):
                total = total + weight * (values[tuple(sorted((*chosen, index)))] - values[chosen])
        return total

    def _of(self, order_days: Floats, silence: Floats, tenure: Floats) -> Floats:
        repeats = np.maximum(order_days - 1, 0.0)
        age = np.maximum(tenure, silence) / 7  # an anchor mixed with a row may be silent for too long
        last = age - silence / 7
        log_dead = self._log_odds_dead(repeats, last, age)
        log_none = -(self.r + repeats) * log1p((self.horizon_days / 7) / (self.alpha + age))
        # P(none) = P(dead) + P(alive) · none; P(order) = P(alive) · (1 - none)
        none: Floats = logsumexp(np.stack([log_dead, log_none]), axis=0)
        some: Floats = np.log(-np.expm1(log_none))
        bound = float(logit(1 - LEAST_CHANCE))
        odds: Floats = np.clip(none - some, -bound, bound)
        return odds

    def _log_odds_dead(self, repeats: Floats, last: Floats, age: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_odds: Floats = (
                np.log(self.a)
                - np.log(self.b + repeats - 1)
                + (self.r + repeats) * (np.log(self.alpha + age) - np.log(self.alpha + last))
            )
        never = np.where(np.isnan(repeats + last + age), np.nan, -np.inf)
        return np.where(repeats > 0, log_odds, never)


AnyMember = Linear | BgNbd | LightGbm


def member_of(record: dict[str, Any], text: str | None) -> AnyMember:
    """The member a record (and for LightGBM its text) describes.

    Raises:
        KeyError, TypeError, ValueError: the record is none of ours.
    """
    match record["kind"]:
        case "linear":
            return Linear.of_record(record)
        case "bg_nbd":
            return BgNbd.of_record(record)
        case "lightgbm" if text is not None:
            return LightGbm(record["name"], text)
    raise ValueError(f"no member is of kind {record['kind']!r}")
