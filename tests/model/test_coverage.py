"""churn_low … churn_high hold nine tenths of unseen windows' rates: over short, long, steady and seasonal histories."""

from __future__ import annotations

import pytest

from benchmarks.accuracy.coverage import CoveredCells, companies, coverage_of

HISTORIES = ((1, 90, 1000), (3, 90, 1000), (6, 90, 1000), (12, 30, 600))


@pytest.fixture(scope="module")
def held() -> dict[int, list[CoveredCells]]:
    return {each[0]: list(companies(*each, count=60, seed=2)) for each in HISTORIES}


def test_of_all_cells_at_unseen_windows_85_to_95_percent_end_inside_their_bounds(
    held: dict[int, list[CoveredCells]],
) -> None:
    assert 0.85 <= coverage_of([one for each in held.values() for one in each]) <= 0.95


def test_bounds_hold_after_one_window_and_narrow_with_more(held: dict[int, list[CoveredCells]]) -> None:
    widths = {windows: sum(one.width for one in each) / len(each) for windows, each in held.items()}
    assert coverage_of(held[1]) >= 0.8
    assert widths[12] < widths[6] < widths[3] < widths[1]


def test_the_level_of_many_windows_lies_nearer_than_that_of_the_newest_alone(
    held: dict[int, list[CoveredCells]],
) -> None:
    for windows in (6, 12):
        off, newest = (sum(getattr(one, name) for one in held[windows]) for name in ("off", "off_by_newest"))
        assert off < newest
