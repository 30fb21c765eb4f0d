"""Which checks bear on a model, and who serves when one fails: what was made, the best rule, or the champion."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.bundle import Bundle
from tests.model.world import HORIZON, UNTIL, context, drafted, world
from tests.text_tables import POLICY, at
from training.checks.catalogue import CheckOutcome
from training.dataset.assignments import Assignments
from training.dataset.scope import scope_of
from training.metrics.bootstrap import Interval
from training.selection.build import TrainedModel, bundle_of
from training.selection.contest import FOUND_AT_LEAST
from training.selection.contest_gates import contest_checks
from training.selection.gates import MODEL_CHECKS, Bars, GateResult
from training.selection.out_of_sample import OutOfSample
from training.selection.promotion import Champion, Decision, decide
from training.selection.winner import Winner, rule_instead

TODAY = at(UNTIL)


@cache
def made() -> TrainedModel:
    here = world()
    scope = scope_of(here.ledger, POLICY, until=TODAY, horizon_days=HORIZON, active_days=HORIZON)
    return TrainedModel(scope, here.origins, context(here, 5), drafted())


def unseen() -> OutOfSample:
    found = drafted().unseen
    assert found is not None
    return found


def checks(**changes: Any) -> dict[str, GateResult]:
    """What the contest's checks say of the made-up company with some of its contest changed."""
    outcome = drafted().outcome
    assert outcome is not None
    found = contest_checks(context(world(), 5), replace(unseen(), **changes), outcome)
    return {each.check.code: each for each in found}


def forecasting(chance: np.ndarray[Any, Any]) -> dict[str, Any]:
    outcome = drafted().outcome
    assert outcome is not None and outcome.best_model is not None
    return {"churn": unseen().churn | {outcome.best_model: chance}}


def deciding(
    champion: Champion | None = None, *, winner: Winner | None = None, today: str = UNTIL, may_be_older: bool = False
) -> Decision:
    here = replace(made(), winner=winner or rule())
    return decide(here, champion, ledger=world().ledger, policy=POLICY, today=at(today), may_be_older=may_be_older)


@cache
def rule() -> Winner:
    return rule_instead(context(world(), 5), drafted(), active_days=HORIZON, why="it is a test.")


def bundle(winner: Winner) -> Bundle:
    return bundle_of(made(), winner, world().ledger, POLICY, number=1)


@cache
def model() -> Winner:
    """The draft with the best model, whether or not it won."""
    outcome = drafted().outcome
    assert outcome is not None and outcome.best_model is not None
    return replace(drafted(), name=outcome.best_model, is_rule=False, checks=())


def test_every_check_has_a_code_of_its_own_in_order() -> None:
    codes = [each.code for each in MODEL_CHECKS]
    assert codes == sorted(set(codes))
    assert codes[0] == "CF101"


def test_the_contest_answers_seven_checks_with_a_sentence_each() -> None:
    found = checks()
    assert set(found) == {"CF101", "CF102", "CF104", "CF105", "CF107", "CF109", "CF110"}
    assert all(each.sentence.endswith(".") for each in found.values())


def test_a_chance_that_is_off_by_ten_points_is_not_calibrated() -> None:
    mean = float(unseen().churned.mean())
    assert checks(**forecasting(np.full(len(unseen().rows), mean)))["CF104"].outcome is CheckOutcome.PASSED
    off = checks(**forecasting(np.full(len(unseen().rows), mean + 0.1)))["CF104"]
    assert off.failed
    assert off.sentence.startswith(f"{mean + 0.1:.1%} expected to stop, ")


def test_a_model_that_fails_at_one_origin_is_not_stable_though_its_mean_may_be() -> None:
    here = unseen()
    newest = here.rows.origin == here.rows.origin.max()
    right = np.where(here.churned, 0.9, 0.1)
    found = checks(**forecasting(np.where(newest, 1 - right, right)))["CF105"]
    assert found.failed
    assert "worse for sure at" in found.sentence


def test_an_origin_is_judged_with_who_was_held_out_standing_for_several() -> None:
    here = unseen()
    newest = here.rows.origin == here.rows.origin.max()
    right, second = np.where(here.churned, 0.9, 0.1), np.arange(len(here.rows)) % 2 == 0
    told = forecasting(np.where(newest & ~second, 1 - right, right))  # wrong on every other customer of the newest
    alone = np.zeros(len(here.rows), dtype=np.bool_)
    held_out = Assignments(alone, np.where(second, 0.02, 1.0))  # who was told right stands for 50
    assert checks(**told)["CF105"].failed
    assert not checks(**told, rows=replace(here.rows, assignments=held_out))["CF105"].failed


def test_a_column_of_contacts_that_says_all_alone_carries_the_model() -> None:
    here = unseen()
    table = here.rows.snapshot.table
    place = table.schema.get_field_index("contacts_by_customer_90_days")
    column = np.where(here.churned, 3, 0).astype(np.int64)
    told = table.set_column(place, table.schema.field(place).name, [column])
    rows = replace(here.rows, snapshot=replace(here.rows.snapshot, table=told))
    found = checks(rows=rows)["CF107"]
    assert found.failed
    assert "contacts_by_customer_90_days tells most alone: AUC 1.000" in found.sentence
    assert not checks()["CF107"].failed


def test_the_money_guard_allows_two_points_and_five_for_sure() -> None:
    assert FOUND_AT_LEAST.holds(Interval(-0.02, -0.05, 0.03))
    assert not FOUND_AT_LEAST.holds(Interval(-0.021, -0.04, 0.03))
    assert not FOUND_AT_LEAST.holds(Interval(0.01, -0.051, 0.03))
    assert FOUND_AT_LEAST.holds(Interval(math.nan, -math.inf, math.inf))  # nothing was lost


def test_without_a_champion_a_rule_is_put_into_service_by_its_name() -> None:
    found = deciding()
    assert found.stays is None
    assert found.sentence.startswith("The rule '")
    assert "There is no champion" in {each.check.code: each for each in found.checks}["CF103"].sentence


def test_a_rule_does_not_replace_a_model_but_another_rule() -> None:
    was_model, was_rule = Champion(bundle(model()), at("2025-06-01")), Champion(bundle(rule()), at("2025-06-01"))
    stays = deciding(was_model)
    assert stays.stays is was_model
    assert stays.sentence.startswith(
        f"The champion, {was_model.bundle.version}, stays. The new winner would be a rule."
    )
    assert deciding(was_rule).stays is None


def test_a_backtest_leaves_a_champion_of_a_later_day_in_service_unless_it_is_told_to_replace_it() -> None:
    champion = Champion(bundle(rule()), at("2026-02-01"))
    found = deciding(champion)
    assert found.stays is champion
    assert "It was trained as of 2026-02-01, this run as of 2026-01-01" in found.sentence
    assert "trained as of 2026-02-01" in {each.check.code: each for each in found.checks}["CF103"].sentence
    assert deciding(champion, may_be_older=True).stays is None


def test_a_champion_with_chances_stays_where_nothing_could_be_learned() -> None:
    from training.selection.winner import bare_rule

    champion = Champion(bundle(rule()), at("2025-06-01"))
    found = deciding(champion, winner=bare_rule(HORIZON, "Nobody stopped. Choose another horizon."))
    assert found.stays is champion
    assert found.sentence == f"The champion, {champion.bundle.version}, stays. Nobody stopped. Choose another horizon."


def test_a_ledger_that_stopped_over_a_month_ago_leaves_the_champion_in_service() -> None:
    champion = Champion(bundle(rule()), at("2025-06-01"))
    found = deciding(champion, today="2026-02-01")
    assert found.stays is champion
    assert (
        "CF108 failed. Its last row is of 2025-12-31, 31 days before 2026-02-01. Ingest the newer rows"
        in found.sentence
    )
    assert deciding(today="2026-02-01").stays is None
    assert deciding(champion, today="2026-01-31").stays is None


@pytest.mark.parametrize("bars", list(Bars))
def test_each_thing_a_check_can_bar_is_barred_by_one(bars: Bars) -> None:
    assert any(each.bars is bars for each in MODEL_CHECKS)


def test_a_model_is_compared_with_the_champion_on_windows_closed_since() -> None:
    oldest = unseen().origins[0]
    champion = Champion(bundle(rule()), oldest)
    found = {each.check.code: each for each in deciding(champion, winner=model()).checks}["CF103"]
    assert found.outcome is not CheckOutcome.NOT_APPLICABLE
    assert f"on {len(unseen().origins)} dates since it was made" in found.sentence
    late = {each.check.code: each for each in deciding(Champion(bundle(rule()), TODAY), winner=model()).checks}["CF103"]
    assert late.outcome is CheckOutcome.NOT_APPLICABLE
    assert "No window has closed since" in late.sentence
