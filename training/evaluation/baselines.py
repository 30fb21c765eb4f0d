"""Baselines for a model at cutoffs: rules, textbook models, and money alone.

They are fitted on windows closed by the cutoff and never serve. BG/NBD needs no outcomes and is fitted on all customers
up to the cutoff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from features.snapshot import Floats, Snapshot
from models.btyd import BtydModel
from models.members import Transform, chance_of
from models.operational_time import CALENDAR
from training.dataset.training_set import TrainingSet
from training.evaluation.cutoff_customers import CutoffCustomers, recent_buyers
from training.evaluation.lightgbm_baselines import fit_shortfall, fit_tuned
from training.fitting.btyd import fit_btyd
from training.fitting.candidates import LinearRecipe
from training.fitting.fit import LEAST_OUTCOMES, fit_linear
from training.selection.build import TrainedModel

LOG = Transform.LOG
RECENCY, FREQUENCY, SALES = "days_since_last_order", "order_days_365_days", "net_sales_365_days"
FIFTHS = (0.2, 0.4, 0.6, 0.8)


class Predicts(StrEnum):
    """The forecast of a baseline."""

    CHANCE = "chance"  # of no order; it ranks money by chance × R
    MONEY = "money"  # it ranks money and has no chances


@dataclass(frozen=True)
class BaselineInputs:
    """The data from which a baseline may learn at a cutoff.

    Attributes:
        active: active customers of all closed windows. recent: those with an order day in the H days before, of windows
            that do not overlap, oldest first. newest: the last closed of these windows.
        at: the customers at the cutoff; their outcomes are not read.
    """

    active: TrainingSet
    recent: TrainingSet
    newest: TrainingSet
    at: CutoffCustomers
    seed: int

    @classmethod
    def of(cls, trained: TrainedModel, at: CutoffCustomers) -> BaselineInputs | None:
        """The data before a cutoff; None where no window was closed, or an outcome is too rare to learn from."""
        if trained.context is None:
            return None
        rows, chain = trained.context.rows, trained.origins.chain(at.cutoff)
        active, recent = rows.active_at(trained.origins.close), recent_buyers(rows, chain)
        newest = recent_buyers(rows, chain[:1])
        rarest = min(
            min(rows_of_kind.labels.churned.sum(), (~rows_of_kind.labels.churned).sum())
            for rows_of_kind in (active, recent)
        )
        return cls(active, recent, newest, at, trained.context.seed) if rarest >= LEAST_OUTCOMES else None


Forecast = Callable[[Snapshot], Floats]


@dataclass(frozen=True)
class Baseline:
    """A forecast that a model has to beat.

    Attributes:
        fit: returns a function that forecasts a snapshot's rows.
    """

    name: str
    meaning: str
    predicts: Predicts
    fit: Callable[[BaselineInputs], Forecast]


def _linear(name: str, *features: str, rising_in: int = 0) -> Callable[[BaselineInputs], Forecast]:
    recipe = LinearRecipe(tuple((feature, LOG) for feature in features), shrinkage=1.0, rising_in=rising_in)

    def fit(inputs: BaselineInputs) -> Forecast:
        member = fit_linear(name, recipe, inputs.active.snapshot, _stopped(inputs.active), None)
        return lambda snapshot: chance_of(member.log_odds(snapshot))

    return fit


def _fifths(inputs: BaselineInputs) -> Forecast:
    from sklearn.linear_model import LogisticRegression

    names = (RECENCY, FREQUENCY, SALES)
    edges = {name: np.quantile(inputs.recent.snapshot.feature(name), FIFTHS) for name in names}

    def scored(snapshot: Snapshot) -> Floats:
        return np.column_stack([np.searchsorted(edges[name], snapshot.feature(name), side="right") for name in names])

    regression = LogisticRegression(C=1.0, max_iter=1000).fit(
        scored(inputs.recent.snapshot), inputs.recent.labels.churned
    )
    return lambda snapshot: np.asarray(regression.predict_proba(scored(snapshot))[:, 1], dtype=np.float64)


def _bg_nbd(inputs: BaselineInputs) -> Forecast:
    member = fit_btyd(
        "bg/nbd",
        BtydModel.BG_NBD,
        inputs.at.everybody,
        inputs.recent.horizon_days,
        most_regular=1,
        time=CALENDAR,
    )
    return lambda snapshot: chance_of(member.log_odds(snapshot))


def _tuned(inputs: BaselineInputs) -> Forecast:
    return fit_tuned(inputs.recent, inputs.newest, inputs.seed)


def _shortfall(inputs: BaselineInputs) -> Forecast:
    return fit_shortfall(inputs.recent, inputs.newest, inputs.at.carried, inputs.seed)


BASELINES: tuple[Baseline, ...] = (
    Baseline("recency", "longest silence first, calibrated", Predicts.CHANCE, _linear("recency", RECENCY, rising_in=1)),
    Baseline(
        "low frequency",
        "fewest orders in a year first, calibrated",
        Predicts.CHANCE,
        _linear("low frequency", FREQUENCY, rising_in=-1),
    ),
    Baseline(
        "rfm logistic",
        "a line of the logarithms of silence, frequency and money",
        Predicts.CHANCE,
        _linear("rfm logistic", RECENCY, FREQUENCY, SALES),
    ),
    Baseline("rfm fifths", "a line of the fifths that silence, frequency and money fall in", Predicts.CHANCE, _fifths),
    Baseline("bg/nbd", "each customer buys at its own rate until it quietly leaves", Predicts.CHANCE, _bg_nbd),
    Baseline(
        "tuned lightgbm", "boosted trees over the whole catalogue, the best of eight settings", Predicts.CHANCE, _tuned
    ),
    Baseline("reference alone", "who brings most", Predicts.MONEY, lambda inputs: inputs.at.carried.sales),
    Baseline("lightgbm of the shortfall", "boosted trees that learn the shortfall itself", Predicts.MONEY, _shortfall),
)
"""All baselines, in the order of the table."""


def _stopped(rows: TrainingSet) -> Floats:
    return rows.labels.churned.astype(np.float64)
