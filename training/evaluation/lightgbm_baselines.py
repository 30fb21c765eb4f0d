"""The boosted baselines: LightGBM for chances and for money, tuned as a careful data scientist would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np

from features.catalog import MODEL_FEATURES
from features.snapshot import Floats, Snapshot
from models.lightgbm_member import threads_for
from models.reference import Reference
from training.dataset.training_set import TrainingSet

SETTINGS: tuple[dict[str, Any], ...] = tuple(
    {"num_leaves": leaves, "min_data_in_leaf": least, "lambda_l2": 5.0}
    for leaves in (4, 8, 15, 31)
    for least in (20, 100)
)
LEARNING_RATE, MOST_ROUNDS, PATIENCE_ROUNDS, FEW_ROUNDS = 0.05, 400, 30, 60
LEAST_VALIDATION_ROWS = 100
HEAVY_TAILS = {"objective": "tweedie", "tweedie_variance_power": 1.5}


def fit_tuned(rows: TrainingSet, newest: TrainingSet, seed: int) -> Callable[[Snapshot], Floats]:
    """Chances of no order by the settings with the best forecast of the newest window, fitted on all windows."""
    booster = _best(
        {"objective": "binary"}, rows, newest, lambda windows: windows.labels.churned.astype(np.float64), seed
    )
    return lambda snapshot: _forecast(booster, snapshot)


def fit_shortfall(
    rows: TrainingSet, newest: TrainingSet, reference: Reference, seed: int
) -> Callable[[Snapshot], Floats]:
    """Expected shortfalls, learned directly in the ledger's money under a heavy tail (Tweedie)."""

    def shortfall(windows: TrainingSet) -> Floats:
        return windows.labels.shortfall(reference.sales(windows.snapshot))

    booster = _best(HEAVY_TAILS, rows, newest, shortfall, seed)
    return lambda snapshot: _forecast(booster, snapshot)


def _best(
    objective: dict[str, Any],
    rows: TrainingSet,
    newest: TrainingSet,
    target: Callable[[TrainingSet], Floats],
    seed: int,
) -> lightgbm.Booster:
    earlier = rows.where(rows.origin < newest.origin.min())
    can_validate = min(len(earlier), len(newest)) >= LEAST_VALIDATION_ROWS and len(np.unique(target(earlier))) > 1
    settings, rounds = {**SETTINGS[0], **objective}, FEW_ROUNDS
    if can_validate:
        results = [_validated({**candidate, **objective}, earlier, newest, target, seed) for candidate in SETTINGS]
        place = int(np.argmin([loss for loss, _ in results]))
        settings, rounds = {**SETTINGS[place], **objective}, results[place][1]
    return lightgbm.train(_settings(settings, len(rows), seed), _dataset(rows, target), num_boost_round=rounds)


def _validated(
    settings: dict[str, Any],
    earlier: TrainingSet,
    newest: TrainingSet,
    target: Callable[[TrainingSet], Floats],
    seed: int,
) -> tuple[float, int]:
    dataset = _dataset(earlier, target)
    booster = lightgbm.train(
        _settings(settings, len(earlier), seed),
        dataset,
        num_boost_round=MOST_ROUNDS,
        valid_sets=[_dataset(newest, target, dataset)],
        callbacks=[lightgbm.early_stopping(PATIENCE_ROUNDS, verbose=False)],
    )
    loss = next(iter(booster.best_score["valid_0"].values()))
    return float(loss), max(int(booster.best_iteration), 10)


def _settings(settings: dict[str, Any], rows: int, seed: int) -> dict[str, Any]:
    return {
        **settings,
        "learning_rate": LEARNING_RATE,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "verbose": -1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads_for(rows),
    }


def _dataset(
    rows: TrainingSet, target: Callable[[TrainingSet], Floats], reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    return lightgbm.Dataset(rows.snapshot.matrix(MODEL_FEATURES), target(rows), reference=reference)


def _forecast(booster: lightgbm.Booster, snapshot: Snapshot) -> Floats:
    forecast = booster.predict(snapshot.matrix(MODEL_FEATURES), num_threads=threads_for(len(snapshot)))
    return np.asarray(forecast, dtype=np.float64)
