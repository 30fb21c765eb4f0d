"""The weight of each window without a call: left-alone customers count once, held-out ones for those called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from features.ledger.ledger import Ledger
from features.snapshot import ASSIGNED, take_snapshot
from tests.text_tables import POLICY, at, ledger
from training.dataset.assignments import Assignments, assignments_of
from training.dataset.folds import origins_of
from training.dataset.training_set import TrainingSet, known_at, training_set

H = 30
ORDERS = """
    customer_id | ordered_at | amount
    a           | 2026-01-01 | 10
    b           | 2026-01-02 | 10
    c           | 2026-01-03 | 10
"""


def world(calls: str) -> Ledger:
    return ledger(ORDERS, calls=calls)


def weights(
    here: Ledger, origin: str = "2026-02-01", *, until: str = "2027-01-01", days: int = H
) -> Mapping[str, float]:
    snapshot = take_snapshot(here, [at(origin)], POLICY)
    assignments = assignments_of(here, snapshot, days, until=at(until), policy=POLICY)
    return dict(zip(snapshot.customer_ids, assignments.weight.tolist(), strict=True))


def test_called_customers_weigh_nothing_and_held_out_ones_stand_for_all_that_could_have_been() -> None:
    here = world(
        """
        customer_id | call_id | called_at  | listed_on  | arm      | arm_probability
        a           | 1       | 2026-02-05 | 2026-02-05 | called   | 0.75
        b           | 2       | 2026-02-05 | 2026-02-05 | held_out | 0.25
        """
    )
    assert weights(here) == {"a": 0.0, "b": pytest.approx(1 / 0.25), "c": 1.0}


def test_a_window_holds_its_first_day_and_not_its_last() -> None:
    here = world(
        """
        customer_id | called_at        | arm    | arm_probability
        a           | 2026-02-01T08:00 | called | 0.5
        b           | 2026-03-02T23:59 | called | 0.5
        c           | 2026-03-03T00:00 | called | 0.5
        """
    )
    assert weights(here) == {"a": 0.0, "b": 0.0, "c": 1.0}


def test_a_call_made_in_the_window_counts_though_its_list_is_older_and_a_listing_in_it_though_the_call_is_later() -> (
    None
):
    here = world(
        """
        customer_id | called_at  | listed_on  | arm
        a           | 2026-02-02 | 2026-01-30 | called
        b           | 2026-03-09 | 2026-03-01 | called
        c           | 2026-01-31 | 2026-01-30 | called
        """
    )
    assert weights(here) == {"a": 0.0, "b": 0.0, "c": 1.0}


def test_a_call_that_no_list_began_is_no_assignment_and_a_listed_one_is_whatever_its_arm() -> None:
    here = world(
        """
        customer_id | called_at  | listed_on  | arm
        a           | 2026-02-02 |            |
        b           | 2026-02-02 |            | none
        c           | 2026-02-02 | 2026-02-02 | none
        """
    )
    assert weights(here) == {"a": 1.0, "b": 1.0, "c": 0.0}


def test_a_contact_is_an_assignment_only_where_a_list_began_it() -> None:
    here = ledger(
        ORDERS,
        contacts="""
        customer_id | contacted_at | channel | listed_on
        a           | 2026-02-02   | visit   |
        b           | 2026-02-02   | call    | 2026-02-01
        """,
    )
    assert weights(here) == {"a": 1.0, "b": 0.0, "c": 1.0}


def test_a_group_held_out_twice_in_one_cycle_was_drawn_once() -> None:
    here = world(
        """
        customer_id | called_at  | listed_on  | arm      | arm_probability
        a           | 2026-02-05 | 2026-02-05 | held_out | 0.25
        a           | 2026-02-12 | 2026-02-12 | held_out | 0.25
        """
    )
    assert weights(here)["a"] == 1 / 0.25


def test_two_cycles_or_two_experiments_in_one_window_were_drawn_twice() -> None:
    here = world(
        """
        customer_id | called_at  | arm      | arm_probability | experiment
        a           | 2025-11-12 | held_out | 0.25            |
        a           | 2026-02-05 | held_out | 0.25            |
        a           | 2026-02-10 | held_out | 0.25            |
        b           | 2026-02-05 | held_out | 0.25            | one
        b           | 2026-02-05 | held_out | 0.50            | two
        c           | 2026-02-05 | held_out | 0.25            |
        c           | 2026-02-10 | called   | 0.50            | two
        """
    )
    # the first cycle of a ends 90 days after 12 November, on 10 February: 5 February is of it, 10 February is not
    assert weights(here) == {"a": 1 / 0.25 / 0.25, "b": 1 / 0.25 / 0.50, "c": 0.0}


def test_where_no_chance_was_noted_the_share_held_out_stands_in() -> None:
    here = world(
        """
        customer_id | called_at  | arm
        a           | 2026-02-05 | held_out
        b           | 2026-02-05 | called
        c           | 2026-02-05 | called
        """
    )
    assert weights(here)["a"] == pytest.approx(3 / 1)


CALLED_LATE = """
    customer_id | called_at  | arm    | arm_probability | known_at
    a           | 2026-02-05 | called | 0.5             | 2026-04-01
"""


def test_an_assignment_counts_from_when_it_was_known() -> None:
    here = world(CALLED_LATE)
    assert weights(here, until="2026-04-01")["a"] == 1.0
    assert weights(here, until="2026-04-02")["a"] == 0.0


def learned_world() -> TrainingSet:
    here = ledger(
        """
        customer_id | ordered_at | amount
        first       | 2026-04-10 | 1
        alone       | 2026-07-03 | 90
        alone       | 2026-08-10 | 15
        held        | 2026-07-03 | 90
        held        | 2026-08-10 | 30
        called      | 2026-07-03 | 90
        called      | 2026-08-10 | 900
        later       | 2026-08-31 | 1
        """,
        calls="""
        customer_id | called_at  | arm      | arm_probability
        held        | 2026-08-05 | held_out | 0.25
        called      | 2026-08-05 | called   | 0.75
        """,
    )
    origins = origins_of(at("2026-09-01"), H, 60, starts_on=here.starts_on, zone=POLICY.zone)
    return training_set(here, origins, 60, POLICY)


ORIGIN = at("2026-08-02")


def test_a_training_set_leaves_called_customers_out_of_its_fits_and_out_of_the_carries() -> None:
    rows = learned_world()
    learned = rows.active_at([ORIGIN])
    assert learned.snapshot.customer_ids == ["alone", "held"]
    assert learned.weight.tolist() == [1.0, 4.0]
    carry = (15 + 4 * 30) / (90 + 4 * 90) / (H / 90)
    assert rows.reference([ORIGIN]).carry == pytest.approx((carry,) * 4)


def test_where_too_few_are_held_out_the_called_are_fitted_on_with_an_input_that_no_score_ever_has() -> None:
    rows = learned_world()
    assert rows.has_called_input
    fitted = rows.with_called([ORIGIN])
    assert fitted.snapshot.customer_ids == ["alone", "called", "held"]
    assert fitted.snapshot.feature(ASSIGNED).tolist() == [0.0, 1.0, 0.0]
    assert fitted.weight.tolist() == [1.0, 1.0, 4.0]
    assert rows.active_at([ORIGIN]).snapshot.feature(ASSIGNED).tolist() == [0.0, 0.0]


def test_a_note_names_the_effect_of_calls_on_a_training() -> None:
    rows = learned_world()
    origins = len(np.unique(rows.origin[rows.assignments.called & rows.active]))
    assert rows.calls_note.startswith(
        f" Training includes {origins} windows in which a customer was called from a list"
    )
    assert "only 1 customer was held out, and 50 are needed" in rows.calls_note
    left_alone = replace(rows, assignments=Assignments(np.zeros(len(rows), dtype=np.bool_), np.ones(len(rows))))
    assert left_alone.calls_note == ""
    assert not left_alone.has_called_input


def test_a_call_not_yet_known_at_an_earlier_instant_leaves_its_window_in() -> None:
    here = ledger(f"{ORDERS}    a           | 2026-05-01 | 10\n", calls=CALLED_LATE)
    origins = origins_of(at("2026-05-01"), H, H, starts_on=here.starts_on, zone=POLICY.zone)
    rows = training_set(here, replace(origins, close=(at("2026-02-01"),)), H, POLICY)
    then = known_at(rows, here, replace(origins, close=(at("2026-02-01"),)), at("2026-03-20"), POLICY)
    assert (rows.weight[0], then.weight[0]) == (0.0, 1.0)


def test_without_any_call_every_row_counts_once() -> None:
    assert np.array_equal(list(weights(ledger(ORDERS)).values()), [1.0, 1.0, 1.0])
