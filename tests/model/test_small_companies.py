"""From 30 customers and 12 months on a company gets chances with bounds, or a rule by its name that says why not."""

from __future__ import annotations

import pytest

from benchmarks.accuracy.small_companies import page
from benchmarks.accuracy.small_trainings import SERVED, SmallCompany, Trained, trainings
from training.metrics.resampled import Figure


@pytest.fixture(scope="module")
def found() -> list[Trained]:
    return list(trainings(SmallCompany.invented(0, 30, seed=1)))


def test_a_company_has_as_many_customers_in_the_year_before_its_training_as_asked_for() -> None:
    company = SmallCompany.invented(1, 30, seed=1)
    year = [
        place
        for place, orders in company.orders.items()
        if any(0 < (company.until - day).days <= 365 for day, _ in orders)
    ]
    assert len(year) == 30


def test_every_training_serves_something_by_its_name_and_says_why(found: list[Trained]) -> None:
    assert all(each.served in each.sentence for each in found)


def test_thirty_customers_and_a_year_are_enough_for_chances_whose_bounds_more_months_narrow(
    found: list[Trained],
) -> None:
    assert all(each.cell is not None for each in found)
    for each in found:
        assert each.cell is not None
        assert 0 < each.cell.low < each.cell.chance < each.cell.high < 1
        assert each.figure(Figure.BRIER, SERVED) == each.figure(Figure.BRIER, each.served)
        assert 0 < each.promised < each.width


def test_the_page_has_a_line_for_every_size_and_ledger(found: list[Trained]) -> None:
    text = page(found, 1)
    for months in (12, 24, 36):
        assert text.count(f"| 30 customers, {months} months |") == 4
    assert "nan" not in text
