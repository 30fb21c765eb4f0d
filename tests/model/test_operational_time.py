"""The season of orders: estimated at its true size; growth, loss and slowing down are no season."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.snapshot import Snapshot, take_snapshot
from models.btyd import BtydModel, Parameters
from models.members import Btyd, chance_of
from models.operational_time import CALENDAR, OperationalTime
from models.records import read_record
from tests.text_tables import POLICY, at
from training.fitting.operational_time import operational_time

STARTS_ON = date(2023, 1, 1)
HORIZON = 60
Pace = Callable[[date], float]
MOST_PACE = 2.5


def autumn(day: date) -> float:
    return 2.0 if day.month in (9, 10, 11) else 0.5 if day.month in (1, 2) else 0.8


def even(_day: date) -> float:
    return 1.0


def orders(pace: Pace, *, days: int, slowing: float = 0.0, seed: int = 1) -> pa.Table:
    """900 customers that come and go, each at a rate of its own times the pace of the day; some slow down."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[str, str]] = []
    for number in range(900):
        at_day, rate = chance.uniform(-200, 0.8 * days), chance.gamma(2.0, 1 / 30)
        begin, leaves = max(at_day, 0.0), max(at_day, 0.0) + chance.exponential(500)
        at_day = begin
        while (at_day := at_day + chance.exponential(1 / (MOST_PACE * rate))) < min(leaves, days):
            day = STARTS_ON + timedelta(days=int(at_day))
            if chance.random() < pace(day) / MOST_PACE * np.exp(-slowing * (at_day - begin) / 365):
                rows.append((f"c{number}", str(day)))
    ids, days_of = zip(*rows, strict=True)
    return pa.table({"customer_id": ids, "ordered_at": days_of, "amount": ["10"] * len(rows)})


def time_known_at(lines: pa.Table, on: str) -> OperationalTime:
    ledger: Ledger = ledger_of(lines, None, POLICY, currency="EUR", history=True)
    return operational_time(ledger, take_snapshot(ledger, [at(on)], POLICY), at(on), HORIZON)


def pace_between(time: OperationalTime, begins: str, ends: str) -> float:
    """Operational days per day between two dates."""
    first, last = (np.array([at(day).days]) for day in (begins, ends))
    return float(time.between(first, last)[0] / (last - first)[0])


@pytest.fixture(scope="module")
def two_years() -> pa.Table:
    return orders(autumn, days=730)


def test_a_season_is_found_in_its_true_size_and_expected_again(two_years: pa.Table) -> None:
    time = time_known_at(two_years, "2024-12-31")
    usual = pace_between(time, "2024-04-01", "2024-08-01")
    for year in (2023, 2024, 2025):  # the last one is still to come
        assert pace_between(time, f"{year}-09-10", f"{year}-11-20") / usual == pytest.approx(2.0 / 0.8, rel=0.15)
    assert pace_between(time, "2025-01-10", "2025-02-20") / usual == pytest.approx(0.5 / 0.8, rel=0.2)


def test_days_known_so_far_are_worth_a_day_on_average(two_years: pa.Table) -> None:
    time = time_known_at(two_years, "2024-12-31")
    assert pace_between(time, "2023-01-01", "2024-12-31") == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("slowing", [0.0, 1.0])
def test_growth_loss_and_slowing_down_are_no_season(slowing: float) -> None:
    assert time_known_at(orders(even, days=730, slowing=slowing), "2024-12-31") == CALENDAR


def test_under_a_year_of_orders_the_calendar_is_taken(two_years: pa.Table) -> None:
    assert time_known_at(two_years, "2023-12-15") == CALENDAR


def test_later_orders_change_nothing(two_years: pa.Table) -> None:
    earlier_rows = two_years.filter(pc.less(two_years.column("ordered_at"), "2024-06-01"))
    assert time_known_at(two_years, "2024-06-01") == time_known_at(earlier_rows, "2024-06-01")


def test_nobody_with_three_order_days_shows_a_season() -> None:
    two_each = pa.table(
        {
            "customer_id": [f"c{number // 2}" for number in range(80)],
            "ordered_at": [str(STARTS_ON + timedelta(days=5 * number)) for number in range(80)],
            "amount": ["10"] * 80,
        }
    )
    assert time_known_at(two_each, "2024-12-31") == CALENDAR


def test_beyond_its_ends_a_day_is_worth_a_day() -> None:
    time = OperationalTime((0.0, 10.0, 20.0), (0.0, 5.0, 20.0))
    assert time.at(np.array([-3.0, 4.0, 15.0, 22.0])).tolist() == [-3.0, 2.0, 12.5, 22.0]
    assert read_record(OperationalTime, asdict(time)) == time
    assert CALENDAR.at(np.array([7.5])).tolist() == [7.5]


def test_silence_over_a_dead_season_counts_by_its_operational_days() -> None:
    # 1970-01-01 + 0..300 days at a day's worth, then 100 days worth 50, then 100 days worth 200
    time = OperationalTime((0.0, 300.0, 400.0, 500.0), (0.0, 300.0, 350.0, 550.0))
    p = Parameters(0.8, 5.0, 0.9, 3.0)
    seasonal = Btyd("btyd", BtydModel.BG_NBD, p, horizon_days=100, usual=(3.0, 30.0, 200.0), time=time)
    plain = Btyd("btyd", BtydModel.BG_NBD, p, horizon_days=200, usual=(3.0, 30.0, 200.0))
    assert chance_of(seasonal.log_odds(row(silence=100, tenure=300))) == pytest.approx(
        chance_of(plain.log_odds(row(silence=50, tenure=250)))
    )
    parts = seasonal.contributions(row(silence=100, tenure=300))
    assert parts.sum() == pytest.approx(float(seasonal.log_odds(row(silence=100, tenure=300))[0]))


def row(*, silence: int, tenure: int) -> Snapshot:
    """A customer with six order days, on the 400th day since 1970."""
    table = pa.table(
        {
            "as_of": pa.array([datetime(1970, 1, 1) + timedelta(days=400)], pa.timestamp("us")),
            "customer_id": ["a"],
            "order_days_lifetime": [6],
            "days_since_last_order": [silence],
            "days_since_first_order": [tenure],
        }
    )
    return Snapshot(table, (), "", "", "")
