"""Calibrators keep the order of customers and make chances mean what they say; intervals hold the chance."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from features.snapshot import Floats
from models.calibration import UNCHANGED, UNTRIED, Calibrator, Isotonic, Sigmoid
from models.records import read_record
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts, fit_calibration_line
from training.metrics import scoring as metrics

DRAWS = np.random.default_rng(4)
Z = DRAWS.normal(0, 1.5, 6000)
DAY = 86_400_000_000  # microseconds
H = 90


def forecasts(happened: npt.NDArray[np.bool_], *, z: Floats = Z, windows: int = 1) -> Forecasts:
    """Forecasts of so many windows side by side, each of as many rows; the newest closes on day 0."""
    origin = np.repeat(np.arange(-windows, 0) * H * DAY, len(z) // windows)
    return Forecasts(z, happened, origin, np.ones(len(z)), H)


def happening(log_odds: Floats, seed: int = 9) -> npt.NDArray[np.bool_]:
    return np.asarray(np.random.default_rng(seed).random(len(log_odds)) < expit(log_odds))


def test_a_line_finds_the_slope_and_the_offset_of_each_origin_that_made_the_outcomes() -> None:
    offsets = np.repeat([-0.7, 0.0, 0.9], 2000)
    line = fit_calibration_line(forecasts(happening(offsets + 1.4 * Z), windows=3))
    assert line.slope == pytest.approx(1.4, abs=0.1)
    assert line.base_rates.offsets == pytest.approx([-0.7, 0.0, 0.9], abs=0.12)
    assert line.base_rates.days.tolist() == [-270, -180, -90]


def test_few_rows_change_little() -> None:
    calibrator = fit_calibrator(forecasts(np.array([True, True, True]), z=np.zeros(3)))
    assert isinstance(calibrator.curve, Sigmoid)
    assert 0 < calibrator.curve.intercept < 0.7
    assert calibrator.curve.slope == 1


def test_no_rows_change_nothing() -> None:
    nothing = fit_calibrator(forecasts(np.zeros(0, dtype=np.bool_), z=np.zeros(0)))
    assert nothing.apply(np.array([-2.0, 3.0]), np.array([0.0, 400.0])).tolist() == [-2.0, 3.0]


def test_a_score_that_is_worth_nothing_still_rises() -> None:
    assert fit_calibration_line(forecasts(expit(-2 * Z) > 0.5)).slope == 0.05


def test_one_odd_window_does_not_set_the_base_rate() -> None:
    odd = forecasts(happening(Z + np.repeat([0.0, 0.1, -0.1, 0.0, 0.1, 1.0], 1000)), windows=6)
    level = fit_calibrator(odd).apply(np.zeros(1), np.zeros(1))[0]
    assert 0.05 < level < 0.5  # by the newest window alone it would be 1


def test_the_newest_windows_count_most_where_the_base_rate_wanders() -> None:
    rising = forecasts(happening(Z + np.repeat([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0], 1000)), windows=6)
    assert fit_calibrator(rising).apply(np.zeros(1), np.zeros(1))[0] > 0.4  # their mean is 0


def test_a_season_comes_again_as_much_as_it_came_again_before() -> None:
    december = [0.0, 0.0, 0.0, -0.8]  # the fourth window of each year
    twice = forecasts(happening(Z + np.repeat([*december, *december, 0.0, 0.0], 600)), windows=10)
    due = fit_calibrator(twice).apply(np.zeros(2), np.array([0.0, 90.0]))  # the eleventh window, then the twelfth
    assert due[0] == pytest.approx(0.0, abs=0.15)
    assert due[1] < -0.4
    once = forecasts(happening(Z + np.repeat([*december, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 600)), windows=10)
    assert fit_calibrator(once).apply(np.zeros(1), np.array([90.0]))[0] > -0.3


def test_bent_outcomes_are_met_by_steps_and_straight_ones_by_a_sigmoid() -> None:
    happened = DRAWS.random(6000) < np.where(Z > 0, 0.55 + 0.02 * Z, 0.1)
    assert isinstance(fit_calibrator(forecasts(happened, windows=3)).curve, Isotonic)
    assert isinstance(fit_calibrator(forecasts(happened[:900], z=Z[:900])).curve, Sigmoid)
    assert isinstance(fit_calibrator(forecasts(happening(Z), windows=3)).curve, Sigmoid)


def test_steps_never_tie_or_turn_customers_round() -> None:
    calibrator = fit_calibrator(forecasts(DRAWS.random(6000) < np.where(Z > 0, 0.6, 0.1)))
    assert isinstance(calibrator.curve, Isotonic)
    assert np.all(np.diff(calibrator.curve.apply(np.linspace(-9, 9, 500))) > 0)
    assert read_record(Calibrator, json.loads(json.dumps(asdict(calibrator)))) == calibrator


def test_the_level_of_a_calibrator_moves_with_each_rows_own_as_of() -> None:
    moving = Calibrator(Sigmoid(0.5, 2.0), UNTRIED, days=(100.0, 200.0), offsets=(-1.0, 1.0))
    as_of_days = np.array([0.0, 100.0, 175.0, 200.0, 900.0])
    level = np.array([-1.0, -1.0, 0.5, 1.0, 1.0])  # a quarter of the way back from the second; held beyond the ends
    assert moving.apply(np.ones(5), as_of_days) == pytest.approx(0.5 + 2.0 * 1 + level)
    for row in range(5):
        alone = moving.apply(np.ones(1), as_of_days[row : row + 1])
        assert alone == moving.apply(np.ones(5), as_of_days)[row : row + 1]
    assert read_record(Calibrator, json.loads(json.dumps(asdict(moving)))) == moving


def width(calibrator: Calibrator, day: float = 0.0) -> float:
    low, high = calibrator.spread.bounds(np.zeros(1), np.array([day]))
    assert low[0] < 0 < high[0]
    return float(high[0] - low[0])


def test_an_interval_widens_with_what_moves_between_origins_and_comes_back_from_its_record() -> None:
    steady = fit_calibrator(forecasts(happening(Z), windows=5))
    moving = fit_calibrator(forecasts(happening(Z + np.repeat([-1.0, 0.5, 0.0, 1.0, -0.5], 1200)), windows=5))
    assert width(steady) < 0.9
    assert width(moving) > 2 * width(steady)
    assert read_record(Calibrator, json.loads(json.dumps(asdict(moving)))) == moving


def test_the_fewer_the_origins_the_wider_the_interval_and_untried_is_widest() -> None:
    widths = [width(fit_calibrator(forecasts(happening(Z), windows=count))) for count in (12, 6, 3, 1)]
    assert widths == sorted(widths)
    assert widths[0] < 0.6
    assert widths[-1] > 1.2
    assert width(UNCHANGED) > widths[-1]


def test_an_interval_widens_with_the_distance_of_the_as_of() -> None:
    wandering = fit_calibrator(forecasts(happening(Z + np.repeat([-0.6, -0.4, -0.2, 0, 0.2, 0.4], 1000)), windows=6))
    assert width(wandering, 0) < width(wandering, 270)


def test_few_customers_leave_the_slope_open_so_high_scores_have_wider_intervals_in_log_odds() -> None:
    few = fit_calibrator(forecasts(happening(Z[:60]), z=Z[:60], windows=2))
    low, high = few.spread.bounds(np.array([0.0, 3.0]), np.zeros(2))
    assert high[1] - low[1] > high[0] - low[0]


def test_a_longer_ledger_narrows_the_interval_and_says_by_how_much() -> None:
    short = fit_calibrator(forecasts(happening(Z), windows=2))
    low, high = short.spread.in_a_year(np.zeros(1))
    assert 0 < high[0] - low[0] < width(short)


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
