"""Here you find how a calibrator is learned on windows later than those a model was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from features.snapshot import Floats
from models.calibration import Calibrator, Curve, Isotonic, Sigmoid
from models.members import chance_of, log_odds_of
from training.metrics import log_loss

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

INTERCEPT_WEIGHT, SLOPE_WEIGHT, LEAST_SLOPE = 2.0, 10.0, 0.05
"""The sigmoid is drawn towards changing nothing: prior deviations of about 0.7 (a base rate that moved) and 0.3."""
ISOTONIC_FROM_ROWS = 1000
"""Under that, 20 steps hold too few customers each."""
STEPS, FOLDS = 20, 5
NEWTON_STEPS, SMALLEST_STEP = 30, 1e-9


@dataclass(frozen=True)
class Forecasts:
    """What was forecast for windows that nobody involved had seen, and what came; one row per (origin, customer).

    Attributes:
        log_odds: before calibration.
        happened: what was forecast came.
        origin: microseconds since 1970 UTC; one or more origins, in any order.
        customer: a number per customer, equal over origins.
        weight: how much each row counts (see ``TrainingSet.weight``).
    """

    log_odds: Floats
    happened: Flags
    origin: Ints
    customer: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.log_odds)


def fit_sigmoid(log_odds: Floats, happened: Flags, weight: Floats | None = None) -> Sigmoid:
    """The likeliest rising sigmoid, drawn towards (0, 1); without rows it changes nothing. No weight: all alike."""
    seen = _Seen(log_odds, happened, np.ones(len(log_odds)) if weight is None else weight)
    intercept, slope = _newton(seen, 0.0, 1.0, slope_is_free=True)
    if slope < LEAST_SLOPE:
        intercept, slope = _newton(seen, 0.0, LEAST_SLOPE, slope_is_free=False)
    return Sigmoid(intercept, slope)


@dataclass(frozen=True)
class _Seen:
    log_odds: Floats
    happened: Flags
    weight: Floats


def _newton(seen: _Seen, intercept: float, slope: float, *, slope_is_free: bool) -> tuple[float, float]:
    """Minimum of log loss plus pull, by Newton's steps, each halved until it helps; the loss is convex."""
    log_odds = seen.log_odds
    loss = _loss(seen, intercept, slope)
    for _ in range(NEWTON_STEPS):
        chance = expit(intercept + slope * log_odds)
        off, curve = seen.weight * (chance - seen.happened), seen.weight * (chance * (1 - chance))
        down = float(off.sum()) + INTERCEPT_WEIGHT * intercept
        across = float((off * log_odds).sum()) + SLOPE_WEIGHT * (slope - 1) if slope_is_free else 0.0
        a = float(curve.sum()) + INTERCEPT_WEIGHT
        b = float((curve * log_odds).sum()) if slope_is_free else 0.0
        c = float((curve * log_odds**2).sum()) + SLOPE_WEIGHT
        step = ((c * down - b * across) / (a * c - b * b), (a * across - b * down) / (a * c - b * b))
        size = 1.0
        while size > SMALLEST_STEP:
            moved = (intercept - size * step[0], slope - size * step[1])
            lower = _loss(seen, *moved)
            if lower <= loss:
                break
            size /= 2
        else:
            return intercept, slope
        (intercept, slope), gained, loss = moved, loss - lower, lower
        if gained <= SMALLEST_STEP * (1 + abs(loss)):
            break
    return intercept, slope


def _loss(seen: _Seen, intercept: float, slope: float) -> float:
    z = intercept + slope * seen.log_odds
    pull = INTERCEPT_WEIGHT * intercept**2 + SLOPE_WEIGHT * (slope - 1) ** 2
    return float(np.sum(seen.weight * (np.logaddexp(0.0, z) - seen.happened * z))) + 0.5 * pull


def fit_calibrator(forecasts: Forecasts) -> Calibrator:
    """The calibrator under which the forecasts mean what they say."""
    return Calibrator(fit_curve(forecasts.log_odds, forecasts.happened, forecasts.customer, forecasts.weight))


def fit_curve(log_odds: Floats, happened: Flags, customers: Ints, weight: Floats | None = None) -> Curve:
    """Sigmoid, or rising steps joined by lines where they forecast unseen customers of the same windows better.

    Steps are tried from 1,000 rows on, by the log loss of five folds of customers. A base rate that moves later
    moves both alike, so only a bent curve makes the steps win.
    """
    weight = np.ones(len(log_odds)) if weight is None else weight
    sigmoid = fit_sigmoid(log_odds, happened, weight)
    if len(log_odds) < ISOTONIC_FROM_ROWS:
        return sigmoid
    steps = _fit_isotonic(log_odds, happened, weight, sigmoid)
    if steps is None:
        return sigmoid
    losses = np.zeros(2)
    for fold in range(FOLDS):
        unseen = customers % FOLDS == fold
        if not unseen.any() or unseen.all():
            continue
        straight = fit_sigmoid(log_odds[~unseen], happened[~unseen], weight[~unseen])
        bent = _fit_isotonic(log_odds[~unseen], happened[~unseen], weight[~unseen], straight) or straight
        for place, each in enumerate((straight, bent)):
            chance = chance_of(each.apply(log_odds[unseen]))
            losses[place] += log_loss(chance, happened[unseen], weight[unseen]) * float(weight[unseen].sum())
    return steps if losses[1] < losses[0] else sigmoid


def _fit_isotonic(log_odds: Floats, happened: Flags, weight: Floats, sigmoid: Sigmoid) -> Isotonic | None:
    """Rising rates of up to 20 equal-count steps, each drawn a little to the sigmoid; None where they do not rise."""
    edges = np.unique(np.quantile(log_odds, np.linspace(0, 1, STEPS + 1)))
    step = np.searchsorted(edges[1:-1], log_odds, side="right")  # equal scores stay together
    bins = [np.flatnonzero(step == each) for each in np.unique(step)]
    centre = np.array([np.average(log_odds[rows], weights=weight[rows]) for rows in bins])
    size = np.array([weight[rows].sum() for rows in bins])
    expected = expit(sigmoid.apply(centre))
    came = np.array([(weight[rows] * happened[rows]).sum() for rows in bins])
    rate = (came + 2 * expected) / (size + 2)
    level = IsotonicRegression().fit_transform(centre, rate, sample_weight=size)
    knots, values = [], []
    for each in np.unique(level):
        pooled = level == each
        knots.append(float(np.average(centre[pooled], weights=size[pooled])))
        values.append(float(log_odds_of(np.array([each]))[0]))
    rises = len(knots) > 1 and bool(np.all(np.diff(knots) > 0)) and bool(np.all(np.diff(values) > 0))
    return Isotonic(tuple(knots), tuple(values), sigmoid.slope) if rises else None
