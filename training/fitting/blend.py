"""The blend: members fitted on all windows closed by an instant, and weights learned from past forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from features.snapshot import ASSIGNED, Floats, Snapshot
from models.members import AnyMember, row_sums
from models.operational_time import OperationalTime
from models.probability import Probability
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts, levelled
from training.dataset.training_set import TrainingSet
from training.fitting.btyd import fit_btyd
from training.fitting.candidates import BlendRecipe, BtydRecipe, CurvesRecipe, MemberRecipe, TreesRecipe
from training.fitting.fit import LEAST_OUTCOMES, FitTask, NotFitted, without_assigned
from training.fitting.lightgbm import Examples, fit_trees
from training.fitting.member_forecasts import MemberForecasts, known_forecasts
from training.fitting.splines import fit_curves

MOST_ROWS = 60_000
"""More rows add time but no accuracy: beyond this, windows are taken further apart."""
HALF_WAY_WINDOWS = 500.0
"""Customers' windows at which members learned from outcomes have half of their final weight."""
PULL = 50.0
"""Number of forecasts that the stated weights are worth."""
LEVEL_PULL = 2.0


def fit_blend(
    recipe: BlendRecipe,
    task: FitTask,
    *,
    everybody: Snapshot,
    time: OperationalTime,
    past: Sequence[MemberForecasts],
    seed: int,
) -> Probability | NotFitted:
    """The members fitted on all windows closed by the fold's instant, weighted and calibrated by past forecasts.

    Without past forecasts the weights are those of the recipe, and nothing is calibrated.

    Args:
        everybody: all customers as of the fold's instant. time: the time in which orders come evenly, as known then.
        past: forecasts of windows closed by the fold's instant.
    """
    rows = _rows(task)
    if task.rows.has_called_input:
        recipe = _with_assigned(recipe)
    members, votes = _members(recipe, task, rows, everybody=everybody, time=time, seed=seed)
    if not members:
        return NotFitted(f"fewer than {LEAST_OUTCOMES} customers ever ordered")
    names = [member.name for member in members]
    prior = prior_weights([member_recipe for member_recipe in recipe.members if member_recipe.name in names], votes)
    forecasts_and_rows = known_forecasts(task, past, names)
    if forecasts_and_rows is None:
        return Probability(members, tuple(float(weight) for weight in prior))
    log_odds, known_rows = forecasts_and_rows
    happened = task.target(known_rows) >= 0.5
    weights = fit_weights(log_odds, happened, known_rows.origin, prior, weight=known_rows.weight)
    forecasts = Forecasts(
        row_sums(log_odds * weights), happened, known_rows.origin, known_rows.weight, known_rows.horizon_days
    )
    return Probability(members, tuple(float(weight) for weight in weights), fit_calibrator(forecasts))


def _rows(task: FitTask) -> TrainingSet:
    """Active customers of all windows closed by the fold's instant; of fewer windows where there are too many rows."""
    closed = task.origins.before(task.fold.at)
    rows_at = task.rows.with_called if task.rows.has_called_input else task.rows.active_at
    rows = task.with_target(rows_at(closed))
    apart = -(-len(rows) // MOST_ROWS)
    return rows if apart <= 1 else task.with_target(rows_at(closed[::apart]))


def _with_assigned(recipe: BlendRecipe) -> BlendRecipe:
    """The recipe with the input that marks called customers in its curves and trees."""

    def with_input(member: MemberRecipe) -> MemberRecipe:
        if isinstance(member.recipe, BtydRecipe):
            return member
        return replace(member, recipe=replace(member.recipe, features=(*member.recipe.features, ASSIGNED)))

    return BlendRecipe(tuple(with_input(member) for member in recipe.members))


def _members(
    recipe: BlendRecipe, task: FitTask, rows: TrainingSet, *, everybody: Snapshot, time: OperationalTime, seed: int
) -> tuple[tuple[AnyMember, ...], float]:
    """The members that can be fitted, in the recipe's order, and the number of customers' windows they learned from."""
    horizon_days = task.origins.horizon_days
    if np.sum(~np.isnan(everybody.feature("days_since_last_order"))) < LEAST_OUTCOMES:
        return (), 0.0
    fitted: dict[str, AnyMember] = {
        member_recipe.name: fit_btyd(
            member_recipe.name,
            member_recipe.recipe.model,
            everybody,
            horizon_days,
            most_regular=member_recipe.recipe.most_regular,
            time=time,
        )
        for member_recipe in recipe.members
        if isinstance(member_recipe.recipe, BtydRecipe)
    }
    target = task.target(rows)
    if min(target.sum(), (1 - target).sum()) < LEAST_OUTCOMES:
        return tuple(fitted.values()), 0.0
    weight = one_vote_a_window(rows, horizon_days) * rows.weight
    btyd_log_odds = _mean_log_odds(fitted.values(), rows.snapshot)
    fitted |= _learned(
        recipe, rows.snapshot, Forecasts(btyd_log_odds, target >= 0.5, rows.origin, weight, horizon_days), seed
    )
    members = tuple(fitted[member_recipe.name] for member_recipe in recipe.members if member_recipe.name in fitted)
    return members, float(weight.sum())


def _learned(recipe: BlendRecipe, snapshot: Snapshot, forecasts: Forecasts, seed: int) -> dict[str, AnyMember]:
    """Curves added to the forecasts, and trees that start from the level of each window under both."""
    fitted: dict[str, AnyMember] = {}
    target = forecasts.happened.astype(np.float64)
    for member_recipe in recipe.members:
        if isinstance(member_recipe.recipe, CurvesRecipe):
            line = fit_curves(member_recipe.name, member_recipe.recipe, snapshot, forecasts)
            fitted[member_recipe.name] = without_assigned(line)
            forecasts = replace(forecasts, log_odds=forecasts.log_odds + line.log_odds(snapshot))
    for member_recipe in recipe.members:
        if isinstance(member_recipe.recipe, TreesRecipe) and len(forecasts) >= member_recipe.recipe.least_rows:
            examples = Examples(
                snapshot.matrix(member_recipe.recipe.features), target, forecasts.weight, _levels(forecasts)
            )
            fitted[member_recipe.name] = fit_trees(member_recipe.name, member_recipe.recipe, examples, seed=seed)
    return fitted


def _levels(forecasts: Forecasts) -> Floats:
    """Log-odds of leaving at each row's origin, equal for all its customers: shifted by what the forecasts missed."""
    shift = levelled(forecasts) - forecasts.log_odds
    common = float(logit(np.average(forecasts.happened, weights=forecasts.weight)))
    return np.asarray(common + shift - np.average(shift, weights=forecasts.weight))


def one_vote_a_window(rows: TrainingSet, horizon_days: int) -> Floats:
    """Weights under which overlapping windows count as many times in total as would fit side by side."""
    origins = np.unique(rows.origin)
    days = (int(origins[-1]) - int(origins[0])) / 86_400_000_000
    return np.full(len(rows), min(1.0, (days / horizon_days + 1) / len(origins)))


def _mean_log_odds(members: Iterable[AnyMember], snapshot: Snapshot) -> Floats:
    log_odds = [member.log_odds(snapshot) for member in members]
    return row_sums(np.column_stack(log_odds)) / len(log_odds)


def prior_weights(members: Sequence[MemberRecipe], windows: float) -> Floats:
    """The stated weights for a ledger with this number of customers' windows to learn from."""
    share = windows / (windows + HALF_WAY_WINDOWS)
    return np.array(
        [recipe.weight_of_few + share * (recipe.weight_of_many - recipe.weight_of_few) for recipe in members]
    )


def fit_weights(
    log_odds: Floats,
    happened: npt.NDArray[np.bool_],
    origin: npt.NDArray[np.int64],
    prior: Floats,
    *,
    weight: Floats,
) -> Floats:
    """Weights of at least 0 with the least log loss over past forecasts (rows × members), shrunken to the stated ones.

    Each origin has a level of its own during the fit: a base rate that moved does not show which member ranks customers
    better. Source: Breiman 1996, Stacked regressions.
    """
    count = log_odds.shape[1]
    of_origin = (origin[:, None] == np.unique(origin)[None, :]).astype(np.float64)
    matrix = np.column_stack([log_odds, of_origin])
    centre = np.concatenate([prior, np.zeros(of_origin.shape[1])])
    pull = np.where(np.arange(len(centre)) < count, PULL, LEVEL_PULL)

    def loss(line: Floats) -> tuple[float, Floats]:
        z = (matrix * line).sum(axis=1)
        residual = weight * (expit(z) - happened)
        value = float(np.sum(weight * (np.logaddexp(0.0, z) - happened * z))) + 0.5 * float(
            np.sum(pull * (line - centre) ** 2)
        )
        return value, (matrix * residual[:, None]).sum(axis=0) + pull * (line - centre)

    bounds = [(0.0, None)] * count + [(None, None)] * of_origin.shape[1]
    solution = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(solution.x[:count])
