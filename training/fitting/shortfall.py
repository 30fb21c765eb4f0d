"""Here you find how money is learned at a fold: the share of R that goes missing, and who declines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.policy import Policy
from features.snapshot import Floats
from models.probability import Probability, alone
from models.reference import Reference, orders_expected
from models.shortfall import Shortfall, ShortfallKind, lift_of
from training.dataset.folds import Fold, Origins
from training.dataset.training_set import TrainingSet
from training.fitting.blend import MOST_ROWS
from training.fitting.candidates import BOOSTED, MONEY, RFM, Recipe, TreesRecipe
from training.fitting.fit import Lesson, Target, TooFew, fit_member

DECLINE_RECIPES: dict[str, Recipe] = {"rfm logistic": RFM, "lightgbm": BOOSTED}
TREES = TreesRecipe()
LEARNED_KINDS = (ShortfallKind.LEARNED,)
ENOUGH_CUSTOMERS = 300
"""Active customers from which trees count as much as the line, and the newest window as much as all others.

Stated, not learned: weights learned on past windows found no more money on large ledgers and less on small ones.
"""
LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0


def declined(reference: Reference, policy: Policy) -> Target:
    """1: no order or fading, 0: neither; NaN where too few orders are expected to tell."""

    def target(rows: TrainingSet) -> Floats:
        expected = orders_expected(rows.snapshot, rows.horizon_days)
        fading = rows.labels.fading(reference.sales(rows.snapshot), expected, policy)
        telling = expected >= policy.fading_least_orders
        return np.where(telling, (rows.labels.churned | fading).astype(np.float64), np.nan)

    return target


def learn_share(
    rows: TrainingSet, origins: Origins, *, fold: Fold, reference: Reference, seed: int
) -> Probability | TooFew:
    """A model of shortfall ÷ R: a line and trees, fitted on the windows closed by the fold's instant.

    They need no window of their own to be calibrated on: their level is lifted, and few rows are too dear to spare. Of
    more rows than tell anything new the windows are taken further apart.
    """

    def share(rows: TrainingSet) -> Floats:
        r = reference.sales(rows.snapshot)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(r > 0, np.minimum(rows.labels.shortfall(r) / r, 1.0), np.nan)

    def weight(rows: TrainingSet) -> Floats:  # between one vote a customer and one vote a pound: tails stay tame
        return np.sqrt(reference.sales(rows.snapshot))

    closed = origins.before(fold.at)
    apart = max(-(-len(rows.active_at(closed)) // MOST_ROWS), 1)
    lesson = Lesson(rows, origins, replace(fold, fit=closed[::apart]), share, weight)
    line = fit_member("line of money", MONEY, lesson, seed)
    if isinstance(line, TooFew):
        return line
    trees = fit_member("trees of money", TREES, lesson, seed)
    if isinstance(trees, TooFew):
        return alone(line)
    trees_count = counting(len(rows.active_at([fold.calibrate])))
    return Probability((line, trees), (1 - trees_count, trees_count))


def lifted_shortfall(plain: Shortfall, seen: TrainingSet, reference: Reference, churn: Probability) -> Shortfall:
    """The shortfall told in one way, lifted so that the sum over the seen window comes true.

    A learned one has a level of its own, from many windows: n customers of the newest move it n ÷ (n + 300) of the way.
    """
    sales = reference.sales(seen.snapshot)
    share = plain.plain_share(seen.snapshot, churn.chance(seen.snapshot))
    lift = lift_of(seen.weight * seen.labels.shortfall(sales), seen.weight * sales, share)
    is_learned = plain.kind in LEARNED_KINDS
    return replace(plain, lift=lift * counting(len(seen)) if is_learned else lift)


def sales_factor(
    shortfall: Shortfall, reference: Reference, churn: Probability, *, newest: TrainingSet, closed: TrainingSet
) -> float:
    """Σ net sales ÷ Σ (R - value at risk) of all closed windows, moved towards the newest one's as far as it counts."""

    def factor(rows: TrainingSet) -> float:
        sales = reference.in_season(rows.snapshot)
        kept = sales - shortfall.value_at_risk(rows.snapshot, sales, churn.chance(rows.snapshot))
        seen, told = float(np.nansum(rows.weight * rows.labels.net_sales)), float(np.nansum(rows.weight * kept))
        return float(np.clip(seen / told, LEAST_FACTOR, MOST_FACTOR)) if told > 0 else 1.0

    towards = counting(len(newest))
    return float(factor(closed) ** (1 - towards) * factor(newest) ** towards)


def counting(customers: int) -> float:
    """How far so many customers of one window are believed: 0 to 1, one half from 300 on."""
    return customers / (customers + ENOUGH_CUSTOMERS)
