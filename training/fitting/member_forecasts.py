"""What members said of windows before anybody knew what came: weights and levels rest on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.snapshot import Floats
from models.probability import Probability
from training.dataset.training_set import TrainingSet, micros_of
from training.fitting.fit import FitTask


@dataclass(frozen=True)
class MemberForecasts:
    """What each member said of the active customers of one origin.

    Attributes:
        customers: their ids, rising. log_odds: by member, one per customer.
    """

    origin: AsOf
    customers: npt.NDArray[np.str_]
    log_odds: dict[str, Floats]


def forecasts_of(models: Iterable[Probability], origin: AsOf, rows: TrainingSet) -> MemberForecasts:
    """What the members of some models, blend and rules, say of an origin's rows."""
    told = {member.name: member.log_odds(rows.snapshot) for model in models for member in model.members}
    return MemberForecasts(origin, np.asarray(rows.snapshot.customer_ids, dtype=np.str_), told)


def seen_of(task: FitTask, past: Sequence[MemberForecasts], names: Sequence[str]) -> tuple[Floats, TrainingSet] | None:
    """Past forecasts of just these members, rows × members, and what is known by now of the windows that followed."""
    usable = sorted((each for each in past if set(names) <= set(each.log_odds)), key=lambda each: each.origin)
    rows = task.known(task.rows.active_at([each.origin for each in usable]))
    told = np.full((len(rows), len(names)), np.nan)
    ids = np.asarray(rows.snapshot.customer_ids, dtype=np.str_)
    for each in usable:
        here = np.flatnonzero(rows.origin == micros_of(each.origin))
        place = np.minimum(np.searchsorted(each.customers, ids[here]), len(each.customers) - 1)
        found = each.customers[place] == ids[here]
        for column, name in enumerate(names):
            told[here[found], column] = each.log_odds[name][place[found]]
    known = ~np.isnan(told).any(axis=1)
    return (told[known], rows.where(known)) if known.any() else None
