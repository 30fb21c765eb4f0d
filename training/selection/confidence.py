"""The confidence in a model's chances, in sentences for a person."""

from __future__ import annotations

import numpy as np

from features.clock import AsOf
from models.members import chance_of
from models.probability import Probability
from training.dataset.folds import CONTEST_ORIGINS, ContestPlan
from training.selection.out_of_sample import OutOfSample

LARGE_CONTEST_ROWS = 1000
"""With fewer forecasts a better model may go unrecognised."""
FEW_ORIGINS = 4
"""With fewer calibration windows the interval rests on how base rates usually move; the note says so."""


def weaker_proof(plan: ContestPlan) -> str:
    """The sentence on tested windows that overlap, and on how few there are; empty where none overlap."""
    if not plan.weaker:
        return ""
    few = f", and only {len(plan.folds)} of them" if len(plan.folds) < CONTEST_ORIGINS else ""
    return f" This evidence is weaker than usual: the ledger is short, so the tested windows overlap{few}."


def how_sure(unseen: OutOfSample, name: str, churn: Probability, *, until: AsOf) -> str:
    """Expected and observed rates on unseen dates, the possible error, and what so few forecasts prove."""
    windows = len(np.unique(unseen.rows.origin))
    chance, rate = (
        float(np.average(values, weights=unseen.rows.weight)) for values in (unseen.churn[name], unseen.churned)
    )
    small = len(unseen.rows) < LARGE_CONTEST_ROWS
    caution = " So few forecasts prove little; a better model may go unrecognised." if small else ""
    return (
        f"How sure: on {windows} unseen dates, {_percent(chance)} of the customers were expected to stop and "
        f"{_percent(rate)} did ({len(unseen.rows):,} forecasts). {_width(churn, until)}{caution}"
    )


def _width(churn: Probability, until: AsOf) -> str:
    """The likely distance between chances and observed rates, now and with a longer ledger."""
    spread, half = churn.calibrator.spread, np.zeros(1)
    now, later = (
        chance_of(np.concatenate(bounds))
        for bounds in (spread.bounds(half, np.array([until.days])), spread.in_a_year(half))
    )
    few = "; widened, since it was learned from under 4 windows" if spread.origins < FEW_ORIGINS else ""
    return (
        f"Where it forecasts 50 %, a new date may bring {_percent(now[0])} to {_percent(now[1])}{few}; "
        f"with 12 more months of orders about {_percent(later[0])} to {_percent(later[1])}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
