"""Buy-till-you-die models (BTYD): the likelihood of a customer's order days, silence and age.

The chance of no order in the next H days is the likelihood of the same customer with H more days of silence, divided by
that of the silence until now. Time is in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import betaln, gammaln, hyp2f1, logsumexp

from features.snapshot import Floats

SMALLEST = 1e-300
STEEPNESS, NEWTON_STEPS = 5, 12
NODES, NODE_WEIGHTS = (values / 2 for values in np.polynomial.legendre.leggauss(24))
NODES = NODES + 0.5
"""Gauss-Legendre nodes, from 0 to 1."""


class BtydModel(StrEnum):
    """How customers leave for good; until then each buys at its own rate, gamma distributed over customers."""

    BG_NBD = "bg/nbd"  # after an order, from the second on (Fader, Hardie & Lee 2005)
    MBG_NBD = "mbg/nbd"  # after any order, the first too (Batislam, Denizel & Filiztekin 2007)
    PARETO_NBD = "pareto/nbd"  # at any time (Schmittlein, Morrison & Colombo 1987)


@dataclass(frozen=True)
class Parameters:
    """Rates of buying are gamma(r, alpha); chances of leaving are beta(a, b), or gamma(a, b) rates in Pareto/NBD.

    Attributes:
        regularity: k; each gap is the sum of k exponential waits (Platzer & Reutterer 2016); 1: purely random.
    """

    r: float
    alpha: float
    a: float
    b: float
    regularity: int = 1


def log_likelihood(
    model: BtydModel, parameters: Parameters, repeats: Floats, *, last_weeks: Floats, age_weeks: Floats
) -> Floats:
    """The log-likelihood of each customer's repeat order days, last order day and age.

    Up to a term that depends on neither parameters nor age (for k above 1 it holds the single gaps).

    Args:
        repeats: order days after the first one. last_weeks, age_weeks: weeks from the first order day to the last one,
            and to now.
    """
    if model is BtydModel.PARETO_NBD:
        return _pareto(parameters, repeats, last_weeks, age_weeks)
    p, waits = parameters, parameters.regularity * repeats
    chances_to_leave = repeats if model is BtydModel.BG_NBD else repeats + 1
    bought = gammaln(p.r + waits) - gammaln(p.r) + p.r * np.log(p.alpha) - betaln(p.a, p.b)
    stayed = betaln(p.a, p.b + chances_to_leave) + _silent(p, waits, last_weeks, age_weeks)
    left = betaln(p.a + 1, p.b + np.maximum(chances_to_leave, 1) - 1) - (p.r + waits) * np.log(p.alpha + last_weeks)
    with np.errstate(invalid="ignore"):  # a customer that never ordered
        likelihood: Floats = bought + np.logaddexp(stayed, np.where(chances_to_leave > 0, left, -np.inf))
    return likelihood


def _silent(p: Parameters, waits: Floats, last_weeks: Floats, age_weeks: Floats) -> Floats:
    """The log-likelihood of the open gap, of whose k waits 0 to k - 1 are over."""
    with np.errstate(divide="ignore"):
        silence = np.log(age_weeks - last_weeks)
    parts = []
    for over in range(p.regularity):
        shape = p.r + waits + over
        part = gammaln(shape) - gammaln(p.r + waits) - shape * np.log(p.alpha + age_weeks)
        parts.append(part + over * silence - gammaln(over + 1) if over else part)
    return np.asarray(logsumexp(np.stack(parts), axis=0))


def _pareto(p: Parameters, repeats: Floats, last_weeks: Floats, age_weeks: Floats) -> Floats:
    """Source: Fader & Hardie 2005, A note on deriving the Pareto/NBD model, equations 16 to 19."""
    left = _left_by_series(p, repeats, last_weeks, age_weeks)
    failed = ~np.isfinite(left)
    if failed.any():
        left[failed] = _left_by_nodes(p, repeats[failed], last_weeks[failed], age_weeks[failed])
    stayed = -(p.r + repeats) * np.log(p.alpha + age_weeks) - p.a * np.log(p.b + age_weeks)
    bought = gammaln(p.r + repeats) - gammaln(p.r) + p.r * np.log(p.alpha) + p.a * np.log(p.b)
    with np.errstate(invalid="ignore"):  # a customer that never ordered
        likelihood: Floats = bought + np.logaddexp(stayed, left)
    return likelihood


def _left_by_series(p: Parameters, repeats: Floats, last_weeks: Floats, age_weeks: Floats) -> Floats:
    """log ∫ a (b + t)^-(a + 1) (α + t)^-(r + repeats) dt from the last order to now: left at any time since.

    By Euler's transformation of the hypergeometric function, so that the factor that would overflow is a logarithm. NaN
    where scipy fails to compute the function, which is 1 or more.
    """
    longer, shorter = max(p.alpha, p.b), min(p.alpha, p.b)
    total = p.r + p.a + repeats
    second = p.a + 1 if p.alpha >= p.b else p.r + repeats

    def tail(weeks: Floats) -> Floats:
        value = hyp2f1(1.0, total + 1 - second, total + 1, (longer - shorter) / (longer + weeks))
        valid = np.where((value >= 1) & np.isfinite(value), value, np.nan)
        factor = (1 - second) * np.log((shorter + weeks) / (longer + weeks)) - total * np.log(longer + weeks)
        return np.asarray(np.log(valid) + factor)

    at_last, now = tail(last_weeks), tail(age_weeks)
    between = np.log(np.maximum(-np.expm1(np.minimum(now - at_last, 0.0)), SMALLEST))
    return np.asarray(np.log(p.a) - np.log(total) + at_last + between)


def _left_by_nodes(p: Parameters, repeats: Floats, last_weeks: Floats, age_weeks: Floats) -> Floats:
    """The same integral by Gauss-Legendre nodes: slower, and exact to six digits, at extreme parameters to two.

    Integrates over q^(1/STEEPNESS), where q is the chance that neither an order nor leaving has ended the silence; what
    remains is the share of leaving in both, which is smooth. Newton steps find the time of each q, as
    y = log((b + t) ÷ (b + last)).
    """
    rate = (p.r + repeats)[:, None]
    ratio = ((p.b + last_weeks) / (p.alpha + last_weeks))[:, None]
    farthest = np.log((p.b + age_weeks) / (p.b + last_weeks))[:, None]
    all_of = p.a * farthest + rate * np.log((p.alpha + age_weeks) / (p.alpha + last_weeks))[:, None]
    width = -np.expm1(-all_of / STEEPNESS)
    log_node = np.log1p(-width * (1 - NODES))
    y = np.minimum(-STEEPNESS * log_node / (p.a + rate * np.minimum(ratio, 1.0)), farthest)
    for _ in range(NEWTON_STEPS):
        grown = ratio * np.expm1(y)
        off = p.a * y + rate * np.log1p(grown) + STEEPNESS * log_node
        y = np.clip(y - off / (p.a + rate * (ratio + grown) / (1 + grown)), 0.0, farthest)
    grown = ratio * np.expm1(y)
    share = p.a / (p.a + rate * (ratio + grown) / (1 + grown))
    sums = (share * NODE_WEIGHTS * STEEPNESS * np.exp((STEEPNESS - 1) * log_node) * width).sum(axis=1)
    before = p.a * np.log(p.b + last_weeks) + (p.r + repeats) * np.log(p.alpha + last_weeks)
    return np.asarray(np.log(np.maximum(sums, SMALLEST)) - before)
