"""The season of R: the level of the same weeks last year, as far as such levels recurred before."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from features.snapshot import Floats
from models.records import read_record
from models.reference import Reference, Season
from tests.model.world import HORIZON, world
from training.dataset.training_set import TrainingSet
from training.fitting.reference_season import season_at

R = Reference(HORIZON)


def bringing(level: Floats) -> TrainingSet:
    """The made-up company's windows, each account bringing so many times its R."""
    rows = world().rows
    return replace(rows, labels=replace(rows.labels, net_sales=R.sales(rows.snapshot) * level))


def wave(days: Floats, period_days: float) -> Floats:
    return np.asarray(0.5 * np.sin(2 * np.pi * days / period_days))


def test_a_level_that_recurs_every_year_is_forecast() -> None:
    here = world()
    rows = bringing(np.exp(wave(here.rows.snapshot.as_of_days, 365)))
    season = season_at(here.origins.until, rows, here.origins, R)
    ahead = here.now.as_of_days[:1]
    assert np.log(season.factor(ahead)) == pytest.approx(wave(ahead, 365), abs=0.15)


def test_a_level_that_never_came_again_is_no_season() -> None:
    here = world()
    rows = bringing(np.exp(wave(here.rows.snapshot.as_of_days, 730)))  # each year the other way round
    season = season_at(here.origins.until, rows, here.origins, R)
    assert season.factor(here.now.as_of_days[:1]) == pytest.approx(1.0)


def test_without_three_windows_a_year_after_another_there_is_no_season() -> None:
    here = world()
    newest = replace(here.origins, close=here.origins.close[:8], spaced=here.origins.spaced[:2])
    assert season_at(here.origins.until, here.rows.at(newest.close), newest, R) == Season()


def test_beyond_the_days_that_last_year_tells_of_the_factor_is_one() -> None:
    season = Season((100.0, 110.0), (2.0, 3.0))
    assert season.factor(np.array([99.0, 100.0, 105.0, 111.0])).tolist() == [1.0, 2.0, 2.5, 1.0]


def test_the_season_moves_what_is_shown_and_not_what_is_ranked_and_judged() -> None:
    now = world().now
    day = float(now.as_of_days[0])
    shown = Reference(HORIZON, season=Season((day - 1, day + 1), (2.0, 2.0)))
    assert np.array_equal(shown.sales(now), R.sales(now), equal_nan=True)
    assert np.array_equal(shown.in_season(now), 2 * R.sales(now), equal_nan=True)
    assert read_record(Reference, asdict(shown)) == shown
