"""Here you find the curve of a calibrator: a line, or rising steps where outcomes are bent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from features.snapshot import Floats
from models.calibration import Curve, Isotonic, Sigmoid
from training.calibration.origin_levels import Forecasts

Flags = npt.NDArray[np.bool_]

ISOTONIC_FROM_ROWS = 1000
"""Under that, 20 steps hold too few customers each."""
STEPS, FOLDS = 20, 5
STEP_ROWS = 2.0
"""Rows of the line's own rate that each step is given beside its own."""
NEWTON_STEPS, MOST_STEP, SMALLEST_STEP = 30, 1.0, 1e-9


def fit_curve(forecasts: Forecasts, slope: float, level: Floats, now: float) -> Curve:
    """The line, or rising steps joined by lines where they forecast rows left out of them better, not by chance.

    Steps are tried from 1,000 rows on, by the log loss of five folds of rows.

    Args:
        slope: of the line. level: of each row's origin. now: the level that the curve itself takes.
    """
    straight = Sigmoid(now, slope)
    if len(forecasts) < ISOTONIC_FROM_ROWS:
        return straight
    everything = np.ones(len(forecasts), dtype=np.bool_)
    steps = _steps(forecasts, slope, level, rows=everything)
    if steps is None:
        return straight
    gains = np.zeros(len(forecasts))
    for fold in range(FOLDS):
        unseen = np.arange(len(forecasts)) % FOLDS == fold
        bent = _steps(forecasts, slope, level, rows=~unseen)
        if bent is not None:
            z, happened = forecasts.log_odds[unseen], forecasts.happened[unseen]
            line, curve = (odds + level[unseen] for odds in (slope * z, bent.apply(z)))
            lost, gained = (np.logaddexp(0.0, odds) - happened * odds for odds in (line, curve))
            gains[unseen] = forecasts.weight[unseen] * (lost - gained)
    if gains.sum() <= np.sqrt((gains**2).sum()):  # within one deviation: noise
        return straight
    return Isotonic(steps.knots, tuple(value + now for value in steps.values), steps.end_slope)


def _steps(forecasts: Forecasts, slope: float, level: Floats, *, rows: Flags) -> Isotonic | None:
    """Rising log-odds of up to 20 equal-count steps beside the level of each row; None where they do not rise."""
    z, weight, happened = forecasts.log_odds[rows], forecasts.weight[rows], forecasts.happened[rows]
    edges = np.unique(np.quantile(z, np.linspace(0, 1, STEPS + 1)))
    step = np.searchsorted(edges[1:-1], z, side="right")  # equal scores stay together
    count = max(len(edges) - 1, 1)
    size = np.bincount(step, weight, count)
    filled = size > 0
    centre = np.bincount(step, weight * z, count)[filled] / size[filled]
    straight = slope * z + level[rows]
    correction = np.zeros(count)
    for _ in range(NEWTON_STEPS):
        chance = expit(straight + correction[step])
        curve = np.bincount(step, weight * chance * (1 - chance), count) + STEP_ROWS / 4
        move = (np.bincount(step, weight * (happened - chance), count) - STEP_ROWS / 4 * correction) / curve
        correction += np.clip(move, -MOST_STEP, MOST_STEP)
        if np.abs(move).max() < SMALLEST_STEP:
            break
    value, told = (slope * centre + correction[filled]), curve[filled]
    value = IsotonicRegression().fit_transform(centre, value, sample_weight=told)
    knots, values = [], []
    for each in np.unique(value):
        alike = value == each
        knots.append(float(np.average(centre[alike], weights=told[alike])))
        values.append(float(each))
    rises = len(knots) > 1 and bool(np.all(np.diff(knots) > 0)) and bool(np.all(np.diff(values) > 0))
    return Isotonic(tuple(knots), tuple(values), slope) if rises else None
