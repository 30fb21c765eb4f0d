"""Members: contributions add up, records come back to the bit, rules are monotone, fits repeat to the bit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.boosted import LightGbm
from models.calibration import Calibrator, Sigmoid
from models.members import AnyMember, Linear, member_of
from models.probability import Probability
from tests.model.world import world
from training.candidates import CANDIDATES, Candidate
from training.fit import Lesson, TooFew, fit_member
from training.learn import churned


def fitted(candidate: Candidate, seed: int = 1) -> AnyMember:
    here = world()
    fold = here.origins.fold(here.origins.until)
    assert fold is not None
    member = fit_member(candidate.name, candidate.recipe, Lesson(here.rows, here.origins, fold, churned), seed)
    assert not isinstance(member, TooFew)
    return member


@pytest.fixture(scope="module")
def members() -> dict[str, AnyMember]:
    return {candidate.name: fitted(candidate) for candidate in CANDIDATES}


@pytest.mark.parametrize("name", [candidate.name for candidate in CANDIDATES])
def test_contributions_add_up_to_the_log_odds(members: dict[str, AnyMember], name: str) -> None:
    member, rows = members[name], world().rows.snapshot
    parts = member.contributions(rows)
    assert parts.shape == (len(rows), len(member.features) + 1)
    assert parts.sum(axis=1) == pytest.approx(member.log_odds(rows), abs=1e-9)


def test_contributions_of_a_blend_add_up_before_calibration(members: dict[str, AnyMember]) -> None:
    rows = world().rows.snapshot
    three = (members["lightgbm"], members["rfm logistic"], members["bg/nbd"])
    blend = Probability(three, (0.5, 0.3, 0.2), Calibrator(Sigmoid(1, 2)))
    assert blend.contributions(rows).sum(axis=1) == pytest.approx(blend.log_odds(rows), abs=1e-9)


@pytest.mark.parametrize("name", [candidate.name for candidate in CANDIDATES])
def test_a_member_comes_back_from_its_record_to_the_bit(members: dict[str, AnyMember], name: str) -> None:
    member, rows = members[name], world().rows.snapshot
    text = member.text if isinstance(member, LightGbm) else None
    again = member_of(json.loads(json.dumps(member.record())), text)
    assert np.array_equal(again.log_odds(rows), member.log_odds(rows), equal_nan=True)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_two_fits_with_one_seed_are_the_same_to_the_bit(members: dict[str, AnyMember], candidate: Candidate) -> None:
    rows = world().rows.snapshot
    first = members[candidate.name].log_odds(rows)
    assert np.array_equal(first, fitted(candidate).log_odds(rows), equal_nan=True)


@pytest.mark.parametrize("name", [candidate.name for candidate in CANDIDATES])
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
