"""A row of weight 3 counts like three equal rows, in fits, calibrators and figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from tests.model.world import world
from training import metrics
from training.calibrating import Forecasts, fit_calibrator, fit_sigmoid
from training.candidates import RFM
from training.fit import fit_linear

DRAWS = np.random.default_rng(7)
Z = DRAWS.normal(size=400)
HAPPENED = DRAWS.random(400) < expit(0.5 + 0.7 * Z)
WEIGHT = np.where(Z > 0, 3.0, 1.0)
THRICE = np.repeat(np.arange(400), WEIGHT.astype(int))


def test_a_sigmoid_of_weighted_rows_is_that_of_repeated_rows() -> None:
    weighted, repeated = fit_sigmoid(Z, HAPPENED, WEIGHT), fit_sigmoid(Z[THRICE], HAPPENED[THRICE])
    assert (weighted.intercept, weighted.slope) == pytest.approx((repeated.intercept, repeated.slope), abs=1e-6)


def test_figures_of_weighted_rows_are_those_of_repeated_rows() -> None:
    chance = expit(Z)
    for figure in (metrics.auc, metrics.brier, metrics.log_loss):
        assert figure(chance, HAPPENED, WEIGHT) == pytest.approx(figure(chance[THRICE], HAPPENED[THRICE]), abs=1e-12)


def test_weights_of_one_change_no_bit() -> None:
    ones, customers = np.ones(2000), np.arange(2000)
    z = DRAWS.normal(size=2000)
    happened = DRAWS.random(2000) < np.where(z > 0, 0.6, 0.1)
    weighted = fit_calibrator(Forecasts(z, happened, customers, customers, ones))
    assert weighted == fit_calibrator(Forecasts(z, happened, customers, customers, ones * 1.0))
    assert fit_sigmoid(z, happened, ones) == fit_sigmoid(z, happened)
    assert metrics.calibration_error(expit(z), happened, ones) == metrics.calibration_error(expit(z), happened)


def test_a_line_expects_as_many_as_came_each_by_its_weight() -> None:
    rows = world().rows.active_at(world().origins.close[:1])
    churned, weight = rows.labels.churned.astype(np.float64), np.where(np.arange(len(rows)) % 2 == 0, 9.0, 1.0)
    line = fit_linear("line", RFM, rows.snapshot, churned, weight)
    expected = expit(line.log_odds(rows.snapshot))
    assert np.average(expected, weights=weight) == pytest.approx(np.average(churned, weights=weight), abs=1e-3)
