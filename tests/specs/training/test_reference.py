"""The reference R, docs/design.md 6 to the letter."""

from __future__ import annotations

import numpy as np
import pytest

from features.snapshot import Snapshot, take_snapshot
from models.reference import Reference, orders_expected, plain_reference, tenure_band
from tests.text_tables import POLICY, at, ledger

WORLD = ledger(
    """
    customer_id | ordered_at | amount
    new         | 2026-06-21 | 90
    young       | 2026-02-21 | 130
    old         | 2020-01-01 | 1000
    old         | 2026-01-01 | 730
    returned    | 2026-01-01 | 10
    returned    | 2026-02-01 | -40
    """
)


@pytest.fixture(scope="module")
def customers() -> Snapshot:
    return take_snapshot(WORLD, [at("2026-07-01")], POLICY)


def by_customer(snapshot: Snapshot, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
    return dict(zip(snapshot.customer_ids, values.tolist(), strict=True))


def test_sales_of_a_year_are_spread_over_tenure_but_90_days_at_least_and_365_at_most(customers: Snapshot) -> None:
    sales = by_customer(customers, plain_reference(customers, 30))
    assert sales["new"] == pytest.approx(90 / 90 * 30)  # customer for 10 days
    assert sales["young"] == pytest.approx(130 / 130 * 30)  # for 130
    assert sales["old"] == pytest.approx(730 / 365 * 30)  # for years


def test_a_horizon_over_90_days_is_the_least_span(customers: Snapshot) -> None:
    assert by_customer(customers, plain_reference(customers, 120))["new"] == pytest.approx(90 / 120 * 120)


def test_a_reference_below_zero_is_zero(customers: Snapshot) -> None:
    assert by_customer(customers, Reference(30).sales(customers))["returned"] == 0.0


def test_tenure_bands_end_at_one_two_and_four_horizons() -> None:
    assert tenure_band(np.array([1, 30, 31, 60, 61, 120, 121]), 30).tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_the_carry_of_a_band_is_what_its_customers_brought_over_what_was_plain() -> None:
    reference = Reference.fitted(
        30,
        np.array([100.0, 100.0, 50.0, 200.0]),
        np.array([10.0, 20.0, 40.0, 400.0]),
        next_sales=np.array([120.0, 40.0, 200.0, 1.0]),
    )
    everybody = (120 + 40 + 200 + 1) / (100 + 100 + 50 + 200)
    assert reference.carry == pytest.approx(((120 + 40) / 200, 2.0, everybody, 0.05))  # 200/50 and 1/200 are clipped


def test_without_any_origin_every_carry_is_one() -> None:
    nothing = np.empty(0)
    assert Reference.fitted(30, nothing, nothing, next_sales=nothing).carry == (1, 1, 1, 1)


def test_orders_expected_are_those_of_a_year_spread_like_the_sales(customers: Snapshot) -> None:
    assert by_customer(customers, orders_expected(customers, 30))["new"] == pytest.approx(1 / 90 * 30)
