"""Curves: bent where outcomes bend, flat beyond the values learned from, added to an offset, shrunken for few rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from features.snapshot import Floats, Snapshot
from training.calibration.origin_levels import Forecasts
from training.fitting.candidates import CurvesRecipe
from training.fitting.splines import fit_curves

ROWS = 4000
NOISE = np.random.default_rng(7)
SEEN = NOISE.uniform(0, 100, ROWS)
HIDDEN = NOISE.random(ROWS) < 0.3


def drawn(values: Floats) -> Snapshot:
    table = pa.table({"told": pa.array(values, from_pandas=True), "mute": pa.array(np.full(len(values), np.nan))})
    return Snapshot(table, (), "", "", "")


def line_of(truth: Floats, values: Floats, offset: Floats, *, rows: int = ROWS, shrinkage: float = 1.0) -> Floats:
    """Curve at 1, 10, 50, 99, 100 and 5000, and where it is unknown."""
    happened = NOISE.random(ROWS) < expit(truth)
    some, recipe = slice(0, rows), CurvesRecipe(("told", "mute"), ("told",), shrinkage)
    forecasts = Forecasts(offset[some], happened[some], np.zeros(rows, dtype=np.int64), np.ones(rows), 30)
    member = fit_curves("curves", recipe, drawn(values[some]), forecasts)
    return member.log_odds(drawn(np.array([1.0, 10, 50, 99, 100, 5000, np.nan])))


def test_a_curve_bends_where_outcomes_do_and_stays_flat_beyond_the_values_learned_from() -> None:
    valley = np.where((SEEN > 20) & (SEEN < 70), -1.5, 1.0)
    curve = line_of(valley, SEEN, np.zeros(ROWS))
    assert curve[2] < -0.7
    assert min(curve[0], curve[3]) > 0.2
    assert curve[4] == pytest.approx(curve[3], abs=0.2)
    assert curve[5] == curve[4]


def test_missing_values_have_a_term_of_their_own() -> None:
    values = np.where(HIDDEN, np.nan, SEEN)
    curve = line_of(np.where(HIDDEN, 2.0, -1.0), values, np.zeros(ROWS))
    assert curve[6] == pytest.approx(2.0, abs=0.3)
    assert curve[2] == pytest.approx(-1.0, abs=0.3)


def test_the_effect_in_the_offset_is_not_learned_again() -> None:
    truth = 0.04 * SEEN - 2
    assert np.abs(line_of(truth, SEEN, truth)).max() < 0.45
    assert np.ptp(line_of(truth, SEEN, np.zeros(ROWS))[:4]) > 2.5


def test_few_rows_add_next_to_nothing_and_many_nearly_all_under_the_same_shrinkage() -> None:
    truth = 0.04 * SEEN - 2
    few, many = (np.ptp(line_of(truth, SEEN, np.zeros(ROWS), rows=rows, shrinkage=100.0)) for rows in (20, ROWS))
    assert few < 0.3 * many
    assert many > 2.5
