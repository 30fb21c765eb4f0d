"""Small companies, made up, each trained by the product's own path and judged on the window after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.trades import ENDS_ON, TRADES, YEAR, Orders, Trade, garden_supply, ledger_of_orders, orders_of
from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats
from features.standing.population import is_active
from models.calibration import Spread
from models.members import chance_of
from models.probability import Probability
from training.dataset.scope import TrainingScope, scope_of
from training.fitting.candidates import CANDIDATES
from training.metrics import scoring as metrics
from training.metrics.calibration import Cell
from training.metrics.resampled import Figure
from training.selection.build import TrainedModel, train_model

POLICY = Policy()
MONTHS = (12, 24, 36)
SERVED, ONE_RATE = "served", "one rate for all"
MOST_HORIZON_DAYS = 90
"""Of what is proposed for 12 months: no more than a quarter of them."""
DAYS = 3 * 366 + 366 + MOST_HORIZON_DAYS
"""Three years before any training, a year of days to train on, and the window after."""


def _like(name: str) -> Trade:
    return replace(next(trade for trade in TRADES if trade.name == name), days=DAYS)


KINDS: tuple[tuple[str, Trade], ...] = (
    ("lumpy", _like("lumpy accounts")),
    ("regular", _like("replenishment")),
    ("seasonal", _like("gift wholesale")),
    ("lumpy", _like("parts trade")),
    ("regular", _like("slow fading")),
    ("seasonal", Trade("garden supply", 0, DAYS, 0, garden_supply)),
)


@dataclass(frozen=True)
class SmallCompany:
    """A small company, and the day its training is made for.

    Attributes:
        customers: who ordered in the year before ``until``; those who came and left before are in ``orders`` too.
        orders: by customer, before and after.
    """

    number: int
    kind: str
    customers: int
    until: date
    orders: Mapping[int, Orders]

    @classmethod
    def invented(cls, number: int, customers: int, seed: int) -> SmallCompany:
        """The company of a number, of one kind after the other."""
        kind, trade = KINDS[number % len(KINDS)]
        chance = np.random.default_rng([seed, customers, number])
        until = ENDS_ON - timedelta(days=MOST_HORIZON_DAYS + int(chance.integers(0, 365)))
        own_seed, orders, bought = int(chance.integers(2**31)), {}, 0
        for place in count():
            each = orders[place] = orders_of(trade, place, own_seed)
            bought += any(_months_before(until, 12) <= day < until for day, _ in each)
            if bought == customers:
                return cls(number, kind, customers, until, orders)
        raise AssertionError("customers never end")

    def ledger(self, months: int) -> Ledger:
        """The ledger of a company that kept so many months before the training, and the window after it."""
        begin, end = _months_before(self.until, months), self.until + timedelta(days=MOST_HORIZON_DAYS)
        lines = {place: [one for one in each if begin <= one[0] < end] for place, each in self.orders.items()}
        return ledger_of_orders(lines, POLICY)

    def stopped(self, customer_ids: Sequence[str], horizon_days: int) -> npt.NDArray[np.bool_]:
        """Who of these had no order day in the window after the training."""
        end = self.until + timedelta(days=horizon_days)
        came = [any(self.until <= day < end for day, _ in self.orders[int(each[1:])]) for each in customer_ids]
        return ~np.array(came, dtype=np.bool_)


@dataclass(frozen=True)
class Trained:
    """One company's training with a ledger of so many months, and what came after.

    Attributes:
        company: told apart from all others. customers: see ``Company``. active: whom it was judged on.
        served: the candidate; a rule without chances has no figures. sentence: why.
        figures: of each candidate, of what was served, and of the past's one rate for all.
        cell: all active customers, with mean chance and bounds as served.
        width, promised: high less low where it says 50 %, now and as promised for 12 more months.
    """

    company: str
    kind: str
    customers: int
    months: int
    horizon_days: int
    active: int
    served: str
    is_rule: bool
    sentence: str
    figures: Mapping[Figure, Mapping[str, float]]
    cell: Cell | None
    width: float
    promised: float

    def figure(self, figure: Figure, name: str) -> float:
        """One figure of one forecast; NaN where there was none, or an AUC has one outcome only."""
        return self.figures[figure].get(name, float("nan"))


def trainings(company: SmallCompany) -> Iterator[Trained]:
    """A company trained with 12, 24 and 36 months of ledger, always over the horizon proposed for 12."""
    until = AsOf.of_day(company.until, POLICY.zone)
    first: TrainingScope | None = None
    for months in MONTHS:
        ledger = company.ledger(months)
        first = first or scope_of(ledger, POLICY, until=until, horizon_days=None, active_days=None)
        scope = scope_of(ledger, POLICY, until=until, horizon_days=first.horizon_days, active_days=first.active_days)
        made = train_model(ledger, scope, POLICY, seed=0, progress=lambda _step, _share: None)
        yield _judged(company, months, made)


def _judged(company: SmallCompany, months: int, made: TrainedModel) -> Trained:
    scope, winner = made.scope, made.winner
    told: dict[str, Floats] = {}
    cell, widths, active, stopped = None, (float("nan"), float("nan")), 0, np.empty(0, dtype=np.bool_)
    if made.context is not None and winner.churn is not None:
        now = made.context.now.where(is_active(made.context.now, scope.active_days))
        active, stopped = len(now), company.stopped(now.customer_ids, scope.horizon_days)
        chance, low, high = winner.churn.with_bounds(now)
        means = [float(each.mean()) for each in (chance, low, high)]
        cell = Cell(active, means[0], means[1], means[2], float(stopped.mean()))
        widths = _widths(winner.churn.calibrator.spread, scope.until)
        past = made.context.rows.active_at(made.origins.close).labels.churned
        told = {name: model.chance(now) for name, model in _candidates(made, winner.churn).items()}
        told |= {SERVED: chance, ONE_RATE: np.full(active, past.mean())}
    return Trained(
        company=f"{company.customers} {company.number}",
        kind=company.kind,
        customers=company.customers,
        months=months,
        horizon_days=scope.horizon_days,
        active=active,
        served=winner.name,
        is_rule=winner.is_rule,
        sentence=winner.sentence,
        figures={
            Figure.BRIER: {name: metrics.brier(each, stopped) for name, each in told.items()},
            Figure.AUC: {name: metrics.auc(each, stopped) for name, each in told.items()},
        },
        cell=cell,
        width=widths[0],
        promised=widths[1],
    )


def _candidates(made: TrainedModel, served: Probability) -> dict[str, Probability]:
    """Every candidate as it would be served, where it can be fitted as of the training."""
    fold = made.origins.fold(made.origins.until)
    if made.context is None or fold is None:
        return {made.winner.name: served}
    others = [each for each in CANDIDATES if each.name != made.winner.name]
    past = () if made.winner.unseen is None else made.winner.unseen.members
    learned = made.context.learn(fold, past=past, churn=others, decline=(), shares=())
    return {made.winner.name: served, **learned.churn}


def _widths(spread: Spread, until: AsOf) -> tuple[float, float]:
    half = np.zeros(1)
    return _width(*spread.bounds(half, np.array([until.days]))), _width(*spread.in_a_year(half))


def _width(low: Floats, high: Floats) -> float:
    return float(chance_of(high)[0] - chance_of(low)[0])


def _months_before(day: date, months: int) -> date:
    return day - timedelta(days=int(months * YEAR / 12))
