"""BTYD members: published parameters, recovered parameters, and chances against simulations of the same model."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from features.snapshot import Floats, Snapshot
from models.btyd import BtydModel, Parameters, log_likelihood
from models.members import Btyd, chance_of
from tests.cdnow import cdnow_sample
from training.fitting.btyd import fit_parameters, regularity_of


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


def simulated(
    story: BtydModel, p: Parameters, count: int, *, weeks: float, horizon: float, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Repeat orders, last order within ``weeks``, and whether one follows in the horizon: the story as it is told."""
    chance = np.random.default_rng(seed)
    repeats, last, later = np.zeros(count), np.zeros(count), np.zeros(count)
    for one in range(count):
        rate, at = chance.gamma(p.r, 1 / p.alpha), 0.0
        leaves = chance.beta(p.a, p.b) if story is not BtydModel.PARETO_NBD else 0.0
        dies = chance.exponential(1 / chance.gamma(p.a, 1 / p.b)) if story is BtydModel.PARETO_NBD else np.inf
        if story is BtydModel.MBG_NBD and chance.random() < leaves:
            continue
        while True:
            at += chance.gamma(p.regularity, 1 / rate)
            if at > min(dies, weeks + horizon):
                break
            if at > weeks:
                later[one] = 1
                break
            repeats[one] += 1
            last[one] = at
            if chance.random() < leaves:
                break
    return repeats, last, later


STORIES = {
    BtydModel.BG_NBD: Parameters(r=1.2, alpha=6.0, a=0.8, b=3.0),
    BtydModel.MBG_NBD: Parameters(r=2.0, alpha=3.0, a=0.8, b=6.0, regularity=3),
    BtydModel.PARETO_NBD: Parameters(r=1.2, alpha=6.0, a=0.8, b=25.0),
}
PUBLISHED = {
    BtydModel.BG_NBD: (0.243, 4.414, 0.793, 2.426, -9582.4),  # Fader, Hardie & Lee 2005, table 2
    BtydModel.MBG_NBD: (0.525, 6.183, 0.891, 1.614, -9582.1),  # Platzer, BTYDplus, its walkthrough
    BtydModel.PARETO_NBD: (0.553, 10.578, 0.606, 11.669, -9595.0),  # Fader, Hardie & Lee 2005, table 2
}


@pytest.mark.parametrize("story", BtydModel)
def test_the_published_values_of_the_cdnow_sample_are_found(story: BtydModel) -> None:
    # 2,357 customers over 39 weeks
    first: dict[str, date] = {}
    days: dict[str, set[date]] = {}
    for line in cdnow_sample().read_text().splitlines():
        _, customer, day, *_ = line.split()
        on = date.fromisoformat(day)
        if on <= date(1997, 9, 30):
            days.setdefault(customer, set()).add(on)
            first[customer] = min(first.get(customer, on), on)
    repeats = np.array([len(days[customer]) - 1 for customer in first], dtype=float)
    last = np.array([(max(days[customer]) - first[customer]).days / 7 for customer in first])
    age = np.array([(date(1997, 9, 30) - first[customer]).days / 7 for customer in first])
    p = fit_parameters(story, repeats, last, age)
    *published, likelihood = PUBLISHED[story]
    assert len(first) == 2357
    assert (p.r, p.alpha, p.a, p.b) == pytest.approx(published, rel=1e-3, abs=0.0015)
    log_likelihoods = log_likelihood(story, p, repeats, last_weeks=last, age_weeks=age)
    assert float(log_likelihoods.sum()) == pytest.approx(likelihood, abs=0.06)


@pytest.mark.parametrize("story", BtydModel)
def test_known_parameters_are_recovered_from_a_simulation(story: BtydModel) -> None:
    true = STORIES[story]
    repeats, last, _ = simulated(story, true, 3000, weeks=60, horizon=0, seed=1)
    fitted = fit_parameters(story, repeats, last, np.full(3000, 60.0), regularity=true.regularity)
    assert fitted.r / fitted.alpha == pytest.approx(true.r / true.alpha, rel=0.1)
    of_fitted, of_truth = (
        log_likelihood(story, p, repeats, last_weeks=last, age_weeks=np.full(3000, 60.0)).sum() for p in (fitted, true)
    )
    assert 0 <= of_fitted - of_truth < 10  # likelier than the truth, by what four free parameters give


@pytest.mark.parametrize("story", BtydModel)
def test_the_chance_of_no_order_is_what_a_simulation_shows(story: BtydModel) -> None:
    p = STORIES[story]
    repeats, last, later = simulated(story, p, 3000, weeks=60, horizon=13, seed=2)
    member = Btyd("btyd", story, p, horizon_days=91, usual=(3.0, 30.0, 400.0))
    silence = np.round((60 - last) * 7).astype(int)
    rows = customers((repeats + 1).astype(int).tolist(), silence.tolist(), [420] * 3000)
    chance = chance_of(member.log_odds(rows))
    for part in np.array_split(np.argsort(chance), 6):
        assert float(chance[part].mean()) == pytest.approx(float((1 - later[part]).mean()), abs=0.05)


def test_in_bg_nbd_a_customer_with_one_order_day_is_alive_for_sure() -> None:
    p = Parameters(0.5, 5.0, 1.0, 2.0)
    member = Btyd("bg/nbd", BtydModel.BG_NBD, p, horizon_days=70, usual=(1.0, 10.0, 10.0))
    [chance] = chance_of(member.log_odds(customers([1], [140], [140])))
    assert chance == pytest.approx(((5 + 20) / (5 + 20 + 10)) ** 0.5)  # (α+T over α+T+H) to the r, weeks


@pytest.mark.parametrize("story", BtydModel)
def test_where_nobody_ever_returned_the_fit_still_ends_in_numbers(story: BtydModel) -> None:
    p = fit_parameters(story, np.zeros(50), np.zeros(50), np.linspace(1, 50, 50))
    assert all(np.isfinite(value) and value > 0 for value in (p.r, p.alpha, p.a, p.b))


@pytest.mark.filterwarnings("error")
def test_a_few_very_busy_customers_are_fitted_though_likelihoods_on_the_way_pass_what_doubles_hold() -> None:
    chance = np.random.default_rng(2)
    age = chance.uniform(50, 150, 12)
    repeats = chance.poisson(chance.gamma(0.5, 4.0, 12) * age).astype(float)
    last = np.where(repeats > 0, age * chance.beta(8, 1, 12), 0.0)
    parameters = fit_parameters(BtydModel.PARETO_NBD, repeats, last, age)
    assert np.isfinite(log_likelihood(BtydModel.PARETO_NBD, parameters, repeats, last_weeks=last, age_weeks=age)).all()


def integrated(p: Parameters, repeats: float, last: float, age: float) -> float:
    """Pareto/NBD's likelihood, its integral over the time of leaving done by numbers."""

    def log_both(week: float) -> float:
        return float(-(p.a + 1) * np.log(p.b + week) - (p.r + repeats) * np.log(p.alpha + week))

    left = (
        np.log(p.a) + log_both(last) + np.log(quad(lambda week: np.exp(log_both(week) - log_both(last)), last, age)[0])
    )
    stayed = log_both(age) + np.log(p.b + age)
    bought = gammaln(p.r + repeats) - gammaln(p.r) + p.r * np.log(p.alpha) + p.a * np.log(p.b)
    return float(bought + np.logaddexp(left, stayed))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "p",
    [
        Parameters(r=435.66601289796733, alpha=977.7289029936286, a=0.016232744198897323, b=2.882979108615729),
        Parameters(r=120.0, alpha=300.0, a=0.3, b=0.5),
        Parameters(r=1.2, alpha=6.0, a=0.8, b=25.0),
    ],
    ids=["where scipy knows no value", "nearly alike", "usual"],
)
def test_pareto_nbd_is_what_its_integral_says(p: Parameters) -> None:
    repeats, last, age = np.array([0.0, 7.0, 30.0]), np.array([0.0, 11.0, 40.0]), np.array([18 / 7, 19.0, 90.0])
    computed = log_likelihood(BtydModel.PARETO_NBD, p, repeats, last_weeks=last, age_weeks=age)
    customers = zip(repeats, last, age, strict=True)
    assert computed == pytest.approx([integrated(p, *customer) for customer in customers], abs=1e-6)


@pytest.mark.parametrize("regular", [1, 3])
def test_gaps_of_so_many_waits_are_told_from_gaps_by_chance(regular: int) -> None:
    gaps = np.random.default_rng(4).gamma(regular, 10, size=(200, 8))
    columns = {
        "gap_count": np.full(200, 8.0),
        "gap_mean_days": gaps.mean(axis=1),
        "gap_deviation_days": gaps.std(axis=1, ddof=1),
    }
    many = Snapshot(pa.table(columns), (), "", "", "")
    assert regularity_of(many, 6) == regular
    assert regularity_of(many, 1) == 1
    assert regularity_of(many.where(np.arange(200) < 10), 6) == 1  # too few to tell
