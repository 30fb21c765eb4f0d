"""A made-up company whose calls halve the risk, trained anew every quarter: does the chance stay true?

Each quarter the riskiest quarter of its active customers is listed; two in three of them are called, which halves
their chance of no order, and one in three is held out. The chance is to stay the one *without* a call. Judged are the
customers left alone and, each for three, those held out: calibration slope (1 is perfect), and the mean expected less
what came; beside them a naive training on the same ledger, which takes what came after a call for what would have come
anyway. Then the same where nobody is held out: what a call changes is learned as an input, and set to none; here the
chances of the called are held against their true risk, which only whoever made the company up can know.

``python -m benchmarks.accuracy.calls_halve_risk [--customers N] [--companies N] [--blend]`` prints a table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.optimize import minimize
from scipy.special import expit

from features.clock import AsOf
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats, take_snapshot
from models.members import log_odds_of
from models.probability import Probability
from training.dataset.assignments import Assignments
from training.dataset.folds import Fold, origins_of
from training.dataset.training_set import training_set
from training.fitting.candidates import BLENDED, CANDIDATES, RFM
from training.fitting.fit import FitTask, NotFitted, fit
from training.fitting.learner import TrainingContext, churned
from training.fitting.member_forecasts import MemberForecasts, forecasts_of

BEGAN_ON = date(2020, 1, 1)
H, W = 90, 180
POLICY = Policy()
QUARTERS_BEFORE, RETRAININGS = 8, 8
LISTED_SHARE, HELD_OUT_SHARE = 0.25, 1 / 3
CALL_LEAVES = 0.5
"""Of the risk."""


@dataclass
class CallingCompany:
    """A company whose customers order, or do not, quarter by quarter; what happened to it so far.

    Attributes:
        fickle: how apt each customer is to skip a quarter, in log-odds.
        silent_quarters: since each customer's last order.
    """

    draws: np.random.Generator
    fickle: Floats
    silent_quarters: npt.NDArray[np.int64]
    quarter: int = 0
    orders: list[tuple[str, date, float]] = field(default_factory=list)
    calls: list[tuple[str, date, str, float]] = field(default_factory=list)

    @classmethod
    def founded(cls, customers: int, seed: int) -> CallingCompany:
        """A company with two years of orders and no call yet."""
        draws = np.random.default_rng(seed)
        company = cls(draws, draws.normal(0, 1, customers), np.zeros(customers, dtype=np.int64))
        for _ in range(QUARTERS_BEFORE):
            company.live_through(np.zeros(customers, dtype=np.bool_))
        return company

    @property
    def today(self) -> date:
        """The first day of the quarter to come."""
        return BEGAN_ON + timedelta(days=H * self.quarter)

    @property
    def risk(self) -> Floats:
        """The chance of each customer to skip the quarter to come, if nobody calls."""
        return np.asarray(expit(-1.0 + self.fickle + 0.7 * np.minimum(self.silent_quarters, 3)))

    def live_through(self, called: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Who skips the quarter to come; the others order."""
        risk = self.risk
        skips = self.draws.random(len(risk)) < np.where(called, CALL_LEAVES * risk, risk)
        if self.quarter == 0:
            skips[:] = False
        many = 1 + self.draws.poisson(np.exp(0.3 - 0.5 * self.fickle))
        for place in np.flatnonzero(~skips):
            for day in self.draws.integers(0, H, size=many[place]):
                amount = float(np.round(self.draws.lognormal(4.0, 0.6), 2))
                self.orders.append((_name(place), self.today + timedelta(days=int(day)), amount))
        self.silent_quarters = np.where(skips, self.silent_quarters + 1, 0)
        self.quarter += 1
        return skips

    def ledger(self) -> Ledger:
        """All of it that happened before today."""
        orders = _table(self.orders, ("customer_id", "ordered_at", "amount"))
        calls = _table(self.calls, ("customer_id", "called_at", "arm", "arm_probability"))
        return ledger_of(orders, None, POLICY, others={"calls": calls} if self.calls else {}, currency="EUR")


@dataclass(frozen=True)
class Forecast:
    """What was expected of the active customers of one quarter, and what came.

    Attributes:
        ours, naive: chance of no order, as each training tells it.
        skipped: no order came.
        weight: how many customers left alone each stands for; 0 was called.
        risk: the true chance of no order, if nobody calls.
    """

    ours: Floats
    naive: Floats
    skipped: npt.NDArray[np.bool_]
    weight: Floats
    risk: Floats


Taught = Callable[[TrainingContext], Probability]
"""Makes the chance of no order that a company calls by."""


def line(context: TrainingContext) -> Probability:
    """A shrunken line, calibrated on the newest window: the quickest that is learned and calibrated as all are."""
    found = fit("line", RFM, FitTask(context.rows, context.origins, _fold(context.origins.until, context), churned), 0)
    assert not isinstance(found, NotFitted), found
    return found


def blend(context: TrainingContext) -> Probability:
    """The blend that is served, its weights and calibration from forecasts at three past origins."""
    [candidate] = [each for each in CANDIDATES if each.name == BLENDED]
    past: list[MemberForecasts] = []
    for at in sorted((*context.origins.spaced[:3], context.origins.until)):
        then = context if at == context.origins.until else context.back_at(at)
        closed = [each for each in past if each.origin in context.origins.before(at)]
        learned = then.learn(_fold(at, context), past=closed, churn=[candidate], decline=(), shares=())
        past.append(forecasts_of([learned.churn[BLENDED]], at, context.rows.active_at([at])))
    return learned.churn[BLENDED]


def _fold(at: AsOf, context: TrainingContext) -> Fold:
    fold = context.origins.fold(at)
    assert fold is not None, "two years hold more than two windows"
    return fold


def simulated(
    customers: int, seed: int, *, held_out_share: float = HELD_OUT_SHARE, taught: Taught = line
) -> list[Forecast]:
    """The forecasts of every retraining of one company, which holds out so many of those it lists."""
    company = CallingCompany.founded(customers, seed)
    return [_retrained(company, held_out_share, taught) for _ in range(RETRAININGS)]


def _retrained(company: CallingCompany, held_out_share: float, taught: Taught) -> Forecast:
    ledger, today = company.ledger(), AsOf.of_day(company.today, POLICY.zone)
    origins = origins_of(today, H, W, starts_on=ledger.starts_on, zone=POLICY.zone)
    origins = replace(origins, close=origins.spaced)
    rows = training_set(ledger, origins, W, POLICY)
    nobody = Assignments(np.zeros(len(rows), dtype=np.bool_), np.ones(len(rows)))
    now = take_snapshot(ledger, [today], POLICY)
    active = now.where(now.feature("days_since_last_order") <= W)
    context = TrainingContext(ledger, rows, now, origins, POLICY, seed=0)
    ours = taught(context).chance(active)
    naive = line(replace(context, rows=replace(rows, assignments=nobody))).chance(active)
    places = np.array([int(customer[1:]) for customer in active.customer_ids])
    listed = places[np.argsort(-ours, kind="stable")[: int(LISTED_SHARE * len(places))]]
    held_out = company.draws.random(len(listed)) < held_out_share
    for place, is_held_out in zip(listed, held_out, strict=True):
        arm, chance = ("held_out", held_out_share) if is_held_out else ("called", 1 - held_out_share)
        company.calls.append((_name(place), company.today, arm, chance))
    called, weight = np.zeros(len(company.fickle), dtype=np.bool_), np.ones(len(company.fickle))
    called[listed[~held_out]] = True
    weight[listed[~held_out]] = 0.0
    weight[listed[held_out]] = 1 / held_out_share if held_out_share else np.nan
    risk = company.risk
    skipped = company.live_through(called)
    return Forecast(ours, naive, skipped[places], weight[places], risk[places])


def slope_and_bias(chance: Floats, happened: npt.NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    """Calibration slope (log-odds of what came by log-odds expected) and mean expected less what came; weighted."""
    z = log_odds_of(chance)

    def loss(line: Floats) -> float:
        told = line[0] + line[1] * z
        return float(np.sum(weight * (np.logaddexp(0.0, told) - happened * told)))

    found = minimize(loss, np.array([0.0, 1.0]), method="BFGS")
    return float(found.x[1]), float(np.average(chance - happened, weights=weight))


def pooled(forecasts: list[Forecast], name: str) -> tuple[float, float]:
    """Slope and bias of one training over several quarters."""
    chance = np.concatenate([getattr(each, name) for each in forecasts])
    happened = np.concatenate([each.skipped for each in forecasts])
    return slope_and_bias(chance, happened, np.concatenate([each.weight for each in forecasts]))


def off_of_called(forecasts: list[Forecast], name: str) -> float:
    """Mean chance less true risk without a call, of the called, from the second retraining on."""
    off = [(getattr(each, name) - each.risk)[each.weight == 0] for each in forecasts if each is not forecasts[0]]
    return float(np.mean(np.concatenate(off)))


def _name(place: int) -> str:
    return f"c{place:05d}"


def _table(rows: list[Any], names: tuple[str, ...]) -> pa.Table:
    return pa.table({name: pa.array([str(row[place]) for row in rows]) for place, name in enumerate(names)})


def main() -> None:
    """Print both trainings' slope and bias, quarter by quarter over all companies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1500)
    parser.add_argument("--companies", type=int, default=4)
    parser.add_argument("--blend", action="store_true", help="call by the blend that is served, not by a line")
    asked = parser.parse_args()
    taught = blend if asked.blend else line
    companies = [simulated(asked.customers, seed, taught=taught) for seed in range(asked.companies)]
    print("retraining  ours: slope   bias   naive: slope   bias   (of who was left alone)")
    for number in range(RETRAININGS):
        told = [pooled([each[number] for each in companies], name) for name in ("ours", "naive")]
        print(f"{number + 1:>10}  {told[0][0]:>11.3f} {told[0][1]:>+6.3f} {told[1][0]:>14.3f} {told[1][1]:>+6.3f}")
    told = [pooled([quarter for each in companies for quarter in each], name) for name in ("ours", "naive")]
    print(f"{'all':>10}  {told[0][0]:>11.3f} {told[0][1]:>+6.3f} {told[1][0]:>14.3f} {told[1][1]:>+6.3f}")
    all_called = [
        quarter
        for seed in range(asked.companies)
        for quarter in simulated(asked.customers, seed, held_out_share=0.0, taught=taught)
    ]
    ours, naive = (off_of_called(all_called, name) for name in ("ours", "naive"))
    print(f"nobody held out: the called were expected {ours:+.3f} off their risk without a call, naively {naive:+.3f}")


if __name__ == "__main__":
    main()
