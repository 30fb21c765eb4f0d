"""Value at risk: a share of R that adds up to what past windows lost, and never more than R."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.probability import Probability
from models.reference import Reference
from models.shortfall import Shortfall, ShortfallKind, lift_of, lifted
from tests.model.world import HORIZON, world
from training.fitting.shortfall import counting, learn_share, lifted_shortfall

shares = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(np.array)


def test_a_lift_up_moves_every_share_the_same_part_of_the_way_to_all() -> None:
    assert lifted(np.array([0.0, 0.5, 1.0]), 0.2) == pytest.approx([0.2, 0.5 + 0.5 * 0.2, 1.0])


def test_a_lift_down_moves_every_share_the_same_part_of_the_way_to_nothing() -> None:
    assert lifted(np.array([0.0, 0.5, 1.0]), -0.2) == pytest.approx([0.0, 0.5 * 0.8, 0.8])


@pytest.mark.parametrize("lost", [10.0, 40.0, 75.0])
def test_the_lift_makes_the_sum_come_true(lost: float) -> None:
    reference, share = np.array([100.0, 50.0]), np.array([0.3, 0.2])  # told: 30 + 10
    lift = lift_of(np.array([lost, 0.0]), reference, share)
    assert float(np.sum(reference * lifted(share, lift))) == pytest.approx(lost)


@given(shares, st.floats(-1, 1))
def test_a_lifted_share_stays_between_nothing_and_all(share: np.ndarray, lift: float) -> None:  # type: ignore[type-arg]
    moved = lifted(share, lift)
    assert np.all((moved >= 0) & (moved <= 1 + 1e-12))


def test_a_row_with_an_unknown_share_takes_no_part_in_the_lift() -> None:
    known = lift_of(np.array([20.0]), np.array([100.0]), np.array([0.1]))
    assert lift_of(np.array([20.0, 5.0]), np.array([100.0, 9.0]), np.array([0.1, np.nan])) == known


def test_trees_count_more_the_larger_the_ledger_and_a_lift_of_few_customers_little() -> None:
    here = world()
    fold = here.origins.fold(here.origins.until)
    assert fold is not None
    newest = here.rows.active_at([fold.calibrate])
    share = learn_share(here.rows, here.origins, fold=fold, reference=Reference(HORIZON), seed=1)
    assert isinstance(share, Probability)
    believed = len(newest) / (len(newest) + 300)
    assert share.weights == pytest.approx((1 - believed, believed))
    learned = lifted_shortfall(Shortfall(ShortfallKind.LEARNED, share), newest, Reference(HORIZON), share)
    sales = Reference(HORIZON).sales(newest.snapshot)
    whole = lift_of(newest.labels.shortfall(sales), sales, share.chance(newest.snapshot))
    assert learned.lift == pytest.approx(believed * whole)


def test_three_hundred_customers_are_half_believed() -> None:
    assert counting(300) == 300 / (300 + 300)
