"""The candidates of the contest: rules and models, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from features.catalog import MODEL_FEATURES
from models.btyd import BtydModel
from models.members import Transform


class Rank(StrEnum):
    """The kind of a candidate."""

    RULE = "rule"  # one variable; serves where no model proves better
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
class BtydRecipe:
    """Maximum likelihood on all customers, with or without a known outcome.

    Attributes:
        most_regular: upper limit of the regularity of gaps; 1: orders come by chance.
    """

    model: BtydModel
    most_regular: int = 1


@dataclass(frozen=True)
class CurvesRecipe:
    """The sum of a curve of each feature, added to an offset; with fewer rows it stays closer to the offset.

    Attributes:
        features: all of them, by their logarithm; missing values have a term of their own.
        curved: those with bends at some of their quantiles; the others are straight lines.
        shrinkage: weight of the squared coefficients, in customers' windows.
    """

    features: tuple[str, ...]
    curved: tuple[str, ...]
    shrinkage: float


@dataclass(frozen=True)
class LightGbmRecipe:
    """Boosted trees, smaller for smaller ledgers (see ``training.fitting.lightgbm``)."""

    features: tuple[str, ...] = MODEL_FEATURES
    least_rows: int = 300


Recipe = LinearRecipe | LightGbmRecipe


@dataclass(frozen=True)
class TreesRecipe:
    """Boosted trees in a fixed number of rounds, with random splits (see ``training.fitting.lightgbm``).

    Attributes:
        leaves: at most, per tree. feature_share, row_share: sampled for each tree.
        shrinkage: weight of the squared values of leaves, in rows.
    """

    features: tuple[str, ...] = MODEL_FEATURES
    rounds: int = 150
    leaves: int = 8
    feature_share: float = 0.3
    row_share: float = 0.5
    shrinkage: float = 10.0
    least_rows: int = 300


@dataclass(frozen=True)
class MemberRecipe:
    """One member of the blend.

    Attributes:
        weight_of_few, weight_of_many: its weight before any past forecast is known, with no window to learn from and
            with very many.
    """

    name: str
    meaning: str
    recipe: BtydRecipe | CurvesRecipe | TreesRecipe
    weight_of_few: float
    weight_of_many: float


@dataclass(frozen=True)
class BlendRecipe:
    """Members fitted separately and weighted by their past forecasts."""

    members: tuple[MemberRecipe, ...]


@dataclass(frozen=True)
class Candidate:
    """One candidate of the contest."""

    name: str
    rank: Rank
    meaning: str
    recipe: Recipe | BlendRecipe


LOG = Transform.LOG

CURVED = (
    "days_since_last_order",
    "days_since_first_order",
    "silence_to_due_gap",
    "silence_to_gap_mean",
    "due_gap_days",
    "gap_mean_days",
    "order_days_90_days",
    "order_days_365_days",
)
"""Features in which the hazard of ordering bends: silence, the customer's own rhythm, their ratios, pace and age."""

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
MONEY = LinearRecipe(
    features=(
        *RFM.features,
        ("spend_to_reference_90_days", LOG),
        ("order_size_last", LOG),
        ("order_size_mean_365_days", LOG),
        ("order_size_change_ratio", LOG),
    ),
    shrinkage=10.0,
)
"""For the shortfall as a share of R: adds how the newest orders compare with those behind R."""
BOOSTED = LightGbmRecipe()
BLEND = BlendRecipe(
    (
        MemberRecipe(
            "pareto/nbd",
            "each customer orders at a rate of its own until it leaves without notice",
            BtydRecipe(BtydModel.PARETO_NBD),
            weight_of_few=1 / 2,
            weight_of_many=1 / 3,
        ),
        MemberRecipe(
            "mbg/nbd",
            "each customer orders as regularly as the company's customers do, and may leave after any order",
            BtydRecipe(BtydModel.MBG_NBD, most_regular=6),
            weight_of_few=1 / 2,
            weight_of_many=1 / 3,
        ),
        MemberRecipe(
            "curves",
            "the effect of rhythm, season and the whole catalogue beyond that, shrunken",
            CurvesRecipe(MODEL_FEATURES, CURVED, shrinkage=300.0),
            weight_of_few=0.0,
            weight_of_many=1 / 2,
        ),
        MemberRecipe(
            "trees", "boosted trees over the whole catalogue", TreesRecipe(), weight_of_few=0.0, weight_of_many=1 / 3
        ),
    )
)
"""Chosen on made-up ledgers of eight trades, and on real ones before the cutoffs they are judged at."""

BLENDED = "callfirst"

CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        "recency",
        Rank.RULE,
        "the customers with the longest silence come first",
        LinearRecipe((("days_since_last_order", LOG),), shrinkage=1.0, rising_in=1),
    ),
    Candidate(
        "low frequency",
        Rank.RULE,
        "the customers with the fewest order days in a year come first",
        LinearRecipe((("order_days_365_days", LOG),), shrinkage=1.0, rising_in=-1),
    ),
    Candidate(BLENDED, Rank.MODEL, "members weighted by their forecasts at past origins", BLEND),
)
"""Candidates for the chance of no order. For money: the kinds of ``models.shortfall``."""
