"""The blend: members of all windows closed by an instant, and weights learned from past forecasts."""

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
from training.fitting.member_forecasts import MemberForecasts, seen_of
from training.fitting.splines import fit_curves

MOST_ROWS = 60_000
"""More say the same in more time: of that many the windows are taken further apart."""


HALF_WAY_WINDOWS = 500.0
"""Customers' windows at which what is learned from outcomes has half the weight it has with very many."""
PULL = 50.0
"""How many forecasts the stated weights are worth."""
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

    Without any they have the weights that stand in the recipe, and no calibration.

    Args:
        everybody: all customers as of the fold's instant. time: in which their orders come evenly, as known then.
        past: forecasts of windows closed by the fold's instant.
    """
    rows = _rows(task)
    if task.rows.called_are_told_apart:
        recipe = _with_assigned(recipe)
    members, votes = _members(recipe, task, rows, everybody=everybody, time=time, seed=seed)
    if not members:
        return NotFitted(f"under {LEAST_OUTCOMES} customers ever ordered")
    names = [member.name for member in members]
    prior = prior_weights([each for each in recipe.members if each.name in names], votes)
    seen = seen_of(task, past, names)
    if seen is None:
        return Probability(members, tuple(float(weight) for weight in prior))
    told, later = seen
    happened = task.target(later) >= 0.5
    weights = fit_weights(told, happened, later.origin, prior, weight=later.weight)
    forecasts = Forecasts(row_sums(told * weights), happened, later.origin, later.weight, later.horizon_days)
    return Probability(members, tuple(float(weight) for weight in weights), fit_calibrator(forecasts))


def _rows(task: FitTask) -> TrainingSet:
    """Active customers of all windows closed by the fold's instant, of fewer windows where they are too many."""
    closed = task.origins.before(task.fold.at)
    looked_at = task.rows.with_called if task.rows.called_are_told_apart else task.rows.active_at
    rows = task.known(looked_at(closed))
    apart = -(-len(rows) // MOST_ROWS)
    return rows if apart <= 1 else task.known(looked_at(closed[::apart]))


def _with_assigned(recipe: BlendRecipe) -> BlendRecipe:
    """The recipe whose curves and trees have the input that tells the called apart."""

    def told_apart(member: MemberRecipe) -> MemberRecipe:
        if isinstance(member.recipe, BtydRecipe):
            return member
        return replace(member, recipe=replace(member.recipe, features=(*member.recipe.features, ASSIGNED)))

    return BlendRecipe(tuple(told_apart(member) for member in recipe.members))


def _members(
    recipe: BlendRecipe, task: FitTask, rows: TrainingSet, *, everybody: Snapshot, time: OperationalTime, seed: int
) -> tuple[tuple[AnyMember, ...], float]:
    """Those that can be fitted, in the recipe's order, and the customers' windows that they learned from."""
    horizon_days = task.origins.horizon_days
    if np.sum(~np.isnan(everybody.feature("days_since_last_order"))) < LEAST_OUTCOMES:
        return (), 0.0
    fitted: dict[str, AnyMember] = {
        each.name: fit_btyd(
            each.name,
            each.recipe.story,
            everybody,
            horizon_days,
            most_regular=each.recipe.most_regular,
            time=time,
        )
        for each in recipe.members
        if isinstance(each.recipe, BtydRecipe)
    }
    target = task.target(rows)
    if min(target.sum(), (1 - target).sum()) < LEAST_OUTCOMES:
        return tuple(fitted.values()), 0.0
    weight = one_vote_a_window(rows, horizon_days) * rows.weight
    stories = _mean_log_odds(fitted.values(), rows.snapshot)
    fitted |= _learned(
        recipe, rows.snapshot, Forecasts(stories, target >= 0.5, rows.origin, weight, horizon_days), seed
    )
    return tuple(fitted[each.name] for each in recipe.members if each.name in fitted), float(weight.sum())


def _learned(recipe: BlendRecipe, snapshot: Snapshot, told: Forecasts, seed: int) -> dict[str, AnyMember]:
    """Curves added to what stories told, and trees that start from what is told of each window by both."""
    found: dict[str, AnyMember] = {}
    target = told.happened.astype(np.float64)
    for each in recipe.members:
        if isinstance(each.recipe, CurvesRecipe):
            line = fit_curves(each.name, each.recipe, snapshot, told)
            found[each.name] = without_assigned(line)
            told = replace(told, log_odds=told.log_odds + line.log_odds(snapshot))
    for each in recipe.members:
        if isinstance(each.recipe, TreesRecipe) and len(told) >= each.recipe.least_rows:
            examples = Examples(snapshot.matrix(each.recipe.features), target, told.weight, _levels(told))
            found[each.name] = fit_trees(each.name, each.recipe, examples, seed=seed)
    return found


def _levels(told: Forecasts) -> Floats:
    """Log-odds of leaving at each row's origin, alike for all its customers: moved by what was not told of it."""
    moved = levelled(told) - told.log_odds
    common = float(logit(np.average(told.happened, weights=told.weight)))
    return np.asarray(common + moved - np.average(moved, weights=told.weight))


def one_vote_a_window(rows: TrainingSet, horizon_days: int) -> Floats:
    """Weights under which windows that overlap count together as often as they would fit side by side."""
    origins = np.unique(rows.origin)
    days = (int(origins[-1]) - int(origins[0])) / 86_400_000_000
    return np.full(len(rows), min(1.0, (days / horizon_days + 1) / len(origins)))


def _mean_log_odds(stories: Iterable[AnyMember], snapshot: Snapshot) -> Floats:
    told = [story.log_odds(snapshot) for story in stories]
    return row_sums(np.column_stack(told)) / len(told)


def prior_weights(members: Sequence[MemberRecipe], windows: float) -> Floats:
    """The weights stated for a ledger with so many customers' windows to learn from."""
    share = windows / (windows + HALF_WAY_WINDOWS)
    return np.array([each.weight_of_few + share * (each.weight_of_many - each.weight_of_few) for each in members])


def fit_weights(
    log_odds: Floats,
    happened: npt.NDArray[np.bool_],
    origin: npt.NDArray[np.int64],
    prior: Floats,
    *,
    weight: Floats,
) -> Floats:
    """Weights of 0 and more with the least log loss over past forecasts (rows × members), drawn to the stated ones.

    Each origin has a level of its own while they are fitted: a base rate that moved says nothing of who tells customers
    apart. Source: Breiman 1996, Stacked regressions.
    """
    count = log_odds.shape[1]
    of_origin = (origin[:, None] == np.unique(origin)[None, :]).astype(np.float64)
    matrix = np.column_stack([log_odds, of_origin])
    centre = np.concatenate([prior, np.zeros(of_origin.shape[1])])
    pull = np.where(np.arange(len(centre)) < count, PULL, LEVEL_PULL)

    def loss(line: Floats) -> tuple[float, Floats]:
        z = (matrix * line).sum(axis=1)
        off = weight * (expit(z) - happened)
        value = float(np.sum(weight * (np.logaddexp(0.0, z) - happened * z))) + 0.5 * float(
            np.sum(pull * (line - centre) ** 2)
        )
        return value, (matrix * off[:, None]).sum(axis=0) + pull * (line - centre)

    bounds = [(0.0, None)] * count + [(None, None)] * of_origin.shape[1]
    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:count])
