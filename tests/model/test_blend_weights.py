"""Weights of members: stated by ledger size, moved by past forecasts, untouched by base rates that moved."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from features.snapshot import Floats
from training.fitting.blend import fit_weights, prior_weights
from training.fitting.candidates import BLEND

ROWS = 6000
DRAWS = np.random.default_rng(3)
GOOD, IDLE = DRAWS.normal(0, 1.5, ROWS), DRAWS.normal(0, 1.5, ROWS)
ORIGIN = np.repeat([1, 2, 3], ROWS // 3)


def weights_for(truth: Floats, rows: slice = slice(None)) -> Floats:
    happened = DRAWS.random(ROWS) < expit(truth)
    log_odds, weight = np.column_stack([GOOD, IDLE]), np.ones(ROWS)
    return fit_weights(log_odds[rows], happened[rows], ORIGIN[rows], np.array([0.5, 0.5]), weight=weight[rows])


def test_without_a_window_to_learn_from_the_btyd_members_share_all_the_weight() -> None:
    weights = prior_weights(BLEND.members, 0.0)
    assert dict(zip((member.name for member in BLEND.members), weights, strict=True)) == {
        "pareto/nbd": 0.5,
        "mbg/nbd": 0.5,
        "curves": 0.0,
        "trees": 0.0,
    }


def test_at_500_windows_curves_and_trees_have_half_of_what_they_have_with_very_many() -> None:
    few, many = prior_weights(BLEND.members, 500.0), prior_weights(BLEND.members, 1e9)
    assert few[2:] == pytest.approx(many[2:] / 2)
    assert few[:2] == pytest.approx((many[:2] + 0.5) / 2)


def test_many_forecasts_decide_the_weights_and_few_hardly_move_the_stated_ones() -> None:
    assert weights_for(GOOD) == pytest.approx([1.0, 0.0], abs=0.12)
    assert weights_for(GOOD, slice(0, 12)) == pytest.approx([0.5, 0.5], abs=0.1)


def test_a_member_that_is_wrong_has_a_weight_of_0_and_never_below() -> None:
    assert weights_for(GOOD - IDLE)[1] == 0.0


def test_a_base_rate_that_moves_between_origins_moves_no_weight() -> None:
    assert weights_for(GOOD + np.array([-2.0, 0.0, 2.0])[ORIGIN - 1]) == pytest.approx(weights_for(GOOD), abs=0.12)
