"""Here you find what each member of a blend counts: a stated weight, moved by forecasts of windows nobody had seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from features.snapshot import Floats
from training.fitting.candidates import MemberRecipe

HALF_WAY_WINDOWS = 500.0
"""Customers' windows at which what is learned from outcomes has half the weight it has with very many."""
PULL = 50.0
"""How many forecasts the stated weights are worth."""
LEVEL_PULL = 2.0


def prior_weights(members: Sequence[MemberRecipe], windows: float) -> Floats:
    """The weights stated for a ledger with so many customers' windows to learn from."""
    share = windows / (windows + HALF_WAY_WINDOWS)
    return np.array([each.weight_of_few + share * (each.weight_of_many - each.weight_of_few) for each in members])


def fit_weights(
    log_odds: Floats,
    happened: npt.NDArray[np.bool_],
    origin: npt.NDArray[np.int64],
    prior: Floats,
    *,
    weight: Floats,
) -> Floats:
    """Weights of 0 and more with the least log loss over past forecasts (rows × members), drawn to the stated ones.

    Each origin has a level of its own while they are fitted: a base rate that moved says nothing of who tells customers
    apart. Source: Breiman 1996, Stacked regressions.
    """
    count = log_odds.shape[1]
    of_origin = (origin[:, None] == np.unique(origin)[None, :]).astype(np.float64)
    matrix = np.column_stack([log_odds, of_origin])
    centre = np.concatenate([prior, np.zeros(of_origin.shape[1])])
    pull = np.where(np.arange(len(centre)) < count, PULL, LEVEL_PULL)

    def loss(line: Floats) -> tuple[float, Floats]:
        z = (matrix * line).sum(axis=1)
        off = weight * (expit(z) - happened)
        value = float(np.sum(weight * (np.logaddexp(0.0, z) - happened * z))) + 0.5 * float(
            np.sum(pull * (line - centre) ** 2)
        )
        return value, (matrix * off[:, None]).sum(axis=0) + pull * (line - centre)

    bounds = [(0.0, None)] * count + [(None, None)] * of_origin.shape[1]
    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:count])
