"""How fast one row is scored by LightGBM's path for single rows, against ``Booster.predict``, in one run.

Example: python -m benchmarks.speed.single_row --repeats 5

The two are interleaved, each repeat the median of 500 calls. Fails where the ratio is above 0.45 or a bit differs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import lightgbm
import numpy as np
import numpy.typing as npt

from models.lightgbm_single_row import SingleRows
from training.fitting.lightgbm import settings

MOST = 0.45
CALLS = 500
SHAPES = {"small ledger": (45, 3_000, 60), "large ledger": (45, 20_000, 300), "wide catalogue": (150, 20_000, 300)}
"""Features, rows learned from and rounds."""

Floats = npt.NDArray[np.float64]


def booster_text(features: int, rows: int, rounds: int, seed: int = 7) -> str:
    """A booster fitted as training fits them, on made-up rows with unknown values."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(rows, features))
    told = (matrix[:, 0] + draw.normal(size=rows) > 0).astype(float)
    matrix[draw.random(matrix.shape) < 0.1] = np.nan
    text: str = lightgbm.train(settings(rows, seed), lightgbm.Dataset(matrix, told), rounds).model_to_string()
    return text


def measure(text: str, features: int, repeats: int) -> tuple[float, float]:
    """Median microseconds of a call: by the path for single rows, and by ``Booster.predict``."""
    booster, single = lightgbm.Booster(model_str=text), SingleRows(text, features)
    rows = np.random.default_rng(1).normal(size=(CALLS, 1, features))
    rows[np.random.default_rng(2).random(rows.shape) < 0.1] = np.nan

    def predict(row: Floats) -> Floats:
        return np.asarray(booster.predict(row, raw_score=True, num_threads=1), dtype=np.float64)

    assert all(predict(row).tobytes() == single.raw_scores(row).tobytes() for row in rows), "a bit differs"
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(_microseconds(single.raw_scores, rows))
        theirs.append(_microseconds(predict, rows))
    return statistics.median(ours), statistics.median(theirs)


def _microseconds(score: Callable[[Floats], Floats], rows: Floats) -> float:
    took = []
    for row in rows:
        began = time.perf_counter_ns()
        score(row)
        took.append(time.perf_counter_ns() - began)
    return statistics.median(took) / 1_000


def main() -> None:
    """Print both times and their ratio for each shape of model."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--repeats", type=int, default=5)
    repeats, worst = ask.parse_args().repeats, 0.0
    for name, (features, rows, rounds) in SHAPES.items():
        ours, theirs = measure(booster_text(features, rows, rounds), features, repeats)
        worst = max(worst, ours / theirs)
        print(f"{name:<15} {features:>4} features: {ours:6.1f} us against {theirs:6.1f} us, {ours / theirs:.2f}x")
    if worst > MOST:
        sys.exit(f"single rows take {worst:.2f} of the time of Booster.predict, more than {MOST}")


if __name__ == "__main__":
    main()
