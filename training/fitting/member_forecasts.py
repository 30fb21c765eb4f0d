"""Forecasts of members before the outcome was known: the blend's weights and levels rest on them."""

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
    """Forecasts of each member for the active customers of one origin.

    Attributes:
        customers: their ids, ascending. log_odds: by member, one per customer.
    """

    origin: AsOf
    customers: npt.NDArray[np.str_]
    log_odds: dict[str, Floats]


def forecasts_of(models: Iterable[Probability], origin: AsOf, rows: TrainingSet) -> MemberForecasts:
    """Forecasts of the members of all models, blend and rules, for an origin's rows."""
    log_odds = {member.name: member.log_odds(rows.snapshot) for model in models for member in model.members}
    return MemberForecasts(origin, np.asarray(rows.snapshot.customer_ids, dtype=np.str_), log_odds)


def known_forecasts(
    task: FitTask, past: Sequence[MemberForecasts], names: Sequence[str]
) -> tuple[Floats, TrainingSet] | None:
    """Past forecasts of these members, rows × members, and the rows with the outcomes known by now; None: no row."""
    usable = sorted(
        (forecasts for forecasts in past if set(names) <= set(forecasts.log_odds)),
        key=lambda forecasts: forecasts.origin,
    )
    rows = task.with_target(task.rows.active_at([forecasts.origin for forecasts in usable]))
    log_odds = np.full((len(rows), len(names)), np.nan)
    ids = np.asarray(rows.snapshot.customer_ids, dtype=np.str_)
    for forecasts in usable:
        at_origin = np.flatnonzero(rows.origin == micros_of(forecasts.origin))
        place = np.minimum(np.searchsorted(forecasts.customers, ids[at_origin]), len(forecasts.customers) - 1)
        is_known = forecasts.customers[place] == ids[at_origin]
        for column, name in enumerate(names):
            log_odds[at_origin[is_known], column] = forecasts.log_odds[name][place[is_known]]
    complete = ~np.isnan(log_odds).any(axis=1)
    return (log_odds[complete], rows.where(complete)) if complete.any() else None
