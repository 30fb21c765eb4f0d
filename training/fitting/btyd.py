"""The maximum likelihood fit of the "buy till you die" members (BTYD)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from features.snapshot import Floats, Snapshot
from models.btyd import BtydModel, Parameters, log_likelihood
from models.members import Btyd
from models.operational_time import OperationalTime

STARTS = ((1.0, 1.0, 1.0, 1.0), (0.25, 4.0, 0.8, 2.5), (2.0, 20.0, 0.3, 3.0))
LEAST, MOST = -7.0, 7.0  # of the parameters' logarithms
SHRINKAGE = 1e-3
"""Weight of the logarithms' squares when no start converges without it: keeps b finite where nobody leaves."""
TELLING_GAPS, TELLING_CUSTOMERS = 3, 20
MOST_CUSTOMERS = 4_000


def fit_parameters(
    model: BtydModel, repeats: Floats, last_weeks: Floats, age_weeks: Floats, *, regularity: int = 1
) -> Parameters:
    """The parameters most likely to give these customers; equal customers are counted, not repeated."""
    customers, counts = np.unique(np.column_stack([repeats, last_weeks, age_weeks]), axis=0, return_counts=True)
    x, last, age = customers.T
    weights = counts / counts.sum()

    def loss(logs: Floats, shrinkage: float) -> float:
        log_likelihoods = log_likelihood(model, _parameters(logs, regularity), x, last_weeks=last, age_weeks=age)
        return shrinkage * float(np.sum(logs**2)) - float(np.sum(weights * log_likelihoods))

    starts = sorted((np.log(start) for start in STARTS), key=lambda start: loss(start, 0.0))
    fits = []
    for shrinkage in (0.0, SHRINKAGE):
        for start in starts:
            fit = minimize(loss, start, args=(shrinkage,), method="L-BFGS-B", bounds=[(LEAST, MOST)] * 4)
            if fit.success and np.all(np.abs(fit.x) < MOST - 0.01):
                return _parameters(fit.x, regularity)
            fits.append(fit)
    return _parameters(min(fits, key=lambda fit: float(fit.fun)).x, regularity)


def _parameters(logs: Floats, regularity: int) -> Parameters:
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    return Parameters(r, alpha, a, b, regularity)


def fit_btyd(
    name: str, model: BtydModel, everybody: Snapshot, horizon_days: int, *, most_regular: int, time: OperationalTime
) -> Btyd:
    """The member fitted on all customers with an order, as of the snapshot's one instant, in operational time.

    Above MOST_CUSTOMERS it takes an even sample: that many give the four parameters to a few percent.
    """
    places = np.flatnonzero(~np.isnan(everybody.feature("days_since_last_order")))
    apart = -(-len(places) // MOST_CUSTOMERS)
    ordered = everybody.where(np.isin(np.arange(len(everybody)), places[::apart]))
    order_days, silence, tenure = (ordered.feature(name) for name in Btyd.INPUTS)
    now = ordered.as_of_days
    age, silent = (time.between(now - days, now) / 7 for days in (tenure, silence))
    parameters = fit_parameters(
        model, order_days - 1, age - silent, age, regularity=regularity_of(ordered, most_regular)
    )
    usual = (float(np.median(order_days)), float(np.median(silence)), float(np.median(tenure)))
    return Btyd(name, model, parameters, horizon_days, usual, time)


def regularity_of(customers: Snapshot, most: int) -> int:
    """k of gaps that are sums of k exponential waits: 1 ÷ their squared variation within a customer, 1 to ``most``.

    1 where too few customers have enough gaps.
    """
    gaps, mean, deviation = (
        customers.feature(f"gap_{statistic}") for statistic in ("count", "mean_days", "deviation_days")
    )
    has_enough_gaps = (gaps >= TELLING_GAPS) & (deviation > 0)
    if most == 1 or has_enough_gaps.sum() < TELLING_CUSTOMERS:
        return 1
    freedom = gaps[has_enough_gaps] - 1
    variation = float(np.sum(freedom * (deviation[has_enough_gaps] / mean[has_enough_gaps]) ** 2) / np.sum(freedom))
    return int(np.clip(round(1 / variation), 1, most))
