"""The fit of a LightGBM member: regularised by ledger size, the same bits for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from features.snapshot import Floats
from models.lightgbm_member import LightGbm, threads_for
from training.fitting.candidates import TreesRecipe

FEW_ROUNDS, MOST_ROUNDS, PATIENCE_ROUNDS = 60, 300, 30
LEAST_VALIDATION_ROWS = 200
LARGE_LEDGER_ROWS = 5000


@dataclass(frozen=True)
class Examples:
    """Rows to learn from: features, target (0 to 1) and weight of each.

    Attributes:
        level: log-odds that each row starts from and that are not learned; None: 0.
    """

    matrix: Floats
    target: Floats
    weight: Floats | None = None
    level: Floats | None = None

    def __len__(self) -> int:
        return len(self.target)


def settings(rows: int, seed: int) -> dict[str, Any]:
    """LightGBM's settings for a number of rows: few leaves, each with about a hundredth of the rows.

    ``cross_entropy`` is the log loss for chances and shares alike. No class weights: a chance must mean what it says.
    """
    return {
        "objective": "cross_entropy",
        "learning_rate": 0.05,
        "num_leaves": 7 if rows >= LARGE_LEDGER_ROWS else 4,
        "min_data_in_leaf": int(np.clip(rows // 100, 20, 200)),
        "feature_fraction": 0.4,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "verbose": -1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads_for(rows),
    }


def fit_boosted(
    name: str, features: tuple[str, ...], examples: Examples, *, earlier: Examples, later: Examples, seed: int
) -> LightGbm:
    """The member fitted on all examples, with the number of rounds that was best when ``earlier`` forecast ``later``.

    ``later`` are the examples of the newest fitting window, ``earlier`` those of windows closed before it.
    """
    parameters = settings(len(examples), seed)
    enough = min(len(earlier), len(later)) >= LEAST_VALIDATION_ROWS
    rounds = _rounds(features, earlier, later, seed) if enough else FEW_ROUNDS
    booster = lightgbm.train(parameters, _dataset(features, examples), num_boost_round=rounds)
    return LightGbm(name, booster.model_to_string())


def _rounds(features: tuple[str, ...], earlier: Examples, later: Examples, seed: int) -> int:
    dataset = _dataset(features, earlier)
    booster = lightgbm.train(
        settings(len(earlier), seed),
        dataset,
        num_boost_round=MOST_ROUNDS,
        valid_sets=[_dataset(features, later, dataset)],
        callbacks=[lightgbm.early_stopping(PATIENCE_ROUNDS, verbose=False)],
    )
    return max(int(booster.best_iteration), 10)


def _dataset(features: tuple[str, ...], examples: Examples, reference: Any = None) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        examples.matrix,
        examples.target,
        weight=examples.weight,
        init_score=examples.level,
        feature_name=list(features),
        reference=reference,
    )


def fit_trees(name: str, recipe: TreesRecipe, examples: Examples, *, seed: int) -> LightGbm:
    """The member fitted on all examples in the recipe's rounds; each split is the best of a few drawn by chance.

    Trees learn each row's departure from its level, and forecast it around the mean level of all examples.

    Source: Geurts, Ernst & Wehenkel 2006, Extremely randomized trees: many small ledgers are too few to search harder.
    """
    parameters = settings(len(examples), seed) | {
        "extra_trees": True,
        "num_leaves": recipe.leaves,
        "feature_fraction": recipe.feature_share,
        "bagging_fraction": recipe.row_share,
        "lambda_l2": recipe.shrinkage,
    }
    booster = lightgbm.train(parameters, _dataset(recipe.features, examples), num_boost_round=recipe.rounds)
    if examples.level is not None:  # LightGBM leaves it out of its forecasts
        _raise(booster, float(np.average(examples.level, weights=examples.weight)))
    return LightGbm(name, booster.model_to_string())


def _raise(booster: lightgbm.Booster, by: float) -> None:
    """Adds a constant to all forecasts, in the leaves of the first tree."""
    leaves = booster.dump_model(num_iteration=1)["tree_info"][0]["num_leaves"]
    for leaf in range(leaves):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + by)
