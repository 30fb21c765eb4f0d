"""The fit of a member of curves: one curve of each feature, added to an offset, shrunken to no effect."""

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
"""Beyond these quantiles a curve stays flat: a line that goes on for ever fails first."""
LEAST_MISSING_SHARE = 0.005
NEWTON_STEPS, SMALLEST_STEP, LONGEST_STEP = 25, 1e-6, 2.0
LEAST_CURVE = 1e-6
LEVEL_PULL = 2.0
"""Weight of the squared level of a window, in customers' windows: it assumes that levels deviate by 0.7."""


def fit_curves(name: str, recipe: CurvesRecipe, snapshot: Snapshot, forecasts: Forecasts) -> Linear:
    """A correction to forecasts of a snapshot's rows, in log-odds; constant where no feature has an effect.

    Each origin has a level of its own during the fit, shrunken to the common one: without it, features that all
    customers of a window share for other reasons, such as the age of a young ledger, would take up that level.
    """
    terms = [term for feature in recipe.features for term in _terms(snapshot, feature, recipe)]
    columns = [(term.transformed(snapshot.feature(term.feature)) - term.mean) / term.scale for term in terms]
    levels = (forecasts.origin[:, None] == np.unique(forecasts.origin)[None, :]).astype(np.float64)
    matrix = np.column_stack([np.ones(len(forecasts)), *columns, levels])
    pull = np.array([LEAST_CURVE] + [recipe.shrinkage] * len(columns) + [LEVEL_PULL] * levels.shape[1])
    with threadpool_limits(limits=1, user_api="blas"):  # sums in another order are other bits
        constant, *coefficients = _newton(matrix, forecasts, pull)
    fitted = (replace(term, coefficient=coefficients[place]) for place, term in enumerate(terms))
    return Linear(name, constant, tuple(fitted))


def _terms(snapshot: Snapshot, feature: str, recipe: CurvesRecipe) -> Iterator[Term]:
    values = snapshot.feature(feature)
    missing = np.isnan(values)
    if missing.all():
        return
    usual = Term(feature, Transform.LOG, 0.0, 0.0, 1.0, 0.0)
    present = usual.transformed(values[~missing])
    low, high = (float(bound) for bound in np.quantile(present, OUTER))
    line = replace(usual, imputation=float(np.median(present)), low=low, high=high)
    bends: list[float] = []
    if feature in recipe.curved:
        bends = [float(bend) for bend in np.unique(np.quantile(present, BENDS)) if low < bend < high]
    for term in (line, *(replace(line, bend=bend) for bend in bends)):
        yield from _standardised(term, values)
    if LEAST_MISSING_SHARE < missing.mean() < 1 - LEAST_MISSING_SHARE:
        yield from _standardised(replace(usual, transform=Transform.MISSING), values)


def _standardised(term: Term, values: Floats) -> Iterator[Term]:
    """The term with the mean and scale of its transformed values; nothing where they are all equal."""
    transformed = term.transformed(values)
    if transformed.min() < transformed.max():
        yield replace(term, mean=float(transformed.mean()), scale=float(transformed.std()))


def _newton(matrix: Floats, forecasts: Forecasts, pull: Floats) -> list[float]:
    """Coefficients of least log loss plus ½ pull × squares; the loss is convex."""
    coefficients = np.zeros(matrix.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = expit(forecasts.log_odds + matrix @ coefficients)
        gradient = matrix.T @ (forecasts.weight * (chance - forecasts.happened)) + pull * coefficients
        hessian = (matrix * (forecasts.weight * np.maximum(chance * (1 - chance), LEAST_CURVE))[:, None]).T @ matrix
        hessian[np.diag_indices_from(hessian)] += pull
        step = np.linalg.solve(hessian, gradient)
        longest = float(np.abs(step).max())
        coefficients = coefficients - step * min(1.0, LONGEST_STEP / max(longest, LEAST_CURVE))
        if longest < SMALLEST_STEP:
            break
    return [float(value) for value in coefficients]
