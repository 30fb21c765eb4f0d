"""The contest: a model is served only where it proves better on windows nobody had seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.snapshot import take_snapshot
from models.members import chance_of, log_odds_of
from models.shortfall import ShortfallKind
from tests.model.world import HORIZON, context, drafted, world
from tests.text_tables import POLICY, at, ledger
from training.dataset.folds import origins_of
from training.dataset.training_set import training_set
from training.fitting.learner import TrainingContext
from training.metrics.bootstrap import interval_of_mean, resamples
from training.selection.contest import choose_shortfall, judge
from training.selection.out_of_sample import OutOfSample
from training.selection.winner import TooLittleToLearnError, choose_winner


def unseen() -> OutOfSample:
    found = drafted().unseen
    assert found is not None
    return found


def forecasting(**chances: np.ndarray[tuple[int], np.dtype[np.float64]]) -> OutOfSample:
    """The contest of the made-up company with some candidates' forecasts replaced."""
    here = unseen()
    told = {name.replace("_", " "): chance for name, chance in chances.items()}
    at_risk = {name: chance * here.reference for name, chance in told.items()}
    return replace(here, churn=here.churn | told, by_chance=here.by_chance | at_risk)


def test_a_model_that_knows_the_future_wins() -> None:
    churned = unseen().churned
    outcome = judge(forecasting(callfirst=np.where(churned, 0.9, 0.1)))
    assert outcome.served == "callfirst"
    assert outcome.improvement is not None
    assert outcome.improvement.is_above_zero


def test_a_model_no_better_than_the_rule_is_not_served() -> None:
    rule = unseen().churn["recency"]
    outcome = judge(forecasting(**dict.fromkeys(("callfirst", "low_frequency"), rule)))
    assert outcome.served in ("recency", "low frequency")
    assert "not better for sure" in outcome.sentence


def test_a_level_that_was_off_in_one_window_does_not_hide_who_tells_customers_apart() -> None:
    here = unseen()
    odd = here.rows.origin == here.rows.origin.max()
    off = chance_of(log_odds_of(np.where(here.churned, 0.65, 0.35)) + 3.0 * odd)
    outcome = judge(forecasting(callfirst=off))
    brier = {each.name: each.brier for each in outcome.figures}
    assert brier["callfirst"] > min(brier["recency"], brier["low frequency"])
    assert outcome.served == "callfirst"


def test_a_model_whose_level_is_off_date_after_date_is_not_served() -> None:
    here = unseen()
    far_off = chance_of(log_odds_of(np.where(here.churned, 0.6, 0.4)) + 3.0)
    outcome = judge(forecasting(callfirst=far_off))
    assert outcome.improvement is not None
    assert outcome.improvement.is_above_zero
    assert outcome.served != "callfirst"
    assert "too many or too few" in outcome.sentence


def test_a_model_with_better_chances_that_finds_less_money_is_not_served() -> None:
    here = unseen()
    hardly = np.where(here.churned, 0.52, 0.48)  # right on every customer, but value at risk stays nearly R
    large = here.reference >= np.quantile(here.reference, 0.7)
    share = np.clip(here.shortfall / np.maximum(here.reference, 1.0), 0.01, 0.99)
    wrong = np.where(here.churned, 0.3, 0.99)
    knows_large = np.where(large, share, wrong)  # finds all the money there is, and is wrong on everybody else
    worst = np.where(here.churned, 0.01, 0.99)
    judged = replace(forecasting(callfirst=hardly, recency=knows_large, low_frequency=worst), shares={})
    outcome = judge(judged)
    assert outcome.improvement is not None
    assert outcome.improvement.is_above_zero
    assert outcome.served == "recency"
    assert "less of the money" in outcome.sentence


def test_where_nothing_was_lost_the_better_chances_win_and_the_sentence_says_so() -> None:
    here = forecasting(callfirst=np.where(unseen().churned, 0.9, 0.1))
    outcome = judge(replace(here, reference=here.rows.labels.net_sales))  # everybody brings what was expected
    assert outcome.served == "callfirst"
    assert outcome.sentence.startswith("callfirst is served")


def test_a_learned_shortfall_is_told_unless_a_simple_one_finds_more_for_sure() -> None:
    here = unseen()
    useless = replace(here, shares={ShortfallKind.LEARNED: -here.shortfall})
    assert choose_shortfall(here, "recency")[0] is ShortfallKind.LEARNED
    assert choose_shortfall(useless, "recency")[0] is not ShortfallKind.LEARNED


def test_nothing_known_after_the_contest_origin_is_learned_from() -> None:
    here = world()
    fold = here.origins.fold(here.origins.spaced[1])
    assert fold is not None
    lines = here.ledger.order_lines
    assert isinstance(lines, pa.Table)
    was_known = pc.less(lines.column("visible_from"), pa.scalar(fold.at.naive, pa.timestamp("us")))
    then = replace(here.ledger, order_lines=lines.filter(was_known))
    late = pc.less(lines.column("ordered_at"), pa.scalar(fold.at.naive, pa.timestamp("us")))
    assert pc.sum(late).as_py() > pc.sum(was_known).as_py()  # some were booked late, so that the test can fail
    origins = replace(here.origins, close=here.origins.before(fold.at))
    past = training_set(then, replace(origins, until=fold.at), HORIZON, POLICY)
    rows = here.rows.active_at([fold.at]).snapshot
    now = take_snapshot(then, [fold.at], POLICY)
    now_told = context(here, 1).back_at(fold.at).learn(fold)
    then_told = TrainingContext(then, past, now, origins, POLICY, 1).learn(fold)
    assert now_told.reference == then_told.reference
    for name, model in now_told.churn.items():
        assert np.array_equal(model.chance(rows), then_told.churn[name].chance(rows))


def test_overlapping_windows_resample_customers_as_wholes() -> None:
    customer, origin = np.array([7, 7, 8, 8]), np.array([1, 2, 1, 2])
    for rows in resamples(customer, origin, overlapping=True, draws=20, seed=1):
        assert sorted(np.bincount(rows, minlength=4)[:2]) == sorted([np.sum(rows == 0)] * 2)
    for rows in resamples(customer, origin, overlapping=False, draws=20, seed=1):
        assert (np.sum(origin[rows] == 1), np.sum(origin[rows] == 2)) == (2, 2)


def test_the_interval_of_a_mean_holds_it() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 500)
    found = interval_of_mean(values, np.arange(500), np.ones(500, dtype=np.int64), overlapping=False, seed=1)
    assert found.low < values.mean() == found.estimate < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(500), rel=0.15)


def test_too_few_customers_are_refused_with_how_many_are_needed() -> None:
    lines = [f"c{n % 5} | 2025-{1 + n % 12:02}-{28 - n % 9} | 10" for n in range(60)]
    tiny = ledger("\n".join(["customer_id | ordered_at | amount", *lines]))
    origins = origins_of(at("2025-12-01"), 60, 60, starts_on=tiny.starts_on, zone=POLICY.zone)
    rows, now = training_set(tiny, origins, 60, POLICY), take_snapshot(tiny, [origins.until], POLICY)
    with pytest.raises(TooLittleToLearnError, match="30 are needed"):
        choose_winner(TrainingContext(tiny, rows, now, origins, POLICY, 1), active_days=60, step=lambda _step: None)


def test_one_closed_window_serves_a_calibrated_rule_and_says_what_a_contest_needs() -> None:
    here = world()
    origins = replace(here.origins, spaced=here.origins.spaced[:1], close=here.origins.close[:1])
    rows = here.rows.at(origins.close)
    found = choose_winner(
        TrainingContext(here.ledger, rows, here.now, origins, POLICY, 1), active_days=HORIZON, step=lambda _step: None
    )
    assert found.is_rule
    assert found.churn is not None
    assert "a contest needs 270 days" in found.sentence
    chance = found.churn.chance(rows.active_at(origins.close).snapshot)
    assert float(chance.mean()) == pytest.approx(rows.active_at(origins.close).labels.churned.mean(), abs=0.02)


def test_what_a_contest_needs_begins_with_the_longer_of_horizon_and_active_window() -> None:
    here = world()
    origins = replace(here.origins, spaced=here.origins.spaced[:1], close=here.origins.close[:1])
    one = TrainingContext(here.ledger, here.rows.at(origins.close), here.now, origins, POLICY, 1)
    found = choose_winner(one, active_days=200, step=lambda _step: None)
    assert f"a contest needs {200 + 2 * 90} days" in found.sentence


def test_where_only_the_newest_windows_show_who_stops_the_rule_is_not_said_to_lack_windows() -> None:
    days = [date(2024, 6, 1) + timedelta(days=20 * n) for n in range(29)]  # up to 2025-12-13
    lines = [f"c{c:02d} | {day} | 10" for c in range(40) for day in days if c >= 8 or day < date(2025, 9, 3)]
    stopped = ledger("\n".join(["customer_id | ordered_at | amount", *lines, "end | 2025-12-31 | 1"]))
    origins = origins_of(at("2026-01-01"), 60, 60, starts_on=stopped.starts_on, zone=POLICY.zone)
    rows, now = training_set(stopped, origins, 60, POLICY), take_snapshot(stopped, [origins.until], POLICY)
    found = choose_winner(
        TrainingContext(stopped, rows, now, origins, POLICY, 1), active_days=60, step=lambda _step: None
    )
    assert found.is_rule
    assert "too few of one outcome" in found.sentence
    assert "a contest needs" not in found.sentence


def test_the_snapshot_to_score_is_none_of_the_training_rows() -> None:
    here = world()
    assert here.now.as_ofs == (here.origins.until,)
    assert here.origins.until not in here.rows.snapshot.as_ofs
