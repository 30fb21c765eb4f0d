"""Tuning: trials on older windows, newer ones left to judge, and equal results for equal seeds."""

from __future__ import annotations

import pytest

from tests.model.world import context, world
from training.dataset.folds import ContestPlan, contest_plan
from training.fitting.tuning import Budget, TuningBudgetError, tune


def test_tuning_tries_on_older_windows_and_leaves_the_newer_half_to_judge() -> None:
    here = context(world(), 5)
    plan = ContestPlan(contest_plan(here.origins).folds[:5], weaker=False)
    steps: list[str] = []
    tuned = tune(here, plan, Budget(trials=2), steps.append)
    newest_first = sorted((fold.at for fold in plan.folds), reverse=True)
    assert [fold.at for fold in tuned.plan.folds] == newest_first[: len(tuned.plan.folds)]
    assert len(tuned.plan.folds) == 3
    assert tuned.loss[1] <= tuned.loss[0]
    assert steps == [f"tuning, trial {number} of 2" for number in (1, 2)]
    again = tune(here, plan, Budget(trials=2), lambda _step: None)
    assert (again.recipe, again.loss) == (tuned.recipe, tuned.loss)


def test_the_first_trial_is_the_untuned_blend_so_that_nothing_worse_is_taken() -> None:
    here = context(world(), 5)
    plan = ContestPlan(contest_plan(here.origins).folds[:4], weaker=False)
    tuned = tune(here, plan, Budget(trials=1), lambda _step: None)
    assert tuned.recipe == here.blend
    assert "no trial was better" in tuned.sentence


def test_where_no_window_can_be_spared_nothing_is_tuned_and_a_note_says_so() -> None:
    here = context(world(), 5)
    short = ContestPlan(contest_plan(here.origins).folds[:3], weaker=False)
    tuned = tune(here, short, Budget(trials=2), lambda _step: None)
    assert (tuned.recipe, tuned.plan) == (here.blend, short)
    assert tuned.sentence.startswith("Not tuned")


@pytest.mark.parametrize(("trials", "minutes"), [(0, None), (-1, None), (5, 0.0), (5, float("nan"))])
def test_a_budget_of_nothing_is_refused_with_what_to_do(trials: int, minutes: float | None) -> None:
    with pytest.raises(TuningBudgetError, match="tries nothing") as refused:
        Budget(trials, minutes)
    assert "--trials" in refused.value.hint
