"""Here you find between which rates customers of one score may end at a new origin, learned from unseen windows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats
from models.calibration import IntervalMap
from models.members import chance_of
from training.calibrating import fit_sigmoid

GRID = np.linspace(-6.0, 6.0, 49)
DRAWS = 400
ENOUGH_ORIGINS = 4
ORIGIN_DEVIATION = 0.5
"""Log-odds a base rate usually moves between origins (12 points at one half); stands in where there are under 4."""


def interval_map(
    log_odds: Floats,
    happened: npt.NDArray[np.bool_],
    origin: npt.NDArray[np.int64],
    seed: int,
    *,
    weight: Floats | None = None,
) -> IntervalMap:
    """A 90 % interval for the rate among customers with a score at an origin not seen yet.

    Each draw resamples customers within every origin, learns how far the rate at each origin lay from the forecast, and
    takes one origin's distance, spread so that few origins are not mistaken for all there could be. Under four origins
    the usual movement of a base rate is added. No weight: all alike.
    """
    chance = np.random.default_rng(seed)
    each_row = np.ones(len(log_odds)) if weight is None else weight
    groups = [np.flatnonzero(origin == each) for each in np.unique(origin)]
    count = len(groups)
    draws = np.empty((DRAWS, len(GRID)))
    for draw in range(DRAWS):
        offsets = np.array([_offset(log_odds, happened, each_row, _redrawn(rows, chance)) for rows in groups])
        draws[draw] = GRID + _of_new_origin(offsets, chance, count)
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    return IntervalMap(_tuple(GRID), _tuple(chance_of(low)), _tuple(chance_of(high)), count)


def _of_new_origin(offsets: Floats, chance: np.random.Generator, count: int) -> Floats:
    centre = offsets.mean(axis=0)
    if count > 1:
        spread = np.sqrt((count + 1) / (count - 1))  # of the next one around the mean, from deviations around it
        centre = centre + spread * (offsets[chance.integers(count)] - centre)
    if count < ENOUGH_ORIGINS:
        centre = centre + chance.normal(0.0, ORIGIN_DEVIATION / np.sqrt(max(count, 1)))
    return np.asarray(centre)


def _offset(log_odds: Floats, happened: npt.NDArray[np.bool_], weight: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    line = fit_sigmoid(log_odds[rows], happened[rows], weight[rows])
    return np.asarray(line.intercept + (line.slope - 1) * GRID)


def _redrawn(rows: npt.NDArray[np.int64], chance: np.random.Generator) -> npt.NDArray[np.int64]:
    return rows[chance.integers(len(rows), size=len(rows))]


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
