"""Here you find how money is learned at a fold: the share of R that goes missing, and who declines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.policy import Policy
from features.snapshot import Floats
from models.members import AnyMember
from models.probability import Probability
from models.reference import Reference, orders_expected
from models.shortfall import Shortfall, ShortfallKind, lift_of
from training.candidates import BOOSTED, RFM, Recipe
from training.dataset import TrainingSet
from training.fit import Lesson, Target, TooFew, fit_member
from training.folds import Fold, Origins

DECLINE_RECIPES: dict[str, Recipe] = {"rfm logistic": RFM, "lightgbm": BOOSTED}
SHARE_RECIPES: dict[ShortfallKind, Recipe] = {ShortfallKind.LINEAR: RFM, ShortfallKind.LIGHTGBM: BOOSTED}


def declined(reference: Reference, policy: Policy) -> Target:
    """1: no order or fading, 0: neither; NaN where too few orders are expected to tell."""

    def target(rows: TrainingSet) -> Floats:
        expected = orders_expected(rows.snapshot, rows.horizon_days)
        fading = rows.labels.fading(reference.sales(rows.snapshot), expected, policy)
        telling = expected >= policy.fading_least_orders
        return np.where(telling, (rows.labels.churned | fading).astype(np.float64), np.nan)

    return target


def fit_share(
    kind: ShortfallKind, rows: TrainingSet, origins: Origins, *, fold: Fold, reference: Reference, seed: int
) -> AnyMember | TooFew:
    """A model of shortfall ÷ R, fitted on the fold's fitting windows."""

    def share(rows: TrainingSet) -> Floats:
        r = reference.sales(rows.snapshot)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(r > 0, np.minimum(rows.labels.shortfall(r) / r, 1.0), np.nan)

    def weight(rows: TrainingSet) -> Floats:  # between one vote a customer and one vote a pound: tails stay tame
        return np.sqrt(reference.sales(rows.snapshot))

    return fit_member(str(kind), SHARE_RECIPES[kind], Lesson(rows, origins, fold, share, weight), seed)


def lifted_shortfall(plain: Shortfall, seen: TrainingSet, reference: Reference, churn: Probability) -> Shortfall:
    """The shortfall told in one way, lifted so that the sum over the seen windows comes true."""
    sales = reference.sales(seen.snapshot)
    share = plain.plain_share(seen.snapshot, churn.chance(seen.snapshot))
    return replace(plain, lift=lift_of(seen.weight * seen.labels.shortfall(sales), seen.weight * sales, share))
