"""Here you find how far rates may end from the chances at origins to come, learned from origins that were forecast."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from features.snapshot import Floats
from models.calibration import Spread
from training.calibration.base_rates import YEAR_DAYS, BaseRates
from training.calibration.origin_levels import Forecasts, Line

CELLS, CELL_ROWS = 10, 50
SCATTERS, USUAL_SCATTER = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5), 0.2
"""Log-odds by which a score's rate may lie beside the curve, and the deviation of the half-normal prior over these."""


def spread_of(forecasts: Forecasts, line: Line, calibrated: Floats, days: Floats) -> Spread:
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


def _scatter(forecasts: Forecasts, line: Line, log_odds: Floats) -> float:
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
    share = np.array(SCATTERS) ** 2
    variance = np.array(surely)[None, :] + share[:, None]
    score = -0.5 * np.sum(np.array(off) ** 2 / variance + np.log(variance), axis=1) - 0.5 * share / USUAL_SCATTER**2
    likely = np.exp(score - score.max())
    return float(np.sqrt(likely @ share / likely.sum()))
