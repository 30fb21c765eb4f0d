"""The tuning of the blend, by trials on the older windows, so that the newer ones can still judge it.

Source: Akiba et al. 2019, Optuna, KDD; Bergstra et al. 2011, Algorithms for hyper-parameter optimization, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna

from models.operational_time import OperationalTime
from training.dataset.folds import CONTEST_ORIGINS, ContestPlan, Fold
from training.errors import TrainingError
from training.fitting.blend import fit_blend
from training.fitting.candidates import BlendRecipe, CurvesRecipe, MemberRecipe, TreesRecipe
from training.fitting.fit import FitTask, NotFitted
from training.fitting.learner import TrainingContext, churned
from training.fitting.operational_time import operational_time
from training.metrics import scoring as metrics

MOST_TUNING_ORIGINS = 4
"""At each of them a trial fits every member once."""
UNPRUNED_TRIALS = 5
MOST_TRIALS = 1000
"""The limit where only minutes are given."""


class TuningBudgetError(TrainingError):
    """A tuning budget too small for a single trial."""

    def __init__(self, budget: str) -> None:
        super().__init__(
            f"A tuning budget of {budget} tries nothing.",
            "Give --trials at least 1 and --tuning-minutes more than 0, or leave both out: an untuned model is sound.",
        )


@dataclass(frozen=True)
class Budget:
    """The limits of tuning.

    Attributes:
        trials: at most; the same number gives the same model for the same seed.
        minutes: at most; None: as long as the trials take. With minutes, the number of trials depends on the machine.

    Raises:
        TuningBudgetError: under one trial, or no time.
    """

    trials: int
    minutes: float | None = None

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise TuningBudgetError(f"{self.trials} trials")
        if self.minutes is not None and not self.minutes > 0:
            raise TuningBudgetError(f"{self.minutes:g} minutes")


@dataclass(frozen=True)
class Tuned:
    """The blend to train with, and the contest that may judge it.

    Attributes:
        recipe: the best of all trials; the untuned one is the first trial.
        plan: the contest on origins that took no part in tuning.
        trials: the number begun. pruned: the number of these given up early.
        loss: mean log loss on the tuning windows, untuned and tuned.
    """

    recipe: BlendRecipe
    plan: ContestPlan
    trials: int
    pruned: int
    loss: tuple[float, float]

    @property
    def sentence(self) -> str:
        """The result of tuning, in words."""
        if not self.trials:
            return "Not tuned: the ledger has too few windows to tune on some and judge on others."
        before, after = self.loss
        trials = f"{self.trials} trials on older windows ({self.pruned} stopped early)"
        if after < before:
            return f"Tuned in {trials}: log loss there fell from {before:.4f} to {after:.4f}."
        return f"Tuned in {trials}: no trial was better than the untuned blend."


def tune(context: TrainingContext, plan: ContestPlan, budget: Budget, progress: Callable[[str], None]) -> Tuned:
    """The best blend that trials on the older half of the contest's origins found; the newer half is left to judge.

    Every trial is fitted at each origin on windows closed by then, and forecasts the next window. A trial that does
    worse than the median of earlier ones is given up.
    """
    judging_plan, tuning_folds = _split(plan)
    untuned = context.blend
    if not tuning_folds:
        return Tuned(untuned, plan, 0, 0, (float("nan"), float("nan")))
    origins = [_TuningOrigin.of(context, fold) for fold in tuning_folds]

    def loss(trial: optuna.Trial) -> float:
        progress(f"tuning, trial {trial.number + 1} of {budget.trials}")
        recipe = suggested(trial, untuned)
        losses: list[float] = []
        for step, origin in enumerate(origins):
            losses.append(origin.loss(recipe, context.seed))
            trial.report(float(np.mean(losses)), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(losses))

    study = _study_from(untuned, context.seed)
    study.optimize(loss, n_trials=budget.trials, timeout=None if budget.minutes is None else 60 * budget.minutes)
    first, best = study.trials[0], study.best_trial
    return Tuned(
        recipe=untuned if best.number == 0 else suggested(optuna.trial.FixedTrial(best.params), untuned),
        plan=judging_plan,
        trials=len(study.trials),
        pruned=sum(trial.state is optuna.trial.TrialState.PRUNED for trial in study.trials),
        loss=(float(first.values[0]), float(study.best_value)),
    )


def _study_from(untuned: BlendRecipe, seed: int) -> optuna.Study:
    """A study whose first trial is the untuned blend."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED_TRIALS),
    )
    study.enqueue_trial(_values_of(untuned))
    return study


def suggested(trial: optuna.trial.BaseTrial, untuned: BlendRecipe) -> BlendRecipe:
    """The blend with the settings that a trial proposes for the members that learn from outcomes."""
    return BlendRecipe(tuple(replace(member, recipe=_suggested(trial, member)) for member in untuned.members))


def _suggested(trial: optuna.trial.BaseTrial, member: MemberRecipe) -> Any:
    recipe = member.recipe
    if isinstance(recipe, CurvesRecipe):
        return replace(recipe, shrinkage=trial.suggest_float("shrinkage", 30.0, 3000.0, log=True))
    if isinstance(recipe, TreesRecipe):
        return replace(
            recipe,
            rounds=trial.suggest_int("rounds", 40, 400, log=True),
            leaves=trial.suggest_int("leaves", 3, 31, log=True),
            feature_share=trial.suggest_float("feature_share", 0.1, 0.8),
            row_share=trial.suggest_float("row_share", 0.3, 0.9),
            shrinkage=trial.suggest_float("leaf_shrinkage", 1.0, 100.0, log=True),
        )
    return recipe


def _values_of(untuned: BlendRecipe) -> dict[str, float]:
    """The settings a trial would have to propose to give this blend."""
    values: dict[str, float] = {}
    for recipe in (member.recipe for member in untuned.members):
        if isinstance(recipe, CurvesRecipe):
            values["shrinkage"] = recipe.shrinkage
        if isinstance(recipe, TreesRecipe):
            values |= {"rounds": recipe.rounds, "leaves": recipe.leaves, "feature_share": recipe.feature_share}
            values |= {"row_share": recipe.row_share, "leaf_shrinkage": recipe.shrinkage}
    return values


def _split(plan: ContestPlan) -> tuple[ContestPlan, Sequence[Fold]]:
    """The newer half of a contest, at least three origins, and the older folds, if there are any."""
    folds = sorted(plan.folds, key=lambda fold: fold.at, reverse=True)
    judging_count = max(CONTEST_ORIGINS, -(-len(folds) // 2))
    return replace(plan, folds=tuple(folds[:judging_count])), folds[judging_count:][:MOST_TUNING_ORIGINS]


@dataclass(frozen=True)
class _TuningOrigin:
    """One origin of tuning: the data known by then, and the window that followed."""

    context: TrainingContext
    fold: Fold
    task: FitTask
    time: OperationalTime

    @classmethod
    def of(cls, context: TrainingContext, fold: Fold) -> _TuningOrigin:
        earlier = context.back_at(fold.at)
        time = operational_time(context.ledger, earlier.now, fold.at, context.origins.horizon_days)
        return cls(context, fold, FitTask(earlier.rows, earlier.origins, fold, churned), time)

    def loss(self, recipe: BlendRecipe, seed: int) -> float:
        """Log loss of the forecasts for the window; the trial is pruned where nothing can be fitted."""
        everybody = self.context.rows.at([self.fold.at]).snapshot
        fitted = fit_blend(recipe, self.task, everybody=everybody, time=self.time, past=(), seed=seed)
        if isinstance(fitted, NotFitted):
            raise optuna.TrialPruned
        rows = self.context.rows.active_at([self.fold.at])
        return metrics.log_loss(fitted.chance(rows.snapshot), rows.labels.churned, rows.weight)
