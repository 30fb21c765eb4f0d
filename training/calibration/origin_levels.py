"""Forecasts beside what came of them, and the line that says how far each origin lay off."""

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
"""The line is drawn towards changing nothing: of an origin's offset hardly (deviation 2), of the slope by 0.3."""
NEWTON_STEPS, SMALLEST_STEP = 30, 1e-9


@dataclass(frozen=True)
class Forecasts:
    """What was forecast for windows that nobody involved had seen, and what came; one row per (origin, customer).

    Attributes:
        log_odds: before calibration.
        happened: what was forecast came.
        origin: microseconds since 1970 UTC; one or more origins, in any order.
        weight: how much each row counts, above 0.
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
    """One slope for all origins, and how far each origin's outcomes lay above slope × log-odds.

    Attributes:
        slope_deviation: how sure the slope is.
        place: of each row, its origin's place in ``base_rates``.
    """

    slope: float
    slope_deviation: float
    base_rates: BaseRates
    place: Ints


def fit_calibration_line(forecasts: Forecasts) -> CalibrationLine:
    """The likeliest rising line with an offset for each origin, drawn towards (0, 1)."""
    origins, place = np.unique(forecasts.origin, return_inverse=True)
    offsets, slope = _newton(forecasts, place, len(origins), 1.0, slope_is_free=True)
    if slope < LEAST_SLOPE:
        offsets, slope = _newton(forecasts, place, len(origins), LEAST_SLOPE, slope_is_free=False)
    chance = expit(offsets[place] + slope * forecasts.log_odds)
    curve = chance * (1 - chance)
    told = np.bincount(place, forecasts.weight * curve, len(origins))
    off = np.bincount(place, forecasts.weight * (forecasts.happened - chance), len(origins))
    rates = BaseRates(
        days=origins / MICROSECONDS_OF_A_DAY,
        offsets=offsets + off / told,  # takes back that each was drawn towards 0
        variances=np.bincount(place, forecasts.weight**2 * curve, len(origins)) / told**2,
        horizon_days=forecasts.horizon_days,
    )
    z = forecasts.log_odds
    off_centre = z - (np.bincount(place, forecasts.weight * curve * z, len(origins)) / told)[place]
    sureness = float(np.sum(forecasts.weight * curve * off_centre**2)) + SLOPE_WEIGHT
    return CalibrationLine(slope, float(sureness**-0.5), rates, place)


def levelled(forecasts: Forecasts) -> Floats:
    """Log-odds moved at each origin to where their mean chance is the rate that came; the order of customers stays."""
    origins, place = np.unique(forecasts.origin, return_inverse=True)
    offsets, _ = _newton(forecasts, place, len(origins), 1.0, slope_is_free=False)
    return np.asarray(forecasts.log_odds + offsets[place])


def _newton(
    forecasts: Forecasts, place: Ints, count: int, slope: float, *, slope_is_free: bool
) -> tuple[Floats, float]:
    """Minimum of log loss plus pull, by Newton's steps, each halved until it helps; the loss is convex."""
    offsets, z, weight = np.zeros(count), forecasts.log_odds, forecasts.weight
    loss = _loss(forecasts, place, offsets, slope)
    for _ in range(NEWTON_STEPS):
        chance = expit(offsets[place] + slope * z)
        off, curve = weight * (chance - forecasts.happened), weight * chance * (1 - chance)
        down = np.bincount(place, off, count) + OFFSET_WEIGHT * offsets
        across = float((off * z).sum()) + SLOPE_WEIGHT * (slope - 1) if slope_is_free else 0.0
        a = np.bincount(place, curve, count) + OFFSET_WEIGHT
        b = np.bincount(place, curve * z, count) if slope_is_free else np.zeros(count)
        c = float((curve * z**2).sum()) + SLOPE_WEIGHT
        turn = (across - float((b / a * down).sum())) / (c - float((b * b / a).sum()))
        move = (down - b * turn) / a
        size = 1.0
        while size > SMALLEST_STEP:
            moved = (offsets - size * move, slope - size * turn)
            lower = _loss(forecasts, place, *moved)
            if lower <= loss:
                break
            size /= 2
        else:
            return offsets, slope
        (offsets, slope), gained, loss = moved, loss - lower, lower
        if gained <= SMALLEST_STEP * (1 + abs(loss)):
            break
    return offsets, slope


def _loss(forecasts: Forecasts, place: Ints, offsets: Floats, slope: float) -> float:
    z = offsets[place] + slope * forecasts.log_odds
    pull = OFFSET_WEIGHT * float(np.sum(offsets**2)) + SLOPE_WEIGHT * (slope - 1) ** 2
    return float(np.sum(forecasts.weight * (np.logaddexp(0.0, z) - forecasts.happened * z))) + 0.5 * pull
