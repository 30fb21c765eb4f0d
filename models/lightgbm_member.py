"""The LightGBM member: log-odds of a boosted model, and what they are made of."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from features.snapshot import Floats, Snapshot
from models.lightgbm_single_row import FEW_ROWS, NoSingleRowPathError, SingleRows

ONE_THREAD_ROWS = 50_000


class SlowSingleRowsWarning(RuntimeWarning):
    """Single rows are scored as any others: the same result, in more than twice the time."""


def threads_for(rows: int) -> int:
    """Threads LightGBM works with: few rows on several threads of a busy machine only wait for each other."""
    return 1 if rows < ONE_THREAD_ROWS else 2


class LightGbm:
    """A LightGBM booster, held as its own text; raw scores are log-odds (of a chance or of a share).

    Attributes:
        single_rows: the path few rows are scored by; None, after a warning, where this LightGBM has none.

    Raises:
        ValueError: the text is no booster.
    """

    def __init__(self, name: str, text: str) -> None:
        import lightgbm  # a second and 100 MiB that a command which scores nothing never pays

        self.name = name
        self.text = text
        try:
            self._booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(str(error)) from None
        self.features: tuple[str, ...] = tuple(self._booster.feature_name())
        self.single_rows = _single_rows(text, len(self.features))

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """Raw scores; few rows go by LightGBM's path for single rows, which gives the same bits sooner."""
        if not len(snapshot):
            return np.empty(0)
        matrix = snapshot.matrix(self.features)
        if self.single_rows is not None and len(matrix) <= FEW_ROWS:
            return self.single_rows.raw_scores(matrix)
        raw = self._booster.predict(matrix, raw_score=True, num_threads=threads_for(len(matrix)))
        return np.asarray(raw, dtype=np.float64)

    def contributions(self, snapshot: Snapshot) -> Floats:
        """Tree SHAP per feature, then the expected raw score."""
        if not len(snapshot):
            return np.empty((0, len(self.features) + 1))
        matrix = snapshot.matrix(self.features)
        parts = self._booster.predict(matrix, pred_contrib=True, num_threads=threads_for(len(matrix)))
        return np.asarray(parts, dtype=np.float64)

    def record(self) -> dict[str, Any]:
        """Its name; the text lies beside."""
        return {"kind": "lightgbm", "name": self.name}


def _single_rows(text: str, columns: int) -> SingleRows | None:
    try:
        return SingleRows(text, columns)
    except NoSingleRowPathError as error:
        warnings.warn(f"Single rows are scored slowly: {error}.", SlowSingleRowsWarning, stacklevel=3)
        return None
