"""How a member of curves is fitted: one of each feature, added to an offset, drawn to no effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.special import expit
from threadpoolctl import threadpool_limits

from features.snapshot import Floats, Snapshot
from models.members import Linear, Term, Transform
from training.calibration.origin_levels import Forecasts
from training.fitting.candidates import CurvesRecipe

BENDS = (0.2, 0.4, 0.6, 0.8)
"""Quantiles at which a curved feature may change its slope."""
OUTER = (0.01, 0.99)
"""Beyond these quantiles a feature says no more than at them: a line that goes on for ever is wrong first."""
LEAST_MISSING_SHARE = 0.005
NEWTON_STEPS, SMALLEST_STEP, LONGEST_STEP = 25, 1e-6, 2.0
LEAST_CURVE = 1e-6
LEVEL_PULL = 2.0
"""Weight of the squared level of a window, in customers' windows: levels are thought to deviate by 0.7."""


def fit_curves(name: str, recipe: CurvesRecipe, snapshot: Snapshot, told: Forecasts) -> Linear:
    """What is to be added to forecasts of a snapshot's rows, in log-odds; alike for all where no feature says anything.

    Each origin has a level of its own, drawn to the common one, while the curves are fitted: what all customers shared
    in one window is not told by what they share for other reasons, such as the age of a young ledger.
    """
    terms = [term for feature in recipe.features for term in _terms(snapshot, feature, recipe)]
    columns = [(term.seen(snapshot.feature(term.feature)) - term.mean) / term.scale for term in terms]
    levels = (told.origin[:, None] == np.unique(told.origin)[None, :]).astype(np.float64)
    matrix = np.column_stack([np.ones(len(told)), *columns, levels])
    pull = np.array([LEAST_CURVE] + [recipe.shrinkage] * len(columns) + [LEVEL_PULL] * levels.shape[1])
    with threadpool_limits(limits=1, user_api="blas"):  # sums in another order are other bits
        constant, *coefficients = _newton(matrix, told, pull)
    fitted = (replace(term, coefficient=coefficients[place]) for place, term in enumerate(terms))
    return Linear(name, constant, tuple(fitted))


def _terms(snapshot: Snapshot, feature: str, recipe: CurvesRecipe) -> Iterator[Term]:
    values = snapshot.feature(feature)
    missing = np.isnan(values)
    if missing.all():
        return
    usual = Term(feature, Transform.LOG, 0.0, 0.0, 1.0, 0.0)
    shown = usual.seen(values[~missing])
    low, high = (float(each) for each in np.quantile(shown, OUTER))
    line = replace(usual, imputation=float(np.median(shown)), low=low, high=high)
    bends: list[float] = []
    if feature in recipe.curved:
        bends = [float(bend) for bend in np.unique(np.quantile(shown, BENDS)) if low < bend < high]
    for term in (line, *(replace(line, bend=bend) for bend in bends)):
        yield from _standardised(term, values)
    if LEAST_MISSING_SHARE < missing.mean() < 1 - LEAST_MISSING_SHARE:
        yield from _standardised(replace(usual, transform=Transform.MISSING), values)


def _standardised(term: Term, values: Floats) -> Iterator[Term]:
    """The term with the mean and scale of what it sees; nothing where it sees the same in all."""
    seen = term.seen(values)
    if seen.min() < seen.max():
        yield replace(term, mean=float(seen.mean()), scale=float(seen.std()))


def _newton(matrix: Floats, told: Forecasts, pull: Floats) -> list[float]:
    """Coefficients of least log loss plus ½ pull × squares; the loss is convex."""
    found = np.zeros(matrix.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = expit(told.log_odds + matrix @ found)
        down = matrix.T @ (told.weight * (chance - told.happened)) + pull * found
        curve = (matrix * (told.weight * np.maximum(chance * (1 - chance), LEAST_CURVE))[:, None]).T @ matrix
        curve[np.diag_indices_from(curve)] += pull
        step = np.linalg.solve(curve, down)
        longest = float(np.abs(step).max())
        found = found - step * min(1.0, LONGEST_STEP / max(longest, LEAST_CURVE))
        if longest < SMALLEST_STEP:
            break
    return [float(each) for each in found]
