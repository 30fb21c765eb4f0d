"""The calibrator and its intervals, learned from forecasts of windows later than those its members were fitted on."""

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
"""Possible distances of a score's rate from the curve, in log-odds, and the scale of the half-normal prior on them."""
Flags = npt.NDArray[np.bool_]
ISOTONIC_FROM_ROWS = 1000
"""With fewer rows, each of 20 steps holds too few customers."""
STEPS, FOLDS = 20, 5
STEP_ROWS = 2.0
"""Rows at the line's own rate that are added to each step."""
NEWTON_STEPS, MOST_STEP, SMALLEST_STEP = 30, 1.0, 1e-9


def fit_calibrator(forecasts: Forecasts) -> Calibrator:
    """The calibrator that makes such forecasts match the rates at later origins.

    All origins share one curve; its level at each as-of is the one that past base rates predict. Without rows it
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
    """Days with a stored level: a quarter window apart, from the first origin to a year after the last window."""
    last = rates.closed_on
    step = max(rates.horizon_days / 4, LEAST_STEP_DAYS)
    before, after = np.ceil((last - rates.days[0]) / step), np.ceil(YEAR_DAYS / step)
    return np.asarray(last + step * np.arange(-before, after + 1))


def spread_of(forecasts: Forecasts, line: CalibrationLine, calibrated: Floats, days: Floats) -> Spread:
    """The possible distance between the rate of customers with one score and their chance, at as-ofs on these days.

    It has three sources: the base rate of a new origin, which is uncertain after few origins; the slope; and the
    scatter of scores around the curve.

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
    """The origins, a horizon apart, that one more year of ledger would add."""
    return np.asarray(rates.days[0] - rates.horizon_days * np.arange(1, YEAR_DAYS // rates.horizon_days + 1))


def _scatter(forecasts: Forecasts, line: CalibrationLine, log_odds: Floats) -> float:
    """Deviation of the rates of scores from the curve beyond chance, in log-odds, without each origin's level.

    It is a posterior over SCATTERS. Where no origin has two cells of 50 customers, the prior decides.
    """
    rates = line.base_rates
    offsets: list[float] = []
    variances: list[float] = []
    for place in range(len(rates.days)):
        rows = np.flatnonzero(line.place == place)
        cells = np.array_split(rows[np.argsort(log_odds[rows], kind="stable")], min(CELLS, len(rows) // CELL_ROWS) or 1)
        for cell in cells if len(cells) > 1 else ():
            chance, weight = expit(log_odds[cell] + rates.offsets[place]), forecasts.weight[cell]
            information = float(np.sum(weight * chance * (1 - chance)))
            offsets.append(float(np.sum(weight * (forecasts.happened[cell] - chance))) / information)
            variances.append(float(np.sum(weight**2 * chance * (1 - chance))) / information**2)
    log_prior = -0.5 * SCATTERS**2 / USUAL_SCATTER**2
    return posterior_deviation(np.array(offsets), np.array(variances), deviations=SCATTERS, log_prior=log_prior)


def fit_curve(forecasts: Forecasts, slope: float, level: Floats, now: float) -> Curve:
    """The line, or rising steps joined by lines where these forecast left-out rows better than chance explains.

    Steps are tried from 1,000 rows on, by the log loss of five folds of rows.

    Args:
        slope: of the line. level: of each row's origin. now: the level of the curve itself.
    """
    straight = Sigmoid(now, slope)
    if len(forecasts) < ISOTONIC_FROM_ROWS:
        return straight
    all_rows = np.ones(len(forecasts), dtype=np.bool_)
    steps = _steps(forecasts, slope, level, rows=all_rows)
    if steps is None:
        return straight
    gains = np.zeros(len(forecasts))
    for fold in range(FOLDS):
        left_out = np.arange(len(forecasts)) % FOLDS == fold
        partial = _steps(forecasts, slope, level, rows=~left_out)
        if partial is not None:
            z, happened = forecasts.log_odds[left_out], forecasts.happened[left_out]
            line, curve = (odds + level[left_out] for odds in (slope * z, partial.apply(z)))
            loss_of_line, loss_of_curve = (np.logaddexp(0.0, odds) - happened * odds for odds in (line, curve))
            gains[left_out] = forecasts.weight[left_out] * (loss_of_line - loss_of_curve)
    if gains.sum() <= np.sqrt((gains**2).sum()):  # within one deviation: noise
        return straight
    return Isotonic(steps.knots, tuple(value + now for value in steps.values), steps.end_slope)


def _steps(forecasts: Forecasts, slope: float, level: Floats, *, rows: Flags) -> Isotonic | None:
    """Rising log-odds of up to 20 equal-count steps, on top of each row's level; None where they do not rise."""
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
        step_size = (np.bincount(step, weight * (happened - chance), count) - STEP_ROWS / 4 * correction) / curve
        correction += np.clip(step_size, -MOST_STEP, MOST_STEP)
        if np.abs(step_size).max() < SMALLEST_STEP:
            break
    value, information = (slope * centre + correction[filled]), curve[filled]
    value = IsotonicRegression().fit_transform(centre, value, sample_weight=information)
    knots, values = [], []
    for level_value in np.unique(value):
        is_equal = value == level_value
        knots.append(float(np.average(centre[is_equal], weights=information[is_equal])))
        values.append(float(level_value))
    rises = len(knots) > 1 and bool(np.all(np.diff(knots) > 0)) and bool(np.all(np.diff(values) > 0))
    return Isotonic(tuple(knots), tuple(values), slope) if rises else None
