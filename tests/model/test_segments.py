"""Chances against outcomes, among everybody and in the segments that matter most, each forecast by its weight."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest

from features.policy import Policy
from features.snapshot import Floats, take_snapshot
from features.standing.key_accounts import key_accounts_at
from features.standing.standing import take_standing
from tests.model.world import HORIZON, drafted, world
from tests.text_tables import at, ledger
from training.metrics.segments import (
    Calibration,
    Segment,
    SegmentCalibration,
    calibration_in,
    segments_at,
    segments_table,
)
from training.selection.contest import serving_rule
from training.selection.out_of_sample import OutOfSample

Flags = npt.NDArray[np.bool_]


def flags(*parts: tuple[int, bool]) -> Flags:
    """So many rows of each value, one part after another."""
    return np.repeat([value for _, value in parts], [count for count, _ in parts])


def calibration_among(
    rows: Flags, chance: Floats, churned: Flags, *, weight: Floats | None = None, customers: int | None = None
) -> SegmentCalibration:
    """The calibration of chances among some rows, each of weight 1 and of its own customer by default."""
    weights = np.ones(len(rows)) if weight is None else weight
    customer = np.arange(len(rows)) % (customers or len(rows))
    newcomers = {Segment.NEWCOMERS: rows}
    (calibration,) = calibration_in(newcomers, chance, churned, weight=weights, customer=customer, seed=1)
    return calibration


def unseen() -> OutOfSample:
    out_of_sample = drafted().unseen
    assert out_of_sample is not None
    return out_of_sample


def test_a_segment_is_judged_by_its_own_rows_alone() -> None:
    rows = flags((60, True), (40, False))
    chance = np.repeat([0.2, 0.9], [60, 40])
    churned = flags((15, True), (45, False), (40, True))
    newcomers = calibration_among(rows, chance, churned)
    assert newcomers.calibration is not None
    assert (newcomers.forecasts, newcomers.customers) == (60, 60)
    assert newcomers.calibration.predicted == pytest.approx(0.2)
    assert newcomers.calibration.observed == pytest.approx(15 / 60)
    assert newcomers.sentence == "20.0% were expected to stop, 25.0% did"


def test_the_error_is_that_of_ten_bins_beside_a_perfect_forecasts() -> None:
    chance = np.repeat([0.1, 0.5], [50, 50])  # five bins of each
    churned = flags((10, True), (40, False), (25, True), (25, False))
    spread = np.random.default_rng(1).permutation(50)  # stoppers lie all over their bins
    churned = np.concatenate([churned[:50][spread], churned[50:][spread]])
    calibration = calibration_among(np.ones(100, dtype=np.bool_), chance, churned).calibration
    assert calibration is not None
    in_bins = churned.reshape(10, 10).mean(axis=1)
    assert calibration.error == pytest.approx(np.abs(np.repeat([0.1, 0.5], 5) - in_bins).mean())
    assert 0 < calibration.perfect_error < 0.25


def test_called_customers_count_nowhere_and_held_out_ones_for_several() -> None:
    chance = np.repeat([0.1, 0.4, 0.9], [30, 30, 40])
    churned = flags((3, True), (27, False), (15, True), (15, False), (40, True))
    weight = np.repeat([1.0, 3.0, 0.0], [30, 30, 40])
    newcomers = calibration_among(np.ones(100, dtype=np.bool_), chance, churned, weight=weight)
    assert newcomers.forecasts == 30 + 30
    assert newcomers.calibration is not None
    assert newcomers.calibration.predicted == pytest.approx((30 * 0.1 + 3 * 30 * 0.4) / (30 + 3 * 30))
    assert newcomers.calibration.observed == pytest.approx((3 + 3 * 15) / (30 + 3 * 30))


@pytest.mark.parametrize(
    ("forecasts", "sentence"),
    [
        (0, "there were none"),
        (49, "too few to say: 50 forecasts are needed"),
        (50, "20.0% were expected to stop, 0.0% did"),
    ],
)
def test_a_circle_of_under_fifty_forecasts_is_named_and_not_judged(forecasts: int, sentence: str) -> None:
    rows, nobody = flags((forecasts, True), (90 - forecasts, False)), np.zeros(90, dtype=np.bool_)
    newcomers = calibration_among(rows, np.full(90, 0.2), nobody, customers=7)
    assert (newcomers.forecasts, newcomers.customers) == (forecasts, min(forecasts, 7))
    assert (newcomers.calibration is None) == (forecasts < 50)
    assert newcomers.sentence == sentence
    assert f"| newcomers | {forecasts} | {newcomers.customers} |" in segments_table([newcomers])
    assert (sentence in segments_table([newcomers])) == (forecasts < 50)


ORDERS = "customer_id | ordered_at | amount\n" + "\n".join(
    [f"c{place} | 2025-{month:02d}-10 | {10 + place}" for place in range(9) for month in (1, 2, 3)]
    + ["new | 2025-03-12 | 20", "new | 2025-04-12 | 20", "new | 2025-05-12 | 500"]
)


def belonging(as_of: str, reference: list[float], policy: Policy) -> dict[str, set[str]]:
    world = ledger(ORDERS, "customer_id | key_mark\nc4 | reputation", policy=policy)
    snapshot = take_snapshot(world, [at(as_of)], policy)
    segments = segments_at(world, snapshot, as_of=at(as_of), reference=np.array(reference), policy=policy)
    ids = np.array(snapshot.customer_ids)
    return {str(segment): set(ids[rows].tolist()) for segment, rows in segments.items()}


def test_who_is_in_a_circle_is_what_was_known_at_the_origin() -> None:
    policy = Policy(key_enter_share=0.2, key_leave_share=0.2)
    reference = [5.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 9.0]  # of c0 … c8, new
    everybody = {f"c{place}" for place in range(9)} | {"new"}
    top = {"c1", "c8"}  # a fifth of ten; of equal R the smaller id
    assert belonging("2025-05-01", reference, policy) == {
        "everybody": everybody,
        "top value tier": top,
        "newcomers": {"new"},  # two order days
        "key accounts": {"c4"},  # by the CRM; new has 40 / (3 * 126 + 40)
    }
    assert belonging("2025-06-01", reference, policy) == {
        "everybody": everybody,
        "top value tier": top,
        "newcomers": set(),  # three order days
        "key accounts": {"c4", "new"},  # 540 / (3 * 126 + 540)
    }


@pytest.mark.parametrize("largest", [0, 3])
def test_key_accounts_at_an_origin_are_those_its_lists_would_have_shown(largest: int) -> None:
    here, policy = world(), Policy(strategic_top_n=largest)
    origin = here.origins.spaced[1]
    standing = take_standing(
        here.ledger, take_snapshot(here.ledger, [origin], policy), policy, active_days=HORIZON
    ).table.to_pylist()
    shown = {row["customer_id"] for row in standing if row["is_key_account"]}
    assert shown
    assert key_accounts_at(here.ledger, origin, policy) == shown


def test_a_contest_tells_the_served_chances_in_every_circle_and_everybody_as_its_table_does() -> None:
    outcome = drafted().outcome
    assert outcome is not None
    assert [segment.circle for segment in outcome.segments] == list(Segment)
    everybody = outcome.segments[0]
    served = next(scores for scores in outcome.figures if scores.name == outcome.served)
    assert everybody.forecasts == len(unseen().rows)
    assert everybody.calibration is not None
    assert everybody.calibration.error == served.calibration_error
    assert everybody.calibration.perfect_error == served.perfect_calibration_error
    assert everybody.calibration.predicted == pytest.approx(unseen().churn[outcome.served].mean())
    assert everybody.calibration.observed == pytest.approx(unseen().churned.mean())


def test_where_the_rule_serves_instead_its_chances_are_judged() -> None:
    outcome = drafted().outcome
    assert outcome is not None
    ruled = serving_rule(outcome, unseen(), "it is a test.")
    assert ruled.segments == unseen().calibration(outcome.best_rule)


def test_the_top_value_tier_is_a_fifth_of_each_origin_not_of_all() -> None:
    here = unseen()
    for origin in np.unique(here.rows.origin):
        there = here.rows.origin == origin
        top = there & here.segments[Segment.TOP_VALUE_TIER]
        assert top.sum() == int(0.2 * there.sum())
        assert here.reference[top].min() >= here.reference[there & ~top].max()


def test_forecasts_since_an_origin_keep_their_circles() -> None:
    here = unseen()
    newest = here.origins[-1]
    since = here.since(newest)
    assert since is not None
    late = here.rows.origin == here.rows.origin.max()
    assert all(np.array_equal(since.segments[circle], here.segments[circle][late]) for circle in Segment)


def test_its_json_holds_the_figures_and_their_sentence() -> None:
    newcomers = SegmentCalibration(Segment.NEWCOMERS, 60, 50, Calibration(0.25, 0.2, 0.05, 0.04))
    assert json.dumps(newcomers.record()) == (
        '{"circle": "newcomers", "forecasts": 60, "customers": 50, "calibration": {"predicted": 0.25, "observed": 0.2, '
        '"error": 0.05, "perfect_error": 0.04}, "sentence": "25.0% were expected to stop, 20.0% did"}'
    )
