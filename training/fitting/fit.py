"""The fit and calibration of a candidate at one instant, the same in the contest and for serving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from features.snapshot import ASSIGNED, Floats, Snapshot
from models.members import AnyMember, Linear, Term, Transform, transformed
from models.probability import Probability, alone
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts
from training.dataset.folds import Fold, Origins
from training.dataset.training_set import TrainingSet
from training.fitting.candidates import LightGbmRecipe, LinearRecipe, Recipe, TreesRecipe
from training.fitting.lightgbm import Examples, fit_boosted, fit_trees

Target = Callable[[TrainingSet], Floats]
"""The value to learn, from 0 to 1 per row; NaN: the row takes no part."""

LEAST_OUTCOMES = 5
"""Rows needed of each outcome; with fewer, a fit would follow single customers."""
LEAST_RULE_COEFFICIENT = 1e-3


@dataclass(frozen=True)
class NotFitted:
    """A candidate that could not be fitted, and the reason."""

    reason: str


@dataclass(frozen=True)
class FitTask:
    """One fit at a fold: rows to fit on, rows to calibrate on, and the target of both.

    Attributes:
        weight: of each row while fitting, times its own (``TrainingSet.weight``); None: its own alone.
    """

    rows: TrainingSet
    origins: Origins
    fold: Fold
    target: Target
    weight: Callable[[TrainingSet], Floats] | None = None

    @property
    def fit_rows(self) -> TrainingSet:
        """Active customers of the fitting windows whose target is known."""
        return self.with_target(self.rows.active_at(self.fold.fit))

    @property
    def calibration_rows(self) -> TrainingSet:
        """Active customers of the calibration window whose target is known."""
        return self.with_target(self.rows.active_at([self.fold.calibrate]))

    def with_target(self, rows: TrainingSet) -> TrainingSet:
        """The rows whose target is known."""
        return rows.where(~np.isnan(self.target(rows)))


def fit(name: str, recipe: Recipe, task: FitTask, seed: int) -> Probability | NotFitted:
    """The candidate fitted on the fold's fitting windows, and calibrated if its calibration window is another one."""
    member = fit_member(name, recipe, task, seed)
    if isinstance(member, NotFitted):
        return member
    if not task.fold.is_apart:
        return alone(member)
    rows = task.calibration_rows
    happened = task.target(rows)
    log_odds = member.log_odds(rows.snapshot)
    forecasts = Forecasts(log_odds, happened >= 0.5, rows.origin, rows.weight, task.origins.horizon_days)
    return alone(member, fit_calibrator(forecasts))


def fit_member(name: str, recipe: Recipe | TreesRecipe, task: FitTask, seed: int) -> AnyMember | NotFitted:
    """The candidate fitted on the fold's fitting windows, not calibrated."""
    rows = task.fit_rows
    if task.rows.has_called_input:
        recipe, rows = with_assigned(recipe), task.with_target(task.rows.with_called(task.fold.fit))
    target = task.target(rows)
    if min(target.sum(), (1 - target).sum()) < LEAST_OUTCOMES:
        return NotFitted(f"fewer than {LEAST_OUTCOMES} of its rows to fit on have one of the two outcomes")
    weight = _weights(task, rows)
    if isinstance(recipe, LinearRecipe):
        return without_assigned(fit_linear(name, recipe, rows.snapshot, target, weight))
    if isinstance(recipe, TreesRecipe):
        if len(rows) < recipe.least_rows:
            return NotFitted(f"only {len(rows)} rows to fit on, and {recipe.least_rows} are needed")
        examples = Examples(rows.snapshot.matrix(recipe.features), target, weight)
        return fit_trees(name, recipe, examples, seed=seed)
    return _boosted(name, recipe, task, rows, seed)


def with_assigned(recipe: Recipe | TreesRecipe) -> Recipe | TreesRecipe:
    """The recipe with the input that marks called customers."""
    if isinstance(recipe, LinearRecipe):
        return replace(recipe, features=(*recipe.features, (ASSIGNED, Transform.PLAIN)))
    return replace(recipe, features=(*recipe.features, ASSIGNED))


def without_assigned(line: Linear) -> Linear:
    """The line for customers that are not called: the input's term at 0 goes into the constant."""
    terms = [term for term in line.terms if term.feature == ASSIGNED]
    none = np.zeros(1)
    at_none = sum(float((term.transformed(none)[0] - term.mean) / term.scale * term.coefficient) for term in terms)
    return replace(line, constant=line.constant + at_none, terms=tuple(t for t in line.terms if t not in terms))


def fit_linear(name: str, recipe: LinearRecipe, snapshot: Snapshot, target: Floats, weight: Floats | None) -> Linear:
    """A logistic regression on standardised features, shrunken to no effect; missing values take the median.

    A feature that is missing or equal in all rows gets a coefficient of 0 (in a rule the smallest allowed), so that it
    has no effect later.
    """
    prepared = [_prepared(snapshot.feature(feature), transform) for feature, transform in recipe.features]
    matrix = np.column_stack([values for values, _ in prepared])
    bounds: list[tuple[float | None, float | None]] = [(None, None)] * (matrix.shape[1] + 1)
    if recipe.rising_in:
        least = LEAST_RULE_COEFFICIENT
        bounds[1] = (least, None) if recipe.rising_in > 0 else (None, -least)
    constant, *coefficients = _logistic(matrix, target, weight, recipe.shrinkage, bounds)
    terms = (
        Term(feature, transform, imputation, mean, scale, coefficient)
        for (feature, transform), (_, (imputation, mean, scale)), coefficient in zip(
            recipe.features, prepared, coefficients, strict=True
        )
    )
    return Linear(name, constant, tuple(terms))


def _prepared(values: Floats, transform: Transform) -> tuple[Floats, tuple[float, float, float]]:
    scaled = transformed(values, transform)
    missing = np.isnan(scaled)
    imputation = 0.0 if missing.all() else float(np.median(scaled[~missing]))
    filled = np.where(missing, imputation, scaled)
    if filled.min() == filled.max():  # all missing or all equal: there is nothing to learn
        return np.zeros(len(filled)), (imputation, float(filled[0]), 1.0)
    mean, scale = float(filled.mean()), float(filled.std())
    return (filled - mean) / scale, (imputation, mean, scale)


def _logistic(
    matrix: Floats,
    target: Floats,
    weight: Floats | None,
    shrinkage: float,
    bounds: list[tuple[float | None, float | None]],
) -> list[float]:
    weights = np.ones(len(target)) if weight is None else weight

    def loss(line: Floats) -> tuple[float, Floats]:
        z = line[0] + matrix @ line[1:]
        residual = weights * (expit(z) - target)
        value = float(np.sum(weights * (np.logaddexp(0.0, z) - target * z))) + 0.5 * shrinkage * float(
            np.sum(line[1:] ** 2)
        )
        return value, np.concatenate([[residual.sum()], matrix.T @ residual + shrinkage * line[1:]])

    start = np.zeros(matrix.shape[1] + 1)
    solution = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return [float(value) for value in solution.x]


def _boosted(name: str, recipe: LightGbmRecipe, task: FitTask, rows: TrainingSet, seed: int) -> AnyMember | NotFitted:
    if len(rows) < recipe.least_rows:
        return NotFitted(f"only {len(rows)} rows to fit on, and {recipe.least_rows} are needed")
    newest = max(task.fold.fit)
    before = task.origins.before(newest)
    earlier, later = rows.at(before), rows.at([newest])
    return fit_boosted(
        name,
        recipe.features,
        _examples(task, recipe, rows),
        earlier=_examples(task, recipe, earlier),
        later=_examples(task, recipe, later),
        seed=seed,
    )


def _examples(task: FitTask, recipe: LightGbmRecipe, rows: TrainingSet) -> Examples:
    return Examples(rows.snapshot.matrix(recipe.features), task.target(rows), _weights(task, rows))


def _weights(task: FitTask, rows: TrainingSet) -> npt.NDArray[np.float64] | None:
    if task.weight is None and bool(np.all(rows.weight == 1.0)):
        return None
    weight = rows.weight if task.weight is None else task.weight(rows) * rows.weight
    mean = float(weight.mean()) if len(weight) else 0.0
    return weight / mean if mean > 0 else np.ones(len(rows))
