"""Members: contributions add up, records come back to the bit, rules are monotone, fits repeat to the bit."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from features.clock import AsOf
from models.calibration import UNTRIED, Calibrator, Sigmoid
from models.members import AnyMember, Linear
from models.operational_time import CALENDAR
from models.probability import Probability
from models.records import read_record
from tests.model.world import world
from training.dataset.folds import Fold
from training.fitting.blend import fit_blend
from training.fitting.candidates import BLEND, CANDIDATES, BlendRecipe
from training.fitting.fit import FitTask, NotFitted, fit_member
from training.fitting.learner import churned
from training.fitting.member_forecasts import MemberForecasts, forecasts_of

NAMES = ["recency", "low frequency", *(member.name for member in BLEND.members)]


def task_at(at: AsOf) -> FitTask:
    here = world()
    fold = here.origins.fold(at)
    assert isinstance(fold, Fold)
    return FitTask(here.rows, here.origins, fold, churned)


def blended(past: list[MemberForecasts], at: AsOf | None = None) -> Probability:
    here = world()
    everybody = here.now if at is None else here.rows.at([at]).snapshot
    task = task_at(at or here.origins.until)
    found = fit_blend(BLEND, task, everybody=everybody, time=CALENDAR, past=past, seed=1)
    assert isinstance(found, Probability)
    return found


def fitted() -> dict[str, AnyMember]:
    members: dict[str, AnyMember] = {}
    for candidate in CANDIDATES:
        if not isinstance(candidate.recipe, BlendRecipe):
            member = fit_member(candidate.name, candidate.recipe, task_at(world().origins.until), 1)
            assert not isinstance(member, NotFitted)
            members[candidate.name] = member
    return members | {member.name: member for member in blended([]).members}


@pytest.fixture(scope="module")
def members() -> dict[str, AnyMember]:
    return fitted()


@pytest.mark.parametrize("name", NAMES)
def test_contributions_add_up_to_the_log_odds(members: dict[str, AnyMember], name: str) -> None:
    member, rows = members[name], world().rows.snapshot
    parts = member.contributions(rows)
    assert parts.shape == (len(rows), len(member.features) + 1)
    assert parts.sum(axis=1) == pytest.approx(member.log_odds(rows), abs=1e-9)


def test_contributions_of_a_blend_add_up_before_calibration(members: dict[str, AnyMember]) -> None:
    rows = world().rows.snapshot
    all_of_them = tuple(members[member.name] for member in BLEND.members)
    blend = Probability(all_of_them, (0.5, 0.3, 0.4, 0.2), Calibrator(Sigmoid(1, 2), UNTRIED))
    assert blend.contributions(rows).sum(axis=1) == pytest.approx(blend.log_odds(rows), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_member_comes_back_from_its_record_to_the_bit(members: dict[str, AnyMember], name: str) -> None:
    member, rows = members[name], world().rows.snapshot
    again = read_record(type(member), json.loads(json.dumps(asdict(member))))
    assert np.array_equal(again.log_odds(rows), member.log_odds(rows), equal_nan=True)


def test_two_fits_with_one_seed_are_the_same_to_the_bit(members: dict[str, AnyMember]) -> None:
    rows = world().rows.snapshot
    again = fitted()
    for name in NAMES:
        assert np.array_equal(members[name].log_odds(rows), again[name].log_odds(rows), equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_customer_scored_alone_gets_the_bits_it_gets_among_others(members: dict[str, AnyMember], name: str) -> None:
    rows = world().now
    together = members[name].log_odds(rows)
    for place in range(0, len(rows), 17):
        alone = rows.where(np.arange(len(rows)) == place)
        assert np.array_equal(members[name].log_odds(alone), together[place : place + 1], equal_nan=True)


@pytest.mark.parametrize(("name", "sign"), [("recency", 1), ("low frequency", -1)])
def test_a_rule_is_monotone_in_its_one_feature(members: dict[str, AnyMember], name: str, sign: int) -> None:
    rule = members[name]
    assert isinstance(rule, Linear)
    [term] = rule.terms
    assert np.sign(term.coefficient) == sign


def test_without_past_forecasts_a_blend_has_the_stated_weights_and_is_not_calibrated(
    members: dict[str, AnyMember],
) -> None:
    blend = blended([])
    assert [member.name for member in blend.members] == [member.name for member in BLEND.members]
    assert blend.calibrator.curve == Sigmoid(0.0, 1.0)
    for recipe, weight in zip(BLEND.members, blend.weights, strict=True):
        low, high = sorted((recipe.weight_of_few, recipe.weight_of_many))
        assert low < weight < high


def test_a_member_that_knew_what_came_gets_more_weight_and_one_that_had_it_wrong_gets_none() -> None:
    here = world()
    past = []
    for origin in here.origins.spaced[:4]:
        rows = here.rows.active_at([origin])
        told = forecasts_of([blended([], at=here.origins.spaced[0])], origin, rows)
        right = np.where(rows.labels.churned, 1.0, -1.0)
        past.append(replace(told, log_odds=told.log_odds | {"trees": right, "curves": -right}))
    stated, found = (
        {m.name: w for m, w in zip(b.members, b.weights, strict=True)} for b in (blended([]), blended(past))
    )
    assert found["trees"] > 3 * stated["trees"]
    assert found["curves"] == 0


def test_past_forecasts_are_held_against_their_own_customers_in_whatever_order_they_stand() -> None:
    here = world()
    origin = here.origins.spaced[1]
    told = forecasts_of([blended([])], origin, here.rows.active_at([origin]))
    some = np.arange(len(told.customers)) % 3 > 0
    fewer = replace(
        told,
        customers=told.customers[some],
        log_odds={name: each[some] for name, each in told.log_odds.items()},
    )
    whole, part = blended([told]), blended([fewer])
    assert whole.weights != part.weights
    assert part.weights == pytest.approx(whole.weights, abs=0.2)
