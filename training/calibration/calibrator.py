"""Here you find how a calibrator is learned from forecasts of windows later than those its members were fitted on."""

from __future__ import annotations

import numpy as np

from features.snapshot import Floats
from models.calibration import UNCHANGED, Calibrator
from training.calibration.base_rates import YEAR_DAYS, BaseRates
from training.calibration.intervals import spread_of
from training.calibration.origin_levels import Forecasts, fit_line
from training.calibration.steps import fit_curve

LEAST_STEP_DAYS = 7.0


def fit_calibrator(forecasts: Forecasts) -> Calibrator:
    """The calibrator under which such forecasts mean what they say at an origin to come.

    One curve for all origins; its level at each as-of is where the base rates of the past expect it. Without rows it
    changes nothing.
    """
    if not len(forecasts):
        return UNCHANGED
    line = fit_line(forecasts)
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
