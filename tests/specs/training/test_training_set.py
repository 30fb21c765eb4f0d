"""The training set: the customers to learn from, and the windows that show how sales carry over."""

from __future__ import annotations

import pytest

from tests.text_tables import POLICY, at, ledger
from training.dataset.folds import origins_of
from training.dataset.training_set import TrainingSet, training_set

H, W = 30, 60
# One origin, T - 30 = 2026-08-02: "now" ordered 30 days before it, "before" 31, "long" 61, "later" not yet
WORLD = ledger(
    """
    customer_id | ordered_at | amount
    first       | 2026-04-10 | 1
    now         | 2026-07-03 | 90
    now         | 2026-08-10 | 15
    before      | 2026-07-02 | 90
    before      | 2026-08-10 | 60
    long        | 2026-06-02 | 90
    later       | 2026-08-31 | 1
    """
)


@pytest.fixture(scope="module")
def rows() -> TrainingSet:
    origins = origins_of(at("2026-09-01"), H, W, starts_on=WORLD.starts_on, zone=POLICY.zone)
    return training_set(WORLD, origins, W, POLICY)


def test_only_active_customers_are_learned_from(rows: TrainingSet) -> None:
    assert rows.at([at("2026-08-02")]).snapshot.customer_ids == ["before", "first", "long", "now"]
    assert rows.active_at([at("2026-08-02")]).snapshot.customer_ids == ["before", "now"]


def test_sales_carry_over_as_those_with_an_order_in_the_horizon_before_show(rows: TrainingSet) -> None:
    plain = 90 / 90 * H  # of "now"; its tenure of 30 days is in the first band, the others take the carry of all
    assert rows.reference([at("2026-08-02")]).carry == pytest.approx((15 / plain,) * 4)
