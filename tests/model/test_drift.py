"""Whether the world moved away from what a model learned, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from functools import cache

import numpy as np
import pytest

from benchmarks.accuracy.calls_halve_risk import CallingCompany
from benchmarks.accuracy.drift_alarms import bundle_at
from features.catalog import CATALOG, MODEL_FEATURES
from features.clock import AsOf
from features.ledger.ledger import Ledger
from models.bundle import Bundle
from models.feature_distributions import FeatureDistribution, TrainingDistribution
from models.records import read_record
from tests.text_tables import POLICY
from training.monitoring.data_arrival import StoppedFeed
from training.monitoring.drift import BaseRate, Drift
from training.monitoring.drift_detection import look_for_drift
from training.monitoring.feature_drift import FeatureDrift, kind_of, looks_back_days, only_grows, stability_index

QUIET = BaseRate(date(2026, 1, 1), date(2026, 4, 1), 400, expected=0.30, seen=0.32, allowed=0.05, last_year=0.01)
NOTHING = Drift(date(2026, 4, 1), "line 1", shifts=(), base_rate=QUIET, stopped=(), missing=())
CONTACTS = StoppedFeed("contacts", date(2026, 2, 3), per_week=40.0, longest_gap_days=2)


def shift(feature: str, kind: str) -> FeatureDrift:
    return FeatureDrift(feature, kind, feature, 0.5, 0.6, unknown=0.0, unknown_then=0.0, is_higher=True)


def test_its_json_holds_days_as_text_and_the_figures_of_what_moved() -> None:
    drift = replace(NOTHING, stopped=(CONTACTS,), shifts=(shift("net_sales_90_days", "orders"),))
    record = json.loads(json.dumps(drift.record()))
    assert record["shifts"] == [asdict(shift("net_sales_90_days", "orders"))]
    assert record["stopped"] == [
        {"kind": "contacts", "last_on": "2026-02-03", "per_week": 40.0, "longest_gap_days": 2},
    ]
    assert json.dumps(record["base_rate"]) == (
        '{"begins_on": "2026-01-01", "closed_on": "2026-04-01", "customers": 400, "expected": 0.3, "seen": 0.32, '
        '"allowed": 0.05, "last_year": 0.01, "moved": false, "season": true}'
    )


def test_where_nothing_moved_it_says_so() -> None:
    assert not NOTHING.is_alarm
    assert NOTHING.sentence == "No drift as of 2026-04-01: customers look and order as when line 1 was trained."


def test_a_kind_that_stopped_is_named_and_stands_for_all_its_features() -> None:
    drift = replace(NOTHING, stopped=(CONTACTS,), shifts=(shift("contacts_30_days", "contacts"),))
    assert drift.is_alarm
    assert drift.causes == ("contacts stopped arriving after 2026-02-03; before that, 40 came in a week",)


def test_a_base_rate_that_moved_names_what_else_moved_as_its_likely_cause() -> None:
    moved = replace(NOTHING, base_rate=replace(QUIET, seen=0.42), shifts=(shift("net_sales_90_days", "orders"),))
    assert moved.sentence == (
        "Drift as of 2026-04-01. From 2026-01-01 to 2026-04-01 42% of the customers nobody called ordered no more, "
        "where line 1 expects 30%. Likely cause: orders: 'net_sales_90_days' is higher than it was."
    )


def test_the_same_weeks_of_last_year_off_alike_are_season_and_no_alarm() -> None:
    season = replace(QUIET, seen=0.42, last_year=0.10)
    assert not replace(NOTHING, base_rate=season).is_alarm
    assert "may be the season" in replace(NOTHING, base_rate=replace(season, last_year=None)).sentence
    assert "not the season" in replace(NOTHING, base_rate=replace(season, last_year=0.0)).sentence


def test_one_missing_day_is_no_alarm_and_a_gap_is() -> None:
    days = tuple(date(2026, 3, day) for day in (9, 10, 11))
    assert not replace(NOTHING, missing=days[:1]).is_alarm
    assert replace(NOTHING, missing=days).causes == ("missing ledger days: 3 from 2026-03-09 to 2026-03-11",)


def test_without_the_same_weeks_of_last_year_it_says_that_shifts_cannot_be_seen() -> None:
    assert "It is unknown whether" in replace(NOTHING, shifts=None).sentence


@pytest.mark.parametrize(
    ("feature", "days"),
    {
        "order_days_90_days": 90,
        "order_days_365_days": 365,
        "days_since_last_order": 365,
        "days_since_last_contact": 730,
        "contacts_30_days": 30,
        "gap_last_year_days": 365 + 365,
    }.items(),
)
def test_a_feature_is_watched_once_the_ledger_holds_all_it_looks_back_over(feature: str, days: int) -> None:
    [expression] = [each.expression for each in CATALOG if each.name == feature]
    assert looks_back_days(expression) == days


def test_a_stability_index_shows_its_sum() -> None:
    found = stability_index(np.array([0.5, 0.5]), np.array([0.25, 0.75]), 1000)
    assert found == pytest.approx((0.5 - 0.25) * np.log(0.5 / 0.25) + (0.5 - 0.75) * np.log(0.5 / 0.75))


def test_customers_are_spread_over_the_steps_of_a_feature_and_the_unknown_beside_them() -> None:
    steps = FeatureDistribution((10.0, 20.0), (0.0, 0.0, 0.0, 0.0))
    values, weight = np.array([9.0, 10.0, 25.0, np.nan]), np.array([1.0, 1.0, 2.0, 4.0])
    assert steps.shares_of(values, weight).tolist() == [1 / 8, 1 / 8, 2 / 8, 4 / 8]


def test_every_feature_is_made_of_a_kind_of_rows() -> None:
    kinds = {"orders", "contacts", "complaints", "surveys", "payments", "customers", "events"}
    assert {kind_of(feature) for feature in MODEL_FEATURES} == kinds


def test_what_only_grows_with_age_is_not_watched() -> None:
    growing = {feature.name for feature in CATALOG if feature.learnable and only_grows(feature.expression)}
    assert growing >= {"days_since_first_order", "order_days_lifetime", "net_sales_lifetime", "products_lifetime"}
    assert not growing & {"days_since_last_order", "order_days_365_days", "due_gap_days", "complaints_open"}


def test_kinds_are_those_of_the_rows_behind_a_feature() -> None:
    assert kind_of("contacts_30_days") == kind_of("days_from_last_contact_to_last_order") == "contacts"
    assert kind_of("days_since_last_order") == "orders"


@cache
def called_company() -> tuple[Ledger, Ledger, Bundle, AsOf]:
    """A quarter in which half the customers were called: the ledger with the calls, that without, a model of before."""
    company = CallingCompany.founded(500, 3)
    bundle = bundle_at(company.ledger(), AsOf.of_day(company.today, POLICY.zone), active_days=180)
    called = np.arange(500) % 2 == 0
    company.calls = [(f"c{place:05d}", company.today, "called", 1.0) for place in np.flatnonzero(called)]
    company.live_through(called)
    with_calls = company.ledger()
    company.calls = []
    return with_calls, company.ledger(), bundle, AsOf.of_day(company.today, POLICY.zone)


def test_a_fall_of_risk_among_the_called_is_no_drift() -> None:
    with_calls, without, bundle, as_of = called_company()
    told, naive = (look_for_drift(ledger, bundle, as_of, POLICY).base_rate for ledger in (with_calls, without))
    assert told is not None and not told.has_moved
    assert naive is not None and naive.seen < told.seen - 0.04


def test_a_risk_that_rises_for_everybody_is_seen_in_the_newest_window() -> None:
    company = CallingCompany.founded(500, 3)
    bundle = bundle_at(company.ledger(), AsOf.of_day(company.today, POLICY.zone), active_days=180)
    company.fickle = company.fickle + 1.5
    company.live_through(np.zeros(500, dtype=np.bool_))
    drift = look_for_drift(company.ledger(), bundle, AsOf.of_day(company.today, POLICY.zone), POLICY)
    assert drift.base_rate is not None and drift.base_rate.off > 0.15
    assert drift.is_alarm
    assert "of the customers nobody called ordered no more" in drift.sentence


def test_usual_shares_come_back_from_their_record() -> None:
    usual = called_company()[2].usual_shares
    assert usual is not None
    assert read_record(TrainingDistribution, asdict(usual)) == usual
    assert all(sum(steps.shares) == pytest.approx(1, abs=1e-4) for steps in usual.features.values())
