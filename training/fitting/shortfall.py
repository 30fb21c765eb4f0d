"""The shortfall at a fold: its share of R, the spread of that share, and the target of declining."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.policy import Policy
from features.snapshot import Floats
from models.probability import Probability, alone
from models.reference import Reference, orders_expected
from models.shortfall import Shortfall, ShortfallKind, lift_of
from training.calibration.deviation import posterior_deviation
from training.dataset.folds import Fold, Origins
from training.dataset.training_set import TrainingSet
from training.fitting.blend import MOST_ROWS
from training.fitting.candidates import BOOSTED, MONEY, RFM, Recipe, TreesRecipe
from training.fitting.fit import FitTask, NotFitted, Target, fit_member

DECLINE_RECIPES: dict[str, Recipe] = {"rfm logistic": RFM, "lightgbm": BOOSTED}
TREES = TreesRecipe()
LEARNED_KINDS = (ShortfallKind.LEARNED,)
ENOUGH_CUSTOMERS = 300
"""Active customers at which trees count as much as the line, and the newest window as much as all others.

Stated, not learned: weights learned on past windows found no more money on large ledgers and less on small ones.
"""
LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0
CELLS, CELL_ROWS = 5, 50
SPREADS = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.4])
USUAL_SPREAD = 0.4
"""Log-odds, deviation of the half-normal prior: how levels move between origins on 20 made-up and real ledgers."""


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
) -> Probability | NotFitted:
    """A model of shortfall ÷ R: a line and trees, fitted on the windows closed by the fold's instant.

    They need no calibration window of their own, since their level is lifted afterwards. Beyond MOST_ROWS, windows are
    taken further apart.
    """

    def share(rows: TrainingSet) -> Floats:
        r = reference.sales(rows.snapshot)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(r > 0, np.minimum(rows.labels.shortfall(r) / r, 1.0), np.nan)

    def weight(rows: TrainingSet) -> Floats:
        """Between equal weight per customer and per pound, so that the largest accounts do not decide alone."""
        return np.sqrt(reference.sales(rows.snapshot))

    closed = origins.before(fold.at)
    apart = max(-(-len(rows.active_at(closed)) // MOST_ROWS), 1)
    task = FitTask(rows, origins, replace(fold, fit=closed[::apart]), share, weight)
    line = fit_member("line of money", MONEY, task, seed)
    if isinstance(line, NotFitted):
        return line
    trees = fit_member("trees of money", TREES, task, seed)
    if isinstance(trees, NotFitted):
        return alone(line)
    trees_count = counting(len(rows.active_at([fold.calibrate])))
    return Probability((line, trees), (1 - trees_count, trees_count))


def lifted_shortfall(plain: Shortfall, rows: TrainingSet, reference: Reference, churn: Probability) -> Shortfall:
    """The shortfall of one kind, lifted so that its sum matches the rows.

    A learned kind has a level of its own, from many windows: n customers of the newest window move it n ÷ (n + 300) of
    the way.
    """
    sales = reference.sales(rows.snapshot)
    share = plain.plain_share(rows.snapshot, churn.chance(rows.snapshot))
    lift = lift_of(rows.weight * rows.labels.shortfall(sales), rows.weight * sales, share)
    is_learned = plain.kind in LEARNED_KINDS
    return replace(plain, lift=lift * counting(len(rows)) if is_learned else lift)


def sales_factor(
    shortfall: Shortfall, reference: Reference, churn: Probability, *, newest: TrainingSet, closed: TrainingSet
) -> float:
    """Σ net sales ÷ Σ (R - value at risk) of all closed windows, moved towards that of the newest by its weight."""

    def factor(rows: TrainingSet) -> float:
        sales = reference.in_season(rows.snapshot)
        expected = sales - shortfall.value_at_risk(rows.snapshot, sales, churn.chance(rows.snapshot))
        observed_total, expected_total = (
            float(np.nansum(rows.weight * rows.labels.net_sales)),
            float(np.nansum(rows.weight * expected)),
        )
        return float(np.clip(observed_total / expected_total, LEAST_FACTOR, MOST_FACTOR)) if expected_total > 0 else 1.0

    towards = counting(len(newest))
    return float(factor(closed) ** (1 - towards) * factor(newest) ** towards)


def counting(customers: int) -> float:
    """The weight of this number of customers of one window: 0 to 1, one half at 300."""
    return customers / (customers + ENOUGH_CUSTOMERS)


@dataclass(frozen=True)
class MoneyForecasts:
    """Out-of-sample forecasts of money and the outcomes, one row per (origin, customer)."""

    value_at_risk: Floats
    reference: Floats
    shortfall: Floats
    rows: TrainingSet


def spread_of(forecasts: MoneyForecasts | None) -> float:
    """Deviation, in log-odds, between observed and forecast share among accounts of similar score at a new origin.

    The accounts of each origin are cut by forecast share into up to five cells of at least 50. The posterior weighs the
    error of each cell, less its deviation by chance, over a grid of deviations. Without forecasts it is the prior's.
    """
    deviation, by_chance = _cells(forecasts) if forecasts else (np.empty(0), np.empty(0))
    log_prior = -0.5 * (SPREADS / USUAL_SPREAD) ** 2
    return posterior_deviation(deviation, by_chance**2, deviations=SPREADS, log_prior=log_prior)


def _cells(forecasts: MoneyForecasts) -> tuple[Floats, Floats]:
    """The error of each cell in log-odds, and its deviation by chance; larger accounts weigh more."""
    share = np.divide(
        forecasts.value_at_risk,
        forecasts.reference,
        out=np.full(len(forecasts.rows), np.nan),
        where=forecasts.reference > 0,
    )
    known, at, votes = ~np.isnan(share), forecasts.rows.origin, forecasts.rows.weight
    deviations: list[float] = []
    by_chance: list[float] = []
    for origin in np.unique(at[known]):
        rows = np.flatnonzero(known & (at == origin))
        ranked = rows[np.argsort(share[rows], kind="stable")]
        for cell in np.array_split(ranked, int(np.clip(len(rows) // CELL_ROWS, 1, CELLS))):
            weight = votes[cell] * np.sqrt(forecasts.reference[cell])
            forecast = np.clip(share[cell], 0.001, 0.999)
            observed = np.minimum(forecasts.shortfall[cell] / forecasts.reference[cell], 1.0)
            curve = float(np.sum(weight * forecast * (1 - forecast)))
            if curve > 0:
                deviations.append(float(np.sum(weight * (observed - forecast))) / curve)
                by_chance.append(float(np.sqrt(np.sum((weight * (observed - forecast)) ** 2))) / curve)
    return np.array(deviations), np.array(by_chance)
