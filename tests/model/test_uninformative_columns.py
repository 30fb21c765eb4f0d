"""Features that say nothing while a model learns: all missing, or the same for everybody. Most ledgers have many."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.catalog import MODEL_FEATURES
from features.catalog.interactions import INTERACTIONS
from features.catalog.obligations import OBLIGATIONS
from features.snapshot import Floats, Snapshot
from models.calibration import Sigmoid
from models.members import Transform, chance_of
from tests.model.world import world
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts
from training.fitting.candidates import LinearRecipe
from training.fitting.fit import fit_linear
from training.fitting.lightgbm import Examples, fit_boosted

ROWS = 600
RECIPE = LinearRecipe(
    (("told", Transform.LOG), ("missing", Transform.LOG), ("alike", Transform.PLAIN)),
    shrinkage=10.0,
)
NOISE = np.random.default_rng(1)
TOLD = NOISE.normal(size=ROWS)
HAPPENED = (TOLD + NOISE.normal(size=ROWS) > 0).astype(np.float64)


def drawn(missing: float, alike: float) -> Snapshot:
    columns = {"told": TOLD, "missing": np.full(ROWS, missing), "alike": np.full(ROWS, alike)}
    table = pa.table({name: pa.array(values, pa.float64(), from_pandas=True) for name, values in columns.items()})
    return Snapshot(table, (), "", "", "")


def test_a_linear_member_gives_a_mute_column_no_weight_whatever_it_says_later() -> None:
    learned = fit_linear("line", RECIPE, drawn(np.nan, 0.1), HAPPENED, None)  # the mean of 600 times 0.1 is not 0.1
    assert [term.coefficient == 0 for term in learned.terms] == [False, True, True]
    later = learned.log_odds(drawn(7.0, 5.0))
    assert np.array_equal(later, learned.log_odds(drawn(np.nan, 0.1)))


def boosted(matrix: Floats) -> Floats:
    examples = Examples(matrix, HAPPENED)
    member = fit_boosted("trees", ("told", "missing", "alike"), examples, earlier=examples, later=examples, seed=1)
    scored = drawn(7.0, 5.0)
    return np.vstack([member.log_odds(scored), member.log_odds(drawn(np.nan, 0.1))])


def test_boosted_trees_never_split_on_a_mute_column() -> None:
    later, before = boosted(np.column_stack([TOLD, np.full(ROWS, np.nan), np.full(ROWS, 0.1)]))
    assert np.array_equal(later, before)
    assert len(np.unique(later)) > 1


def test_trees_and_calibration_of_nothing_but_mute_columns_say_the_usual_rate() -> None:
    mute = np.full(ROWS, np.nan)
    later, _ = boosted(np.column_stack([mute, mute, np.full(ROWS, 0.1)]))
    forecasts = Forecasts(later, HAPPENED > 0, np.zeros(ROWS, dtype=np.int64), np.ones(ROWS), 90)
    calibrated = fit_calibrator(forecasts)
    assert isinstance(calibrated.curve, Sigmoid)
    assert chance_of(calibrated.apply(later, np.full(ROWS, 90.0))) == pytest.approx(
        np.full(ROWS, HAPPENED.mean()), abs=0.01
    )


def test_on_a_ledger_of_order_lines_alone_every_feature_of_another_kind_is_mute() -> None:
    snapshot = world().rows.snapshot
    others = {feature.name for feature in (*INTERACTIONS, *OBLIGATIONS)} & set(MODEL_FEATURES)
    named = {name for name in others if "deliver" not in name and "promise" not in name}  # order lines carry these
    assert len(named) > 35
    assert np.isnan(snapshot.matrix(sorted(named))).all()
