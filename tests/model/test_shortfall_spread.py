"""The possible distance between the money lost by accounts of one score and the forecast, at new origins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.snapshot import Floats
from models.shortfall import Shortfall, ShortfallKind
from tests.model.world import world
from training.fitting.shortfall import USUAL_SPREAD, MoneyForecasts, spread_of

ACCOUNTS = 200


def forecasts_and_outcomes(off_by: Floats, seed: int) -> MoneyForecasts:
    """Accounts that lose all or nothing, at chances that differ from the forecast by these log-odds per origin."""
    chance = np.random.default_rng(seed)
    shown = world().rows.where(np.arange(len(world().rows)) < ACCOUNTS * len(off_by))
    rows = replace(shown, origin=np.repeat(np.arange(len(off_by)), ACCOUNTS))
    share = chance.uniform(0.1, 0.9, len(rows))
    odds = share / (1 - share) * np.exp(np.repeat(off_by, ACCOUNTS))
    reference = chance.lognormal(5, 1, len(rows))
    lost = chance.random(len(rows)) < odds / (1 + odds)
    return MoneyForecasts(share * reference, reference, np.where(lost, reference, 0.0), rows)


def test_levels_that_stay_have_a_smaller_spread_than_levels_that_wander() -> None:
    still = spread_of(forecasts_and_outcomes(np.zeros(6), 1))
    wandering = spread_of(forecasts_and_outcomes(np.array([-0.8, 0.7, -0.5, 0.9, -0.7, 0.6]), 1))
    assert still < 0.2
    assert wandering > 0.5


def test_without_forecasts_the_prior_speaks() -> None:
    assert spread_of(None) == pytest.approx(USUAL_SPREAD, rel=0.5)


def test_nine_of_ten_new_origins_end_within_the_bounds() -> None:
    moves = np.random.default_rng(2).normal(0, 0.4, 60)
    spread = spread_of(forecasts_and_outcomes(moves[:8], 2))
    assert np.mean(np.abs(moves[8:]) < 1.645 * spread) == pytest.approx(0.9, abs=0.1)


def test_bounds_lie_around_the_value_at_risk_between_nothing_and_all() -> None:
    reference = np.array([100.0, 100.0, 0.0])
    shortfall = Shortfall(ShortfallKind.REFERENCE_ALONE, spread=0.5)
    low, high = shortfall.bounds(reference, np.array([50.0, 100.0, 0.0]))
    odds = np.exp(1.645 * 0.5)  # of losing all, either way from 1 : 1
    assert (low[0], high[0]) == (pytest.approx(100 / (1 + odds)), pytest.approx(100 * odds / (1 + odds)))
    assert low[1] <= 100.0 == high[1]
    assert (low[2], high[2]) == (0.0, 0.0)


def test_where_nothing_was_ever_tested_there_are_no_bounds() -> None:
    low, high = Shortfall(ShortfallKind.REFERENCE_ALONE).bounds(np.array([100.0]), np.array([50.0]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
