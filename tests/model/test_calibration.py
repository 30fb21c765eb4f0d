"""Calibrators keep the order of customers and make chances mean what they say; intervals hold the chance."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from models.calibration import Calibrator, IntervalMap, Isotonic, Sigmoid
from training import metrics
from training.calibrating import fit_curve, fit_sigmoid
from training.intervals import interval_map

DRAWS = np.random.default_rng(4)
Z = DRAWS.normal(0, 1.5, 6000)
CUSTOMERS = np.arange(6000)


def test_a_sigmoid_finds_the_line_that_made_the_outcomes() -> None:
    happened = DRAWS.random(6000) < expit(-0.7 + 1.4 * Z)
    found = fit_sigmoid(Z, happened)
    assert (found.intercept, found.slope) == pytest.approx((-0.7, 1.4), abs=0.12)


def test_few_rows_change_little() -> None:
    found = fit_sigmoid(np.zeros(3), np.array([True, True, True]))
    assert 0 < found.intercept < 1.2
    assert found.slope == 1


def test_a_score_that_is_worth_nothing_still_rises() -> None:
    assert fit_sigmoid(Z, expit(-2 * Z) > 0.5).slope == 0.05


def test_bent_outcomes_are_met_by_steps_and_straight_ones_by_a_sigmoid() -> None:
    bent = np.where(Z > 0, 0.55 + 0.02 * Z, 0.1)
    assert isinstance(fit_curve(Z, DRAWS.random(6000) < bent, CUSTOMERS), Isotonic)
    assert isinstance(fit_curve(Z[:900], DRAWS.random(900) < bent[:900], CUSTOMERS[:900]), Sigmoid)


def test_steps_never_tie_or_turn_customers_round() -> None:
    steps = fit_curve(Z, DRAWS.random(6000) < np.where(Z > 0, 0.6, 0.1), CUSTOMERS)
    assert isinstance(steps, Isotonic)
    assert np.all(np.diff(steps.apply(np.linspace(-9, 9, 500))) > 0)
    assert Calibrator.of_record(json.loads(json.dumps(Calibrator(steps).record()))) == Calibrator(steps)


def test_the_level_of_a_calibrator_moves_with_each_rows_own_as_of() -> None:
    moving = Calibrator(Sigmoid(0.5, 2.0), days=(100.0, 200.0), offsets=(-1.0, 1.0))
    as_of_days = np.array([0.0, 100.0, 175.0, 200.0, 900.0])
    level = np.array([-1.0, -1.0, 0.5, 1.0, 1.0])  # a quarter of the way back from the second; held beyond the ends
    assert moving.apply(np.ones(5), as_of_days) == pytest.approx(0.5 + 2.0 * 1 + level)
    for row in range(5):
        alone = moving.apply(np.ones(1), as_of_days[row : row + 1])
        assert alone == moving.apply(np.ones(5), as_of_days)[row : row + 1]
    assert Calibrator.of_record(json.loads(json.dumps(moving.record()))) == moving


def test_an_interval_holds_the_chance_and_widens_with_what_moves_between_origins() -> None:
    origin = np.repeat([1, 2, 3, 4, 5], 1200)
    steady = interval_map(Z, DRAWS.random(6000) < expit(Z), origin, seed=1)
    moved = DRAWS.random(6000) < expit(Z + np.repeat([-1.0, 0.5, 0.0, 1.0, -0.5], 1200))
    moving = interval_map(Z, moved, origin, seed=1)
    low, high = steady.apply(np.zeros(1), np.full(1, 0.5))
    assert 0.4 < low[0] < 0.5 < high[0] < 0.6
    wider_low, wider_high = moving.apply(np.zeros(1), np.full(1, 0.5))
    assert wider_low[0] < 0.35
    assert wider_high[0] > 0.65
    assert IntervalMap.of_record(json.loads(json.dumps(moving.record()))) == moving


def test_under_four_origins_the_interval_is_widened() -> None:
    happened = DRAWS.random(6000) < expit(Z)
    few = interval_map(Z, happened, np.repeat([1, 2], 3000), seed=1).apply(np.zeros(1), np.full(1, 0.5))
    many = interval_map(Z, happened, np.repeat([1, 2, 3, 4], 1500), seed=1).apply(np.zeros(1), np.full(1, 0.5))
    assert few[1][0] - few[0][0] > 2 * (many[1][0] - many[0][0])


def test_a_perfect_forecast_has_a_calibration_error_above_zero() -> None:
    chance = expit(Z)
    assert 0 < metrics.calibration_error(chance, DRAWS.random(6000) < chance) < 0.03
    assert 0 < metrics.perfect_calibration_error(chance, seed=1) < 0.03


def test_money_found_is_the_shortfall_in_the_top_over_the_best_possible() -> None:
    shortfall = np.array([0.0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    ids = [f"c{number}" for number in range(10)]
    # ten customers: the top is five at each share; equal values go by customer_id: c0 … c4
    first_five, best_five = 0 + 10 + 20 + 30 + 40, 90 + 80 + 70 + 60 + 50
    assert metrics.money_found(np.zeros(10), shortfall, ids) == pytest.approx(first_five / best_five)
    assert metrics.money_found(shortfall, shortfall, ids) == 1


def test_money_found_is_the_mean_over_the_top_1_5_and_20_percent() -> None:
    shortfall = np.zeros(1000)
    shortfall[[10, 50, 200]] = 100  # the ranking's places 11, 51 and 201; the best ranking's first three
    ids = [f"c{number:04d}" for number in range(1000)]
    assert metrics.money_found(np.zeros(1000), shortfall, ids) == pytest.approx((0 / 3 + 1 / 3 + 2 / 3) / 3)
