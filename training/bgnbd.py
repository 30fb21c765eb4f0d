"""Here you find the maximum likelihood fit of the BG/NBD model.

Source: Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24(2), equation 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from features.snapshot import Floats, Snapshot
from models.members import BgNbd

STARTS = ((1.0, 1.0, 1.0, 1.0), (0.25, 4.0, 0.8, 2.5), (2.0, 20.0, 0.3, 3.0))
LEAST, MOST = -7.0, 7.0  # of the parameters' logarithms
SHRINKAGE = 1e-3
"""Weight of the logarithms' squares when no start converges without it: keeps b finite where nobody leaves."""


@dataclass(frozen=True)
class Parameters:
    """r, alpha (purchase rates: gamma) and a, b (chance of leaving after a purchase: beta); time in weeks."""

    r: float
    alpha: float
    a: float
    b: float


def fit_parameters(repeats: Floats, last_weeks: Floats, age_weeks: Floats) -> Parameters:
    """The parameters most likely to give these customers; equal customers are counted, not repeated."""
    customers, counts = np.unique(np.column_stack([repeats, last_weeks, age_weeks]), axis=0, return_counts=True)
    x, t_x, age = customers.T
    weights = counts / counts.sum()

    def loss(logs: Floats, shrinkage: float) -> float:
        return float(-np.sum(weights * _log_likelihood(Parameters(*np.exp(logs)), x, t_x, age))) + shrinkage * float(
            np.sum(logs**2)
        )

    for shrinkage in (0.0, SHRINKAGE):
        fits = [
            minimize(loss, np.log(start), args=(shrinkage,), method="L-BFGS-B", bounds=[(LEAST, MOST)] * 4)
            for start in STARTS
        ]
        inside = [fit for fit in fits if fit.success and np.all(np.abs(fit.x) < MOST - 0.01)]
        if inside:
            break
    best = min(inside or fits, key=lambda fit: float(fit.fun))
    return Parameters(*(float(value) for value in np.exp(best.x)))


def fit_bg_nbd(everybody: Snapshot, horizon_days: int) -> BgNbd:
    """The member fitted on all customers that ever ordered, as the snapshot's one instant shows them."""
    order_days, silence, tenure = (everybody.feature(name) for name in BgNbd.INPUTS)
    ordered = ~np.isnan(silence)
    order_days, silence, tenure = order_days[ordered], silence[ordered], tenure[ordered]
    found = fit_parameters(order_days - 1, (tenure - silence) / 7, tenure / 7)
    usual = (float(np.median(order_days)), float(np.median(silence)), float(np.median(tenure)))
    return BgNbd("bg/nbd", found.r, found.alpha, found.a, found.b, horizon_days, usual)


def _log_likelihood(p: Parameters, x: Floats, t_x: Floats, age: Floats) -> Floats:
    rate: Floats = gammaln(p.r + x) - gammaln(p.r) + p.r * np.log(p.alpha)
    stays = betaln(p.a, p.b + x) - betaln(p.a, p.b) - (p.r + x) * np.log(p.alpha + age)
    with np.errstate(divide="ignore", invalid="ignore"):
        leaves = betaln(p.a + 1, p.b + x - 1) - betaln(p.a, p.b) - (p.r + x) * np.log(p.alpha + t_x)
    either: Floats = np.logaddexp(stays, np.where(x > 0, leaves, -np.inf))
    total: Floats = rate + either
    return total
