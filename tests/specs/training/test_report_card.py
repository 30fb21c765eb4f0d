"""How a night's lists did once their window has closed: on who was left alone, the called told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from features.home import Home
from features.ledger.ledger import Ledger
from features.ledger.store.database import Store, open_store
from models.findings import FindingKind, add, finding_of
from models.published_forecasts import RUNS, ForecastRun, keep_forecasts, runs_with_forecasts
from tests.text_tables import POLICY, at, ledger
from training.monitoring.grading import closed_runs, first_close, report_card, ungraded_runs
from training.monitoring.report_card import ReportCard

H = 30
LISTED, CLOSES = date(2026, 2, 1), "2026-03-03"


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with open_store(home) as found:
        yield found


def publish(store: Store, day: date, customers: Mapping[str, float], *, listed: tuple[str, ...] = ()) -> None:
    """A run of a day: the chance of each customer, a value at risk of ten times that, and who stands on the list."""
    as_of = datetime(day.year, day.month, day.day, tzinfo=UTC)
    made = {"as_of": as_of, "as_of_day": day, "made_at": as_of, "model_version": "lightgbm 3", "currency": "EUR"}
    made |= {"bundle_digest": "b", "ledger_digest": "l", "policy_digest": "p", "horizon_days": H, "made_up": False}
    scores = [
        {"customer_id": name, "population": "active", "churn_probability": chance, "reference_sales": 100.0}
        | {"value_at_risk": 10 * chance}
        for name, chance in customers.items()
    ]
    with store.writing() as connection:
        run_id = connection.execute(insert(RUNS).returning(RUNS.c.run_id), made).scalar_one()
        keep_forecasts(connection, run_id, scores, {name: rank for rank, name in enumerate(listed, start=1)})


def names(letter: str, count: int) -> list[str]:
    return [f"{letter}{number:02d}" for number in range(count)]


def world(orders: Mapping[str, list[str]], calls: str | None = None) -> Ledger:
    lines = [f"{name} | {day} | 10" for name, days in orders.items() for day in days]
    drawn = "\n".join(["customer_id | ordered_at | amount", *lines, "z | 2026-03-30 | 1"])
    return ledger(drawn, **({} if calls is None else {"calls": calls}))


ALONE, HELD, CALLED = names("a", 50), names("h", 4), names("c", 10)
BEFORE, WITHIN = "2026-01-10", "2026-02-10"
# of those left alone 20 stop, of those held out 3, of the called 2
STOPS = {*ALONE[:20], *HELD[:3], *CALLED[:2]}
ORDERS = {name: [BEFORE] if name in STOPS else [BEFORE, WITHIN] for name in (*ALONE, *HELD, *CALLED)}
CALLS = "\n".join(
    [
        "customer_id | called_at | listed_on | arm | arm_probability",
        *(f"{name} | 2026-02-03 | 2026-02-01 | held_out | 0.25" for name in HELD),
        *(f"{name} | 2026-02-03 | 2026-02-01 | called | 0.75" for name in CALLED),
    ]
)
CHANCES = dict.fromkeys(ALONE, 0.4) | dict.fromkeys(HELD, 0.6) | dict.fromkeys(CALLED, 0.7)


def card_of(store: Store, here: Ledger, *, until: str = "2026-04-01") -> ReportCard:
    return report_card(store, newest_closed(store, here, until), here, until=at(until), policy=POLICY)


def newest_closed(store: Store, here: Ledger, until: str) -> ForecastRun:
    return closed_runs(store, here, at(until))[-1]


def test_only_who_was_left_alone_is_judged_and_the_held_out_stand_for_the_called(store: Store) -> None:
    publish(store, LISTED, CHANCES, listed=(*HELD, *CALLED))
    card = card_of(store, world(ORDERS, CALLS))
    assert (card.left_alone, card.held_out, card.listed_unrecorded) == (50, 4, 0)
    assert card.figures is not None
    assert card.figures.expected == pytest.approx((50 * 0.4 + 4 / 0.25 * 0.6) / (50 + 4 / 0.25))
    assert card.figures.seen == pytest.approx((20 + 3 / 0.25) / (50 + 4 / 0.25))
    # 14 lines: the held out come first, each for four; 14 of those 16 fit, 12 of them stopped
    assert (card.figures.lines, card.figures.precision) == (14, pytest.approx(12 / 14))
    assert 0 <= card.figures.calibration_error <= 1
    assert card.figures.auc is not None
    assert card.figures.money_found is not None


def test_the_called_are_told_apart_as_what_was_promised_and_what_was_seen(store: Store) -> None:
    publish(store, LISTED, CHANCES, listed=(*HELD, *CALLED))
    card = card_of(store, world(ORDERS, CALLS))
    assert card.called is not None
    assert (card.called.customers, card.called.expected, card.called.seen) == (10, pytest.approx(0.7), 2 / 10)
    assert "Of the 10 customers called, 70% were expected to stop without a call, and 20% did." in card.sentence


def test_under_fifty_outcomes_it_is_not_gradeable_and_the_called_are_still_told(store: Store) -> None:
    publish(store, LISTED, {name: chance for name, chance in CHANCES.items() if name not in ALONE[:5]})
    card = card_of(store, world(ORDERS, CALLS))
    assert not card.is_gradeable
    assert "not gradeable: only 49 customers were left without a call, and 50 are needed" in card.sentence
    assert card.called is not None


def test_a_list_whose_window_has_not_closed_by_day_or_ledger_is_not_graded(store: Store) -> None:
    publish(store, LISTED, CHANCES)
    here = world(ORDERS)
    assert first_close(store) == date(2026, 3, 3)
    assert closed_runs(store, here, at("2026-03-02")) == ()
    assert [run.as_of_day for run in closed_runs(store, here, at(CLOSES))] == [LISTED]
    ended = ledger("customer_id | ordered_at | amount\na00 | 2026-01-10 | 1\na00 | 2026-03-01 | 1")
    assert closed_runs(store, ended, at("2026-06-01")) == ()


def test_each_run_is_graded_once_and_of_one_day_the_newest(store: Store) -> None:
    publish(store, LISTED, CHANCES)
    publish(store, LISTED, CHANCES)
    here, until = world(ORDERS), at("2026-04-01")
    [run] = ungraded_runs(store, here, until)
    assert run == runs_with_forecasts(store)[-1]
    card = report_card(store, run, here, until=until, policy=POLICY)
    add(store, finding_of(FindingKind.REPORT_CARD, card, here, as_of=until, made_at=datetime(2026, 4, 1, tzinfo=UTC)))
    assert ungraded_runs(store, here, until) == ()


def test_lead_time_is_from_the_first_listing_to_the_last_order(store: Store) -> None:
    # a00 was listed on 5 January and ordered last on the 10th; a01 was listed on 1 February, 22 days after its last
    publish(store, date(2026, 1, 5), CHANCES, listed=("a00",))
    publish(store, LISTED, CHANCES, listed=("a00", "a01", "a49"))
    assert card_of(store, world(ORDERS)).lead_days == pytest.approx((5 + -22) / 2)


def test_a_listed_customer_without_a_call_on_record_counts_as_left_alone_and_is_said(store: Store) -> None:
    publish(store, LISTED, CHANCES, listed=("a00", "a01"))
    card = card_of(store, world(ORDERS, CALLS))
    assert card.listed_unrecorded == 2
    assert "2 of them stood on a list without a call or an arm in the ledger" in card.sentence


def test_a_call_known_only_after_the_as_of_changes_nothing(store: Store) -> None:
    publish(store, LISTED, CHANCES)
    late = "customer_id | called_at | arm | known_at\na00 | 2026-02-03 | called | 2026-05-01"
    assert card_of(store, world(ORDERS, late)).called is None
    known = card_of(store, world(ORDERS | {"y": ["2026-06-01"]}, late), until="2026-06-01")
    assert known.called is not None
    assert known.called.customers == 1


def test_a_card_says_the_same_as_json(store: Store) -> None:
    publish(store, LISTED, CHANCES)
    card = card_of(store, world(ORDERS, CALLS))
    record = card.record()
    assert record["gradeable"] is True
    assert record["figures"] == asdict(card)["figures"]
    assert (record["listed_on"], record["closed_on"]) == ("2026-02-01", CLOSES)


def test_only_active_customers_with_a_chance_have_forecasts_kept(store: Store) -> None:
    publish(store, LISTED, {})
    publish(store, date(2026, 2, 2), {"a": 0.5})
    assert [run.as_of_day for run in runs_with_forecasts(store)] == [date(2026, 2, 2)]
