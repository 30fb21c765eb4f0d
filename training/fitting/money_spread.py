"""Here you find how far the share of R that accounts of one score lose may end from the one told, at new origins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats
from training.dataset.training_set import TrainingSet

CELLS, CELL_ROWS = 5, 50
SPREADS = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.4])
USUAL_SPREAD = 0.4
"""Log-odds, deviation of the half-normal prior: what levels of 20 made-up and real ledgers move by between origins."""


@dataclass(frozen=True)
class MoneyForecasts:
    """Money told of unseen windows and what came, one row per (origin, account)."""

    value_at_risk: Floats
    reference: Floats
    shortfall: Floats
    rows: TrainingSet


def spread_of(told: MoneyForecasts | None) -> float:
    """Deviation, in log-odds, of the share seen among accounts of like score at a new origin from the share told.

    Every origin's accounts are cut into up to five cells of 50 and more by the share told; how far what a cell saw lies
    off, less what so few accounts scatter by chance, weighed over what the deviation may be. Without any the prior
    alone speaks.
    """
    off, by_chance = _cells(told) if told else (np.empty(0), np.empty(0))
    variance = by_chance[None, :] ** 2 + SPREADS[:, None] ** 2
    score = -0.5 * np.sum(off**2 / variance + np.log(variance), axis=1) - 0.5 * (SPREADS / USUAL_SPREAD) ** 2
    likely = np.exp(score - score.max())
    return float(np.sqrt(likely @ SPREADS**2 / likely.sum()))


def _cells(told: MoneyForecasts) -> tuple[Floats, Floats]:
    """How far each cell's accounts lay off, in log-odds, and its deviation by chance; larger accounts say more."""
    share = np.divide(told.value_at_risk, told.reference, out=np.full(len(told.rows), np.nan), where=told.reference > 0)
    known, at, votes = ~np.isnan(share), told.rows.origin, told.rows.weight
    off: list[float] = []
    by_chance: list[float] = []
    for origin in np.unique(at[known]):
        rows = np.flatnonzero(known & (at == origin))
        ranked = rows[np.argsort(share[rows], kind="stable")]
        for cell in np.array_split(ranked, int(np.clip(len(rows) // CELL_ROWS, 1, CELLS))):
            weight = votes[cell] * np.sqrt(told.reference[cell])
            told_share = np.clip(share[cell], 0.001, 0.999)
            seen = np.minimum(told.shortfall[cell] / told.reference[cell], 1.0)
            curve = float(np.sum(weight * told_share * (1 - told_share)))
            if curve > 0:
                off.append(float(np.sum(weight * (seen - told_share))) / curve)
                by_chance.append(float(np.sqrt(np.sum((weight * (seen - told_share)) ** 2))) / curve)
    return np.array(off), np.array(by_chance)
