"""Forecasts beside their outcomes, and the calibration line with an offset for each origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from features.snapshot import MICROSECONDS_OF_A_DAY, Floats
from training.calibration.base_rates import BaseRates

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

OFFSET_WEIGHT, SLOPE_WEIGHT, LEAST_SLOPE = 0.25, 10.0, 0.05
"""Pull towards no change: weak for the offset of an origin (deviation 2), stronger for the slope (0.3)."""
NEWTON_STEPS, SMALLEST_STEP = 30, 1e-9


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of unseen windows and their outcomes; one row per (origin, customer).

    Attributes:
        log_odds: before calibration.
        happened: the forecast event happened.
        origin: microseconds since 1970 UTC; one or more origins, in any order.
        weight: of each row, above 0.
        horizon_days: H, days of a window.
    """

    log_odds: Floats
    happened: Flags
    origin: Ints
    weight: Floats
    horizon_days: int

    def __len__(self) -> int:
        return len(self.log_odds)


def pooled(parts: Sequence[Forecasts]) -> Forecasts:
    """The forecasts of several origins as one; at least one part."""
    return Forecasts(
        log_odds=np.concatenate([part.log_odds for part in parts]),
        happened=np.concatenate([part.happened for part in parts]),
        origin=np.concatenate([part.origin for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        horizon_days=parts[0].horizon_days,
    )


@dataclass(frozen=True)
class CalibrationLine:
    """One slope for all origins, and the offset of each origin's outcomes above slope × log-odds.

    Attributes:
        slope_deviation: standard deviation of the slope.
        place: of each row's origin in ``base_rates``.
    """

    slope: float
    slope_deviation: float
    base_rates: BaseRates
    place: Ints


def fit_calibration_line(forecasts: Forecasts) -> CalibrationLine:
    """The maximum likelihood rising line with an offset for each origin, shrunken towards (0, 1)."""
    origins, place = np.unique(forecasts.origin, return_inverse=True)
    offsets, slope = _newton(forecasts, place, len(origins), 1.0, slope_is_free=True)
    if slope < LEAST_SLOPE:
        offsets, slope = _newton(forecasts, place, len(origins), LEAST_SLOPE, slope_is_free=False)
    chance = expit(offsets[place] + slope * forecasts.log_odds)
    curve = chance * (1 - chance)
    information = np.bincount(place, forecasts.weight * curve, len(origins))
    residual = np.bincount(place, forecasts.weight * (forecasts.happened - chance), len(origins))
    rates = BaseRates(
        days=origins / MICROSECONDS_OF_A_DAY,
        offsets=offsets + residual / information,  # undoes the shrinkage towards 0
        variances=np.bincount(place, forecasts.weight**2 * curve, len(origins)) / information**2,
        horizon_days=forecasts.horizon_days,
    )
    z = forecasts.log_odds
    centred = z - (np.bincount(place, forecasts.weight * curve * z, len(origins)) / information)[place]
    precision = float(np.sum(forecasts.weight * curve * centred**2)) + SLOPE_WEIGHT
    return CalibrationLine(slope, float(precision**-0.5), rates, place)


def levelled(forecasts: Forecasts) -> Floats:
    """Log-odds shifted at each origin so that their mean chance is the observed rate; the order of customers stays."""
    origins, place = np.unique(forecasts.origin, return_inverse=True)
    offsets, _ = _newton(forecasts, place, len(origins), 1.0, slope_is_free=False)
    return np.asarray(forecasts.log_odds + offsets[place])


def _newton(
    forecasts: Forecasts, place: Ints, count: int, slope: float, *, slope_is_free: bool
) -> tuple[Floats, float]:
    """The minimum of log loss plus pull, by Newton steps that are halved until they help; the loss is convex."""
    offsets, z, weight = np.zeros(count), forecasts.log_odds, forecasts.weight
    loss = _loss(forecasts, place, offsets, slope)
    for _ in range(NEWTON_STEPS):
        chance = expit(offsets[place] + slope * z)
        residual, curve = weight * (chance - forecasts.happened), weight * chance * (1 - chance)
        gradient = np.bincount(place, residual, count) + OFFSET_WEIGHT * offsets
        slope_gradient = float((residual * z).sum()) + SLOPE_WEIGHT * (slope - 1) if slope_is_free else 0.0
        a = np.bincount(place, curve, count) + OFFSET_WEIGHT
        b = np.bincount(place, curve * z, count) if slope_is_free else np.zeros(count)
        c = float((curve * z**2).sum()) + SLOPE_WEIGHT
        slope_step = (slope_gradient - float((b / a * gradient).sum())) / (c - float((b * b / a).sum()))
        move = (gradient - b * slope_step) / a
        size = 1.0
        while size > SMALLEST_STEP:
            candidate = (offsets - size * move, slope - size * slope_step)
            lower = _loss(forecasts, place, *candidate)
            if lower <= loss:
                break
            size /= 2
        else:
            return offsets, slope
        (offsets, slope), gain, loss = candidate, loss - lower, lower
        if gain <= SMALLEST_STEP * (1 + abs(loss)):
            break
    return offsets, slope


def _loss(forecasts: Forecasts, place: Ints, offsets: Floats, slope: float) -> float:
    z = offsets[place] + slope * forecasts.log_odds
    pull = OFFSET_WEIGHT * float(np.sum(offsets**2)) + SLOPE_WEIGHT * (slope - 1) ** 2
    return float(np.sum(forecasts.weight * (np.logaddexp(0.0, z) - forecasts.happened * z))) + 0.5 * pull
