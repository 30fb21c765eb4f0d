"""The shortfall at a fold: the share of R that goes missing, how much it scatters, and who declines."""

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
"""Active customers from which trees count as much as the line, and the newest window as much as all others.

Stated, not learned: weights learned on past windows found no more money on large ledgers and less on small ones.
"""
LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0


CELLS, CELL_ROWS = 5, 50
SPREADS = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.4])
USUAL_SPREAD = 0.4
"""Log-odds, deviation of the half-normal prior: what levels of 20 made-up and real ledgers move by between origins."""


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
    task = FitTask(rows, origins, replace(fold, fit=closed[::apart]), share, weight)
    line = fit_member("line of money", MONEY, task, seed)
    if isinstance(line, NotFitted):
        return line
    trees = fit_member("trees of money", TREES, task, seed)
    if isinstance(trees, NotFitted):
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


@dataclass(frozen=True)
class MoneyForecasts:
    """Money told of unseen windows and what came, one row per (origin, account)."""

    value_at_risk: Floats
    reference: Floats
    shortfall: Floats
    rows: TrainingSet


def spread_of(told: MoneyForecasts | None) -> float:
    """Deviation, in log-odds, of the share seen among accounts of like score at a new origin from the share told.

    Every origin's accounts are cut into up to five cells of 50 and more by the share told; how far what a cell saw lies
    off, less what so few accounts scatter by chance, weighed over what the deviation may be. Without any the prior
    alone speaks.
    """
    off, by_chance = _cells(told) if told else (np.empty(0), np.empty(0))
    log_prior = -0.5 * (SPREADS / USUAL_SPREAD) ** 2
    return posterior_deviation(off, by_chance**2, deviations=SPREADS, log_prior=log_prior)


def _cells(told: MoneyForecasts) -> tuple[Floats, Floats]:
    """How far each cell's accounts lay off, in log-odds, and its deviation by chance; larger accounts say more."""
    share = np.divide(told.value_at_risk, told.reference, out=np.full(len(told.rows), np.nan), where=told.reference > 0)
    known, at, votes = ~np.isnan(share), told.rows.origin, told.rows.weight
    off: list[float] = []
    by_chance: list[float] = []
    for origin in np.unique(at[known]):
        rows = np.flatnonzero(known & (at == origin))
        ranked = rows[np.argsort(share[rows], kind="stable")]
        for cell in np.array_split(ranked, int(np.clip(len(rows) // CELL_ROWS, 1, CELLS))):
            weight = votes[cell] * np.sqrt(told.reference[cell])
            told_share = np.clip(share[cell], 0.001, 0.999)
            seen = np.minimum(told.shortfall[cell] / told.reference[cell], 1.0)
            curve = float(np.sum(weight * told_share * (1 - told_share)))
            if curve > 0:
                off.append(float(np.sum(weight * (seen - told_share))) / curve)
                by_chance.append(float(np.sqrt(np.sum((weight * (seen - told_share)) ** 2))) / curve)
    return np.array(off), np.array(by_chance)
