"""A row of weight 3 counts like three equal rows, in fits, calibrators and figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from features.snapshot import Floats
from tests.model.world import drafted, world
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts, fit_calibration_line
from training.dataset.assignments import Assignments
from training.fitting.candidates import RFM
from training.fitting.fit import fit_linear
from training.metrics import scoring as metrics
from training.tracking.run_record import windows_of

DRAWS = np.random.default_rng(7)
Z = DRAWS.normal(size=400)
HAPPENED = DRAWS.random(400) < expit(0.5 + 0.7 * Z)
WEIGHT = np.where(Z > 0, 3.0, 1.0)
THRICE = np.repeat(np.arange(400), WEIGHT.astype(int))


def forecasts(z: Floats, happened: npt.NDArray[np.bool_], weight: Floats) -> Forecasts:
    return Forecasts(z, happened, np.repeat([0, 1], [len(z) // 3, len(z) - len(z) // 3]), weight, 90)


def test_a_line_of_weighted_rows_is_that_of_repeated_rows() -> None:
    once = forecasts(Z, HAPPENED, WEIGHT)
    thrice = Forecasts(Z[THRICE], HAPPENED[THRICE], once.origin[THRICE], np.ones(len(THRICE)), 90)
    weighted, repeated = fit_calibration_line(once), fit_calibration_line(thrice)
    assert weighted.slope == pytest.approx(repeated.slope, abs=1e-6)
    assert weighted.base_rates.offsets == pytest.approx(repeated.base_rates.offsets, abs=1e-6)


def test_rows_that_stand_for_three_make_an_offset_less_sure_than_three_rows_each() -> None:
    once = forecasts(Z, HAPPENED, WEIGHT)
    thrice = Forecasts(Z[THRICE], HAPPENED[THRICE], once.origin[THRICE], np.ones(len(THRICE)), 90)
    assert np.all(fit_calibration_line(once).base_rates.variances > fit_calibration_line(thrice).base_rates.variances)


def test_figures_of_weighted_rows_are_those_of_repeated_rows() -> None:
    chance = expit(Z)
    for figure in (metrics.auc, metrics.brier, metrics.log_loss):
        assert figure(chance, HAPPENED, WEIGHT) == pytest.approx(figure(chance[THRICE], HAPPENED[THRICE]), abs=1e-12)


def test_weights_of_one_change_no_bit() -> None:
    ones = np.ones(2000)
    z = DRAWS.normal(size=2000)
    happened = DRAWS.random(2000) < np.where(z > 0, 0.6, 0.1)
    assert fit_calibrator(forecasts(z, happened, ones)) == fit_calibrator(forecasts(z, happened, ones * 1.0))
    assert metrics.calibration_error(expit(z), happened, ones) == metrics.calibration_error(expit(z), happened)


def test_a_line_expects_as_many_as_came_each_by_its_weight() -> None:
    rows = world().rows.active_at(world().origins.close[:1])
    churned, weight = rows.labels.churned.astype(np.float64), np.where(np.arange(len(rows)) % 2 == 0, 9.0, 1.0)
    line = fit_linear("line", RFM, rows.snapshot, churned, weight)
    expected = expit(line.log_odds(rows.snapshot))
    assert np.average(expected, weights=weight) == pytest.approx(np.average(churned, weights=weight), abs=1e-3)


def test_a_recorded_window_counts_each_held_out_customer_for_several() -> None:
    here = drafted().unseen
    assert here is not None
    held_out_chance = np.where(np.arange(len(here.rows)) % 2 == 0, 1 / 3, 1.0)
    assignments = Assignments(np.zeros(len(here.rows), dtype=np.bool_), held_out_chance)
    oldest = windows_of(replace(here, rows=replace(here.rows, assignments=assignments)))["recency"][0]
    there = here.rows.origin == here.rows.origin.min()
    came, weight = here.churned[there], 1 / held_out_chance[there]
    assert oldest.observed == pytest.approx((3 * came[weight > 2].sum() + came[weight < 2].sum()) / weight.sum())
    assert oldest.observed != came.mean()
