"""Laws of LightGBM's path for single rows: the bits of ``Booster.predict``, for any values, from any thread."""

from __future__ import annotations

import threading
from functools import cache

import lightgbm
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.snapshot import Snapshot
from models.lightgbm_member import LightGbm, SlowSingleRowsWarning
from models.lightgbm_single_row import FEW_ROWS, NoSingleRowPathError, SingleRows

Floats = npt.NDArray[np.float64]
COLUMNS = 6
NAMES = [f"Column_{place}" for place in range(COLUMNS)]  # as LightGBM names them

values = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([float("nan"), 0.0, -0.0, 1e-36, -1e-36, 1.0, 1e308]),
    st.floats(-3, 3),
)
matrices = st.lists(st.lists(values, min_size=COLUMNS, max_size=COLUMNS), min_size=1, max_size=FEW_ROWS + 2)


@cache
def text(seed: int = 0) -> str:
    """A booster that learned from rows with missing values, zeros and infinities."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(800, COLUMNS))
    rows[draw.random(rows.shape) < 0.1] = np.nan
    rows[draw.random(rows.shape) < 0.1] = 0.0
    told = (np.nan_to_num(rows[:, 0]) + draw.normal(size=800) > np.isnan(rows[:, 1])).astype(float)
    settings = {"objective": "cross_entropy", "num_leaves": 7, "verbose": -1, "num_threads": 1, "seed": seed}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, told), num_boost_round=40)
    written: str = booster.model_to_string()
    return written


def predicted(written: str, rows: Floats) -> Floats:
    booster = lightgbm.Booster(model_str=written)
    return np.asarray(booster.predict(rows, raw_score=True, num_threads=1), dtype=np.float64)


def snapshot_of(rows: Floats) -> Snapshot:
    columns = {name: pa.array(rows[:, place]) for place, name in enumerate(NAMES)}
    return Snapshot(pa.table({"customer_id": [f"c{place}" for place in range(len(rows))]} | columns), (), "", "", "")


@given(matrices, st.integers(0, 3))
def test_a_row_scored_by_the_single_row_path_has_the_bits_of_predict(rows: list[list[float]], seed: int) -> None:
    matrix = np.array(rows, dtype=np.float64)
    single = SingleRows(text(seed), COLUMNS)
    assert single.raw_scores(matrix).tobytes() == predicted(text(seed), matrix).tobytes()


@given(matrices)
def test_a_member_gives_the_same_bits_for_few_rows_and_for_many(rows: list[list[float]]) -> None:
    few = np.array(rows, dtype=np.float64)
    many = np.vstack([few, np.zeros((FEW_ROWS + 1, COLUMNS))])
    member = LightGbm("m", text())
    together = member.log_odds(snapshot_of(many))[: len(few)]
    assert member.log_odds(snapshot_of(few)).tobytes() == together.tobytes()


def test_rows_that_lie_apart_in_memory_are_scored_as_they_are() -> None:
    matrix = np.asfortranarray(np.random.default_rng(1).normal(size=(40, COLUMNS)))[::3]
    assert SingleRows(text(), COLUMNS).raw_scores(matrix).tobytes() == predicted(text(), matrix).tobytes()


def test_threads_that_share_a_booster_get_their_own_scores() -> None:
    single, matrix = SingleRows(text(), COLUMNS), np.random.default_rng(2).normal(size=(8, 400, COLUMNS))
    scores: dict[int, Floats] = {}

    def score(place: int) -> None:
        scores[place] = np.concatenate([single.raw_scores(row[None, :]) for row in matrix[place]])

    threads = [threading.Thread(target=score, args=(place,)) for place in range(len(matrix))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, rows in enumerate(matrix):
        assert scores[place].tobytes() == predicted(text(), rows).tobytes()


def test_a_closed_booster_scores_nothing_and_is_freed_once() -> None:
    single = SingleRows(text(), COLUMNS)
    single.close()
    single.close()
    with pytest.raises(ValueError, match="closed"):
        single.raw_scores(np.zeros((1, COLUMNS)))


def test_a_matrix_of_another_width_is_refused_before_any_memory_is_read() -> None:
    with pytest.raises(ValueError, match="no matrix of 6 columns"):
        SingleRows(text(), COLUMNS).raw_scores(np.zeros((1, COLUMNS - 1)))


def test_a_booster_of_another_width_has_no_path() -> None:
    with pytest.raises(NoSingleRowPathError, match="refuses the booster"):
        SingleRows(text(), COLUMNS + 1)


def test_the_installed_lightgbm_has_the_path() -> None:
    assert LightGbm("m", text()).single_rows is not None


def test_without_the_path_a_member_says_so_and_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    row = np.random.default_rng(3).normal(size=(1, COLUMNS))
    with_path = LightGbm("m", text()).log_odds(snapshot_of(row))
    monkeypatch.setattr(lightgbm.basic._LIB, "_name", "a library that is not there")
    with pytest.warns(SlowSingleRowsWarning, match="library is not found"):
        member = LightGbm("m", text())
    assert member.single_rows is None
    assert member.log_odds(snapshot_of(row)).tobytes() == with_path.tobytes()
