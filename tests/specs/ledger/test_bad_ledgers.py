"""Ledgers that nothing can be learned from: each is told in one sentence with a hint, and a rule serves by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np
import pytest

from features.ledger.ledger import Ledger
from tests.text_tables import POLICY, at, ledger
from training.dataset.scope import scope_of
from training.selection.build import TrainedModel, train_model

BEGIN, END = date(2024, 1, 1), date(2025, 12, 31)

Days = Callable[[int], Iterable[date]]


pytestmark = pytest.mark.slow


def ordering(days_of: Days, *, until: date = END, customers: int = 40) -> Ledger:
    """Customers with their order days up to ``until``; a stranger's order is the ledger's last row."""
    lines = [f"c{place:02d} | {day} | 10" for place in range(customers) for day in days_of(place) if day <= until]
    return ledger("\n".join(["customer_id | ordered_at | amount", *lines, f"stranger | {END} | 10"]))


def every(days: int) -> Days:
    count = (END - BEGIN).days // days + 1
    return lambda place: [BEGIN + timedelta(days=place % days + days * each) for each in range(count)]


def made(world: Ledger, *, horizon_days: int = 60, until: str = "2026-01-01") -> TrainedModel:
    frame = scope_of(world, POLICY, until=at(until), horizon_days=horizon_days, active_days=horizon_days)
    return train_model(world, frame, POLICY, seed=1, progress=lambda _step, _share: None)


def test_where_nobody_stopped_there_is_no_chance_to_learn() -> None:
    found = made(ordering(every(20))).winner  # and so is a horizon of 60 days longer than any gap
    assert found.churn is None
    assert "nearly everybody or nearly nobody stopped" in found.sentence
    assert "--horizon-days" in found.sentence


def test_where_everybody_stopped_there_is_no_chance_to_learn() -> None:
    found = made(ordering(every(20), until=date(2025, 10, 15))).winner
    assert found.churn is None or found.is_rule
    assert "too few of one outcome" in found.sentence


def test_a_cohort_that_lapsed_long_ago_has_nobody_to_forecast() -> None:
    found = made(ordering(every(20), until=date(2024, 6, 30))).winner
    assert found.churn is None
    assert "are too few to learn chances from: 10 are needed. Load more customers." in found.sentence


def test_a_history_shorter_than_two_horizons_says_how_much_is_missing() -> None:
    found = made(ordering(every(20)), horizon_days=400).winner
    assert found.churn is None
    assert "The ledger holds 731 days before 2026-01-01; a first closed window needs 800." in found.sentence
    assert "Load more history, or choose a shorter horizon (--horizon-days)." in found.sentence


def test_features_that_are_constant_or_missing_for_all_stop_nothing() -> None:
    chance = np.random.default_rng(1)
    stops = [BEGIN + timedelta(days=int(chance.integers(60, 600))) for _ in range(80)]
    monthly = ordering(lambda place: [day for day in every(30)(place) if day < stops[place]], customers=80)
    found = made(monthly, until="2024-10-01").winner
    assert found.churn is not None and found.unseen is not None
    assert np.isfinite(found.churn.chance(found.unseen.rows.snapshot)).all()
