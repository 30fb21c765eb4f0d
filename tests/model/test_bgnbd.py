"""BG/NBD: the published parameters, known parameters recovered, and the chance against a simulation."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from features.snapshot import Floats, Snapshot
from models.members import BgNbd, chance_of
from tests.cdnow import cdnow_sample
from training.bgnbd import Parameters, fit_parameters


def customers(order_days: list[int], silence: list[int], tenure: list[int]) -> Snapshot:
    table = pa.table(
        {
            "as_of": pa.array([datetime(2026, 1, 1)] * len(tenure), pa.timestamp("us")),
            "customer_id": [str(number) for number in range(len(tenure))],
            "order_days_lifetime": order_days,
            "days_since_last_order": silence,
            "days_since_first_order": tenure,
        }
    )
    return Snapshot(table, (), "", "", "")


def simulated(p: Parameters, count: int, weeks: float, horizon: float, seed: int) -> tuple[Floats, ...]:
    """Repeat orders, last order within ``weeks``, and whether one follows in the horizon: the model's own story."""
    chance = np.random.default_rng(seed)
    repeats, last, later = np.zeros(count), np.zeros(count), np.zeros(count)
    for one in range(count):
        rate, leaves, at = chance.gamma(p.r, 1 / p.alpha), chance.beta(p.a, p.b), 0.0
        while True:
            at += chance.exponential(1 / rate)
            if at > weeks + horizon:
                break
            if at > weeks:
                later[one] = 1
                break
            repeats[one] += 1
            last[one] = at
            if chance.random() < leaves:
                break
    return repeats, last, later


def test_the_published_values_of_the_cdnow_sample_are_found() -> None:
    # Fader, Hardie & Lee 2005, table 2: 2,357 customers over 39 weeks
    first: dict[str, date] = {}
    days: dict[str, set[date]] = {}
    for line in cdnow_sample().read_text().splitlines():
        _, customer, day, *_ = line.split()
        on = date.fromisoformat(day)
        if on <= date(1997, 9, 30):
            days.setdefault(customer, set()).add(on)
            first[customer] = min(first.get(customer, on), on)
    repeats = np.array([len(days[each]) - 1 for each in first], dtype=float)
    last = np.array([(max(days[each]) - first[each]).days / 7 for each in first])
    age = np.array([(date(1997, 9, 30) - first[each]).days / 7 for each in first])
    found = fit_parameters(repeats, last, age)
    assert len(first) == 2357
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.001)


def test_known_parameters_are_recovered_from_a_simulation() -> None:
    true = Parameters(r=1.2, alpha=6.0, a=0.8, b=3.0)
    repeats, last, _ = simulated(true, 3000, 60, 0, seed=1)
    found = fit_parameters(repeats, last, np.full(3000, 60.0))
    assert found.r / found.alpha == pytest.approx(true.r / true.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(true.a / (true.a + true.b), rel=0.2)


def test_the_chance_of_no_order_is_what_a_simulation_shows() -> None:
    p = Parameters(r=1.2, alpha=6.0, a=0.8, b=3.0)
    repeats, last, later = simulated(p, 6000, 60, 13, seed=2)
    member = BgNbd("bg/nbd", p.r, p.alpha, p.a, p.b, horizon_days=91, usual=(3.0, 30.0, 400.0))
    silence = np.round((60 - last) * 7).astype(int)
    rows = customers((repeats + 1).astype(int).tolist(), silence.tolist(), [420] * 6000)
    chance = chance_of(member.log_odds(rows))
    for part in np.array_split(np.argsort(chance), 6):
        assert float(chance[part].mean()) == pytest.approx(float((1 - later[part]).mean()), abs=0.05)


def test_a_customer_with_one_order_day_is_alive_for_sure() -> None:
    member = BgNbd("bg/nbd", 0.5, 5.0, 1.0, 2.0, horizon_days=70, usual=(1.0, 10.0, 10.0))
    [chance] = chance_of(member.log_odds(customers([1], [140], [140])))
    assert chance == pytest.approx(((5 + 20) / (5 + 20 + 10)) ** 0.5)  # (α+T over α+T+H) to the r, weeks


def test_where_nobody_ever_returned_the_fit_still_ends_in_numbers() -> None:
    found = fit_parameters(np.zeros(50), np.zeros(50), np.linspace(1, 50, 50))
    assert all(np.isfinite(value) and value > 0 for value in (found.r, found.alpha, found.a, found.b))
