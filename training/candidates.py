"""Here you find who takes part in the contest: rules and models, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from features.catalog import MODEL_FEATURES
from models.members import Transform


class Rank(StrEnum):
    """What a candidate is served as."""

    RULE = "rule"  # one variable; served where no model proves better
    MODEL = "model"


@dataclass(frozen=True)
class LinearRecipe:
    """A logistic regression on standardised features.

    Attributes:
        features: each with its transform.
        shrinkage: weight of the squared coefficients, in rows.
        rising_in: +1 or -1 for a rule of one feature: the sign its coefficient keeps; 0: free.
    """

    features: tuple[tuple[str, Transform], ...]
    shrinkage: float
    rising_in: int = 0


@dataclass(frozen=True)
class BgNbdRecipe:
    """Maximum likelihood on all customers; nothing to choose."""


@dataclass(frozen=True)
class LightGbmRecipe:
    """Boosted trees, smaller for smaller ledgers (see ``training.boosting``)."""

    features: tuple[str, ...] = MODEL_FEATURES
    least_rows: int = 300


Recipe = LinearRecipe | BgNbdRecipe | LightGbmRecipe


@dataclass(frozen=True)
class Candidate:
    """One rival of the contest."""

    name: str
    rank: Rank
    meaning: str
    recipe: Recipe


LOG, PLAIN = Transform.LOG, Transform.PLAIN

RFM = LinearRecipe(
    features=(
        ("days_since_last_order", LOG),
        ("order_days_365_days", LOG),
        ("net_sales_365_days", LOG),
        ("days_since_first_order", LOG),
        ("silence_to_due_gap", LOG),
        ("order_days_lifetime", LOG),
    ),
    shrinkage=10.0,
)
BOOSTED = LightGbmRecipe()

CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        "recency",
        Rank.RULE,
        "who is silent longest goes first",
        LinearRecipe((("days_since_last_order", LOG),), shrinkage=1.0, rising_in=1),
    ),
    Candidate(
        "low frequency",
        Rank.RULE,
        "who ordered least in a year goes first",
        LinearRecipe((("order_days_365_days", LOG),), shrinkage=1.0, rising_in=-1),
    ),
    Candidate("rfm logistic", Rank.MODEL, "a shrunken line of silence, frequency, money, tenure and rhythm", RFM),
    Candidate("bg/nbd", Rank.MODEL, "buys at a rate of its own until it quietly leaves", BgNbdRecipe()),
    Candidate("lightgbm", Rank.MODEL, "boosted trees over the whole catalogue", BOOSTED),
)
"""Rivals for the chance of no order. For money: the kinds of ``models.shortfall``."""
