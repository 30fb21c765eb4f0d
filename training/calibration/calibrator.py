"""The calibrator, learned from forecasts of windows later than those its members were fitted on, and its intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from features.snapshot import Floats
from models.calibration import UNCHANGED, Calibrator, Curve, Isotonic, Sigmoid, Spread
from training.calibration.base_rates import YEAR_DAYS, BaseRates
from training.calibration.deviation import posterior_deviation
from training.calibration.origin_levels import CalibrationLine, Forecasts, fit_calibration_line

LEAST_STEP_DAYS = 7.0


CELLS, CELL_ROWS = 10, 50
SCATTERS, USUAL_SCATTER = np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.5]), 0.2
"""Log-odds by which a score's rate may lie beside the curve, and the deviation of the half-normal prior over these."""
Flags = npt.NDArray[np.bool_]
ISOTONIC_FROM_ROWS = 1000
"""Under that, 20 steps hold too few customers each."""
STEPS, FOLDS = 20, 5
STEP_ROWS = 2.0
"""Rows of the line's own rate that each step is given beside its own."""
NEWTON_STEPS, MOST_STEP, SMALLEST_STEP = 30, 1.0, 1e-9


def fit_calibrator(forecasts: Forecasts) -> Calibrator:
    """The calibrator under which such forecasts mean what they say at an origin to come.

    One curve for all origins; its level at each as-of is where the base rates of the past expect it. Without rows it
    changes nothing.
    """
    if not len(forecasts):
        return UNCHANGED
    line = fit_calibration_line(forecasts)
    rates = line.base_rates
    now, _ = rates.at(np.array([rates.closed_on]))
    curve = fit_curve(forecasts, line.slope, rates.offsets[line.place], float(now[0]))
    days = level_days(rates)
    offsets, _ = rates.at(days)
    spread = spread_of(forecasts, line, curve.apply(forecasts.log_odds), days)
    return Calibrator(curve, spread, tuple(days.tolist()), tuple((offsets - now[0]).tolist()))


def level_days(rates: BaseRates) -> Floats:
    """Days on which a level is told: a quarter window apart, from the first origin to a year after the last window."""
    last = rates.closed_on
    step = max(rates.horizon_days / 4, LEAST_STEP_DAYS)
    before, after = np.ceil((last - rates.days[0]) / step), np.ceil(YEAR_DAYS / step)
    return np.asarray(last + step * np.arange(-before, after + 1))


def spread_of(forecasts: Forecasts, line: CalibrationLine, calibrated: Floats, days: Floats) -> Spread:
    """How far the rate among customers of one score may end from its chance, at as-ofs on these days.

    Three things move it: the base rate of a new origin, which few origins leave wide open; the slope; and what scores
    do beside the curve.

    Args:
        calibrated: log-odds by the curve, as of the day the newest window closes.
    """
    rates = line.base_rates
    now, _ = rates.at(np.array([rates.closed_on]))
    _, level = rates.at(days)
    return Spread(
        days=tuple(days.tolist()),
        level=tuple(level.tolist()),
        level_in_a_year=rates.deviation_with(_a_year_before(rates), rates.closed_on),
        scatter=_scatter(forecasts, line, calibrated - now[0]),
        tilt=line.slope_deviation / line.slope,
        centre=float(np.average(calibrated, weights=forecasts.weight)),
        origins=len(rates.days),
    )


def _a_year_before(rates: BaseRates) -> Floats:
    """The origins, a horizon apart, that a year more of ledger would bring."""
    return np.asarray(rates.days[0] - rates.horizon_days * np.arange(1, YEAR_DAYS // rates.horizon_days + 1))


def _scatter(forecasts: Forecasts, line: CalibrationLine, log_odds: Floats) -> float:
    """Log-odds by which rates of scores lie beside the curve, each origin's level apart, more than customers scatter.

    Weighed over what it may be, as base rates are; where no origin has two cells of 50 customers the prior stands.
    """
    rates = line.base_rates
    off: list[float] = []
    surely: list[float] = []
    for place in range(len(rates.days)):
        rows = np.flatnonzero(line.place == place)
        cells = np.array_split(rows[np.argsort(log_odds[rows], kind="stable")], min(CELLS, len(rows) // CELL_ROWS) or 1)
        for cell in cells if len(cells) > 1 else ():
            chance, weight = expit(log_odds[cell] + rates.offsets[place]), forecasts.weight[cell]
            told = float(np.sum(weight * chance * (1 - chance)))
            off.append(float(np.sum(weight * (forecasts.happened[cell] - chance))) / told)
            surely.append(float(np.sum(weight**2 * chance * (1 - chance))) / told**2)
    log_prior = -0.5 * SCATTERS**2 / USUAL_SCATTER**2
    return posterior_deviation(np.array(off), np.array(surely), deviations=SCATTERS, log_prior=log_prior)


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
