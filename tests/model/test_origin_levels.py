"""Curves and trees learn which customers leave sooner than others of a window, not how many left in it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from features.snapshot import Floats, Snapshot
from training.calibration.origin_levels import Forecasts
from training.fitting.candidates import CurvesRecipe, TreesRecipe
from training.fitting.lightgbm import Examples, fit_trees
from training.fitting.splines import fit_curves

ROWS = 4000
NOISE = np.random.default_rng(7)
WINDOW = np.arange(ROWS) % 4
LEVEL = np.where(WINDOW == 3, 1.0, -1.0)
"""In the last window nearly three times as many left."""
AGE = 100.0 * WINDOW + NOISE.uniform(0, 100, ROWS)
"""Says nothing within a window."""
TRAIT = NOISE.normal(size=ROWS)
NAMES = ("age", "trait")
ONES = np.ones(ROWS)


def drawn(age: Floats, trait: Floats) -> Snapshot:
    return Snapshot(pa.table({"age": age, "trait": trait}), (), "", "", "")


def happened(truth: Floats) -> Floats:
    return (NOISE.random(ROWS) < expit(truth)).astype(np.float64)


def test_a_feature_that_rises_with_time_takes_up_no_level_that_a_window_shares() -> None:
    forecasts = Forecasts(np.zeros(ROWS), happened(LEVEL) > 0, WINDOW, ONES, 100)
    member = fit_curves("curves", CurvesRecipe(("age",), ("age",), shrinkage=1.0), drawn(AGE, TRAIT), forecasts)
    low, high = member.log_odds(drawn(np.array([10.0, 390.0]), np.zeros(2)))
    assert high - low < 1.0  # and 2 without levels
    assert -1 < high < 0.5


def test_trees_tell_departures_from_the_level_they_are_given_around_its_mean() -> None:
    examples = Examples(np.column_stack([AGE, TRAIT]), happened(LEVEL + TRAIT), ONES, LEVEL)
    member = fit_trees("trees", TreesRecipe(features=NAMES), examples, seed=1)
    ages = member.log_odds(drawn(np.array([10.0, 390.0]), np.zeros(2)))
    assert ages == pytest.approx([LEVEL.mean(), LEVEL.mean()], abs=0.3)
    low, high = member.log_odds(drawn(np.full(2, 200.0), np.array([-1.5, 1.5])))
    assert high - low == pytest.approx(3.0, abs=1.0)


def test_trees_that_find_nothing_say_the_mean_level() -> None:
    mute = Examples(np.zeros((ROWS, 2)), happened(LEVEL), ONES, LEVEL)
    member = fit_trees("trees", TreesRecipe(features=NAMES), mute, seed=1)
    assert member.log_odds(drawn(np.zeros(3), np.zeros(3))) == pytest.approx(np.full(3, LEVEL.mean()))
