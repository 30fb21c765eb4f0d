"""Figures over resampled cutoffs, their joint judgement, and the limits of calibration."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval, resamples
from training.metrics.calibration import CalibrationFigures, Cell, cells_of, coverage
from training.metrics.multiple_comparisons import MetricDifference, judged_jointly
from training.metrics.resampled import Figure, OriginOutcomes, counted, over_draws

RANDOM = np.random.default_rng(7)
ROWS = 120
CHANCE = np.round(RANDOM.random(ROWS), 1)  # rounded, so that many are equal
CHURNED = RANDOM.random(ROWS) < CHANCE
SHORTFALL = np.round(RANDOM.gamma(0.5, 100, ROWS) * (RANDOM.random(ROWS) < 0.6), 2)
IDS = [f"c{place:03d}" for place in range(ROWS)]
SCENE = OriginOutcomes(IDS, CHURNED, SHORTFALL)
ONCE = np.ones(ROWS, dtype=np.int64)


def test_a_figure_of_rows_that_each_stand_once_is_that_of_the_published_formula() -> None:
    assert counted(Figure.AUC, SCENE, CHANCE)(ONCE) == pytest.approx(metrics.auc(CHANCE, CHURNED))
    assert counted(Figure.BRIER, SCENE, CHANCE)(ONCE) == pytest.approx(metrics.brier(CHANCE, CHURNED))
    value = counted(Figure.MONEY_FOUND, SCENE, CHANCE)(ONCE)
    assert value == pytest.approx(metrics.money_found(CHANCE, SHORTFALL, IDS))


@pytest.mark.parametrize("figure", list(Figure))
def test_a_row_that_stands_twice_counts_as_two_equal_rows(figure: Figure) -> None:
    rows = RANDOM.integers(ROWS, size=ROWS)
    chance = RANDOM.random(ROWS)  # no ties: equal rows stand beside each other either way
    repeated = OriginOutcomes([IDS[row] for row in rows], CHURNED[rows], SHORTFALL[rows])
    counts = np.bincount(rows, minlength=ROWS)
    expected = counted(figure, repeated, chance[rows])(ONCE)
    assert counted(figure, SCENE, chance)(counts) == pytest.approx(expected)


def test_a_figure_is_undefined_with_one_outcome_or_no_loss() -> None:
    nobody = OriginOutcomes(IDS, np.zeros(ROWS, dtype=bool), np.zeros(ROWS))
    assert np.isnan(counted(Figure.AUC, nobody, CHANCE)(ONCE))
    assert np.isnan(counted(Figure.MONEY_FOUND, nobody, CHANCE)(ONCE))


def test_draws_are_the_same_for_every_forecast_and_begin_with_all_rows() -> None:
    figure = counted(Figure.BRIER, SCENE, CHANCE)
    rows = np.arange(ROWS)
    drawn = resamples(rows, np.zeros(ROWS, dtype=np.int64), overlapping=False, draws=50, seed=3)
    figures = over_draws({"a": [figure], "b": [figure]}, [rows], drawn)
    assert np.array_equal(figures["a"], figures["b"])
    assert figures["a"][0] == pytest.approx(metrics.brier(CHANCE, CHURNED))
    assert figures["a"][1:].std() > 0


def difference(mean: float, deviation: float) -> MetricDifference:
    draws = np.random.default_rng(1).normal(mean, deviation, 2000)
    return MetricDifference(Figure.AUC, "recency", mean, draws)


def test_a_difference_that_is_sure_alone_may_not_be_among_many() -> None:
    alone = difference(-0.022, 0.01)
    assert judged_jointly([alone])[0].is_worse
    assert not judged_jointly([alone, *(difference(0.0, 0.01) for _ in range(8))])[0].is_worse


def test_the_joint_interval_is_that_of_holm() -> None:
    sure, unsure = difference(-0.1, 0.01), difference(0.01, 0.01)
    first, second = judged_jointly([unsure, sure])
    assert (second.is_worse, second.joint) == (True, sure.interval(0.05 / 2))
    assert (first.is_worse, first.joint) == (False, unsure.interval(0.05 / 1))


def test_a_difference_above_zero_for_sure_is_not_worse() -> None:
    assert not judged_jointly([difference(0.1, 0.01)])[0].is_worse


def test_a_difference_nobody_could_draw_proves_nothing() -> None:
    unknown = MetricDifference(Figure.AUC, "recency", float("nan"), np.full(10, np.nan))
    assert unknown.interval().low == float("-inf")
    assert not judged_jointly([unknown])[0].is_worse


def calibration(
    predicted: float, observed: float, *, rows: int = 2000, last: float = 0.4, year: bool = True
) -> CalibrationFigures:
    churned = np.arange(rows) < observed * rows
    return CalibrationFigures.of(np.full(rows, predicted), churned, last_rate=last, has_year_before=year, seed=1)


def test_the_mean_is_kept_within_two_points_or_within_chance() -> None:
    assert calibration(0.40, 0.42).mean_kept
    assert not calibration(0.40, 0.43).mean_kept  # 0.03 of 2,000: chance makes 1.96 · √(0.24 / 2,000) = 0.021
    assert calibration(0.40, 0.50, rows=60).mean_kept  # chance makes 1.96 · √(0.24 / 60) = 0.124
    assert not calibration(0.40, 0.53, rows=60).mean_kept


def test_a_season_change_is_a_step_the_ledger_had_no_year_to_know_of() -> None:
    assert calibration(0.4, 0.5, last=0.4, year=False).is_across_season_change
    assert not calibration(0.4, 0.5, last=0.4, year=True).is_across_season_change
    assert not calibration(0.4, 0.44, last=0.4, year=False).is_across_season_change
    assert not calibration(0.4, 0.5, last=float("nan"), year=False).is_across_season_change


def test_a_cell_is_covered_within_its_bounds_widened_by_its_size() -> None:
    half_width = 1.645 * np.sqrt(0.5 * 0.5 / 100)  # 0.082; with bounds 0.05 apart: √(0.05² + 0.082²) = 0.096
    assert Cell(100, 0.5, 0.45, 0.55, 0.5 + np.sqrt(0.05**2 + half_width**2) - 1e-6).covered
    assert not Cell(100, 0.5, 0.45, 0.55, 0.5 + np.sqrt(0.05**2 + half_width**2) + 1e-6).covered


def test_cells_hold_fifty_and_more() -> None:
    chance = np.linspace(0.1, 0.9, 600)
    churned = np.arange(600) % 2 == 0
    assert [cell.customers for cell in cells_of(chance, chance - 0.5, chance + 0.5, churned)] == [60] * 10
    assert cells_of(chance[:400], chance[:400], chance[:400], churned[:400]) == ()
    assert coverage(cells_of(chance, chance - 0.5, chance + 0.5, churned)) == 1.0
    assert np.isnan(coverage(()))


def test_an_interval_of_draws_holds_its_share() -> None:
    interval = difference(0.0, 1.0).interval(0.10)
    assert isinstance(interval, Interval)
    assert (interval.low, interval.high) == (pytest.approx(-1.645, abs=0.1), pytest.approx(1.645, abs=0.1))
