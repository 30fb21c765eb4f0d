"""Origins T - jH, closer ones for fitting, and contest folds whose windows are apart and closed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from features.clock import AsOf
from features.policy import Policy
from tests.text_tables import POLICY, at
from training.dataset.folds import Origins, contest_plan, origins_of


def origins(until: str, starts_on: str, *, horizon: int = 90, active: int = 90) -> Origins:
    return origins_of(at(until), horizon, active, starts_on=date.fromisoformat(starts_on), zone=POLICY.zone)


def test_origins_lie_a_horizon_apart_while_enough_ledger_lies_before() -> None:
    # 360 days: T-90, T-180, T-270 have 90 days and more before them; T-360 has none
    in_2026 = origins("2026-12-27", "2026-01-01")
    assert [str(origin.day) for origin in in_2026.spaced] == ["2026-09-28", "2026-06-30", "2026-04-01"]


def test_the_longer_of_horizon_and_active_window_must_lie_before_an_origin() -> None:
    assert len(origins("2026-12-27", "2026-01-01", active=180).spaced) == 2


def test_closer_origins_are_a_quarter_horizon_apart() -> None:
    close = origins("2026-12-27", "2026-01-01", horizon=40, active=40).close
    assert {(newer.day - older.day).days for newer, older in pairwise(close)} == {10}


def test_every_fold_fits_calibrates_and_tests_on_windows_that_are_closed_and_apart() -> None:
    horizon = timedelta(days=90)
    plan = contest_plan(origins("2026-12-31", "2023-01-01"))
    assert len(plan.folds) >= 3
    assert not plan.weaker
    for fold in plan.folds:
        assert all(fit.day + horizon <= fold.calibrate.day for fit in fold.fit)
        assert fold.calibrate.day + horizon <= fold.at.day
        assert fold.at.day + horizon <= date(2026, 12, 31)


def test_a_short_ledger_holds_its_contest_at_closer_origins_and_says_so() -> None:
    plan = contest_plan(origins("2026-12-27", "2026-01-01"))  # 360 days: two a horizon apart, three half a horizon
    assert plan.weaker
    assert len(plan.folds) == 3


def test_where_only_one_window_is_closed_it_is_fitted_on_and_none_is_left_to_calibrate_on() -> None:
    plan = contest_plan(origins("2026-12-27", "2025-09-28"))  # 455 days, as CDNOW has
    assert not plan.weaker
    assert [fold.is_apart for fold in plan.folds] == [True, True, False]
    assert plan.folds[-1].fit[0] == plan.folds[-1].calibrate


def test_without_a_window_to_fit_on_there_is_no_contest() -> None:
    assert contest_plan(origins("2026-12-27", "2026-05-01")).folds == ()
    assert origins("2026-03-01", "2026-01-01").close == ()


@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_quarters_of_a_horizon_of_few_days_are_never_the_same_origin_twice(horizon: int) -> None:
    tried = origins("2026-01-20", "2026-01-01", horizon=horizon, active=7)
    assert list(tried.close) == sorted(set(tried.close), reverse=True)
    assert set(tried.spaced) <= set(tried.close)
    contest = [fold.at for fold in contest_plan(tried).folds]
    assert len(contest) == len(set(contest)) >= 3


def test_a_day_that_begins_at_one_oclock_keeps_all_windows_on_known_origins() -> None:
    zone = Policy(time_zone="Africa/Cairo").zone  # 90 days before: 2024-04-26, when 00:00 became 01:00
    tried = origins_of(AsOf.parse("2024-07-25", zone), 90, 90, starts_on=date(2022, 1, 1), zone=zone)
    for fold in contest_plan(tried).folds:
        assert {fold.at, fold.calibrate, *tried.chain(fold.at)} <= set(tried.close)


def test_origins_keep_business_midnight_over_a_change_of_clocks() -> None:
    zone = Policy(time_zone="Europe/Paris").zone
    tried = origins_of(AsOf.parse("2026-05-01", zone), 60, 60, starts_on=date(2025, 1, 1), zone=zone)
    assert all(origin == origin.midnight(zone) for origin in tried.close)


def test_a_window_with_more_than_a_tenth_of_its_days_shut_is_no_origin() -> None:
    zone = POLICY.zone
    begin = {"starts_on": date(2026, 1, 1), "zone": zone}
    shut = {date(2026, 7, 1) + timedelta(days=day) for day in range(10)}
    with_gap = origins_of(AsOf.parse("2026-12-27", zone), 90, 90, shut=shut, **begin)
    without = origins_of(AsOf.parse("2026-12-27", zone), 90, 90, **begin)
    assert with_gap.unseen == tuple(
        origin for origin in without.close if date(2026, 4, 12) <= origin.day <= date(2026, 7, 1)
    )  # 10 of 90 days, all ten within the window
    assert set(with_gap.close) | set(with_gap.unseen) == set(without.close)
    assert set(with_gap.chain(with_gap.until)) <= set(with_gap.spaced) <= set(with_gap.close)
    assert "2026-06-30" in with_gap.remarks[0]
    nine = origins_of(AsOf.parse("2026-12-27", zone), 90, 90, shut=sorted(shut)[1:], **begin)
    assert nine.unseen == () and nine.remarks == ()
