"""The rivals a served model is held against at cutoffs: rules, models of the books, and money alone.

They are fitted on windows closed by the cutoff and never served. BG/NBD needs no outcomes and is fitted on all
customers up to the cutoff.
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
    """What a rival forecasts."""

    CHANCE = "chance"  # of no order; it ranks money by chance × R
    MONEY = "money"  # it ranks money and tells no chance


@dataclass(frozen=True)
class BaselineInputs:
    """What rivals may learn from at a cutoff.

    Attributes:
        active: active customers of all closed windows. recent: those with an order day in the H days before, of windows
            that do not overlap, oldest first. newest: of these, the window that closed last.
        at: who is judged, and everybody; its outcomes are not looked at.
    """

    active: TrainingSet
    recent: TrainingSet
    newest: TrainingSet
    at: CutoffCustomers
    seed: int

    @classmethod
    def of(cls, made: TrainedModel, at: CutoffCustomers) -> BaselineInputs | None:
        """The past of a cutoff; None where no window was closed, or one outcome is too rare to learn from."""
        if made.context is None:
            return None
        rows, chain = made.context.rows, made.origins.chain(at.cutoff)
        active, recent = rows.active_at(made.origins.close), recent_buyers(rows, chain)
        newest = recent_buyers(rows, chain[:1])
        rarest = min(min(each.labels.churned.sum(), (~each.labels.churned).sum()) for each in (active, recent))
        return cls(active, recent, newest, at, made.context.seed) if rarest >= LEAST_OUTCOMES else None


Forecast = Callable[[Snapshot], Floats]


@dataclass(frozen=True)
class Baseline:
    """Someone to beat.

    Attributes:
        fit: makes of the past what forecasts a snapshot's rows.
    """

    name: str
    meaning: str
    tells: Predicts
    fit: Callable[[BaselineInputs], Forecast]


def _line(name: str, *features: str, rising_in: int = 0) -> Callable[[BaselineInputs], Forecast]:
    recipe = LinearRecipe(tuple((feature, LOG) for feature in features), shrinkage=1.0, rising_in=rising_in)

    def fit(past: BaselineInputs) -> Forecast:
        member = fit_linear(name, recipe, past.active.snapshot, _stopped(past.active), None)
        return lambda snapshot: chance_of(member.log_odds(snapshot))

    return fit


def _fifths(past: BaselineInputs) -> Forecast:
    from sklearn.linear_model import LogisticRegression

    names = (RECENCY, FREQUENCY, SALES)
    edges = {name: np.quantile(past.recent.snapshot.feature(name), FIFTHS) for name in names}

    def scored(snapshot: Snapshot) -> Floats:
        return np.column_stack([np.searchsorted(edges[name], snapshot.feature(name), side="right") for name in names])

    line = LogisticRegression(C=1.0, max_iter=1000).fit(scored(past.recent.snapshot), past.recent.labels.churned)
    return lambda snapshot: np.asarray(line.predict_proba(scored(snapshot))[:, 1], dtype=np.float64)


def _bg_nbd(past: BaselineInputs) -> Forecast:
    member = fit_btyd(
        "bg/nbd",
        BtydModel.BG_NBD,
        past.at.everybody,
        past.recent.horizon_days,
        most_regular=1,
        time=CALENDAR,
    )
    return lambda snapshot: chance_of(member.log_odds(snapshot))


def _tuned(past: BaselineInputs) -> Forecast:
    return fit_tuned(past.recent, past.newest, past.seed)


def _shortfall(past: BaselineInputs) -> Forecast:
    return fit_shortfall(past.recent, past.newest, past.at.carried, past.seed)


BASELINES: tuple[Baseline, ...] = (
    Baseline("recency", "who is silent longest, calibrated", Predicts.CHANCE, _line("recency", RECENCY, rising_in=1)),
    Baseline(
        "low frequency",
        "who ordered least in a year, calibrated",
        Predicts.CHANCE,
        _line("low frequency", FREQUENCY, rising_in=-1),
    ),
    Baseline(
        "rfm logistic",
        "a line of the logarithms of silence, frequency and money",
        Predicts.CHANCE,
        _line("rfm logistic", RECENCY, FREQUENCY, SALES),
    ),
    Baseline("rfm fifths", "a line of the fifths that silence, frequency and money fall in", Predicts.CHANCE, _fifths),
    Baseline("bg/nbd", "buys at a rate of its own until it quietly leaves", Predicts.CHANCE, _bg_nbd),
    Baseline(
        "tuned lightgbm", "boosted trees over the whole catalogue, the best of eight settings", Predicts.CHANCE, _tuned
    ),
    Baseline("reference alone", "who brings most", Predicts.MONEY, lambda past: past.at.carried.sales),
    Baseline("lightgbm of the shortfall", "boosted trees that learn the shortfall itself", Predicts.MONEY, _shortfall),
)
"""Everybody a model has to beat, in the order of the table."""


def _stopped(rows: TrainingSet) -> Floats:
    return rows.labels.churned.astype(np.float64)
