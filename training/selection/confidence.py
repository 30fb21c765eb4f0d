"""How sure a model is of what it says, in sentences for a person."""

from __future__ import annotations

import numpy as np

from features.clock import AsOf
from models.members import chance_of
from models.probability import Probability
from training.dataset.folds import CONTEST_ORIGINS, ContestPlan
from training.selection.out_of_sample import OutOfSample

LARGE_CONTEST_ROWS = 1000
"""Under so many forecasts a better model may go unrecognised."""
FEW_ORIGINS = 4
"""Under so many calibration windows the interval rests on how base rates usually move, and the note says so."""


def weaker_proof(plan: ContestPlan) -> str:
    """That the tested windows overlap, and how few they are; empty where they do not."""
    if not plan.weaker:
        return ""
    few = f", and only {len(plan.folds)} of them" if len(plan.folds) < CONTEST_ORIGINS else ""
    return f" This proof is weaker than usual: the ledger is short, so the tested windows overlap{few}."


def how_sure(unseen: OutOfSample, name: str, churn: Probability, *, until: AsOf) -> str:
    """What a candidate expected on dates it had not seen, what came, how far it may be off, what so few prove."""
    windows = len(np.unique(unseen.rows.origin))
    chance, rate = (
        float(np.average(told, weights=unseen.rows.weight)) for told in (unseen.churn[name], unseen.churned)
    )
    small = len(unseen.rows) < LARGE_CONTEST_ROWS
    caution = " So few forecasts prove little: a better model may go unrecognised." if small else ""
    return (
        f"How sure: on {windows} dates it had not seen, {_percent(chance)} of the customers were expected to stop and "
        f"{_percent(rate)} did ({len(unseen.rows):,} forecasts). {_width(churn, until)}{caution}"
    )


def _width(churn: Probability, until: AsOf) -> str:
    """How far rates may end from chances, and what a longer ledger would change in that."""
    spread, half = churn.calibrator.spread, np.zeros(1)
    now, later = (
        chance_of(np.concatenate(each))
        for each in (spread.bounds(half, np.array([until.days])), spread.in_a_year(half))
    )
    few = "; widened, since there were under 4 windows to learn that from" if spread.origins < FEW_ORIGINS else ""
    return (
        f"Where it says 50 %, a new date may bring {_percent(now[0])} to {_percent(now[1])}{few}; "
        f"with 12 more months of orders about {_percent(later[0])} to {_percent(later[1])}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
