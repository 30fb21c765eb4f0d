"""The LightGBM member: log-odds of a boosted model, and what they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.snapshot import Floats, Snapshot

ONE_THREAD_ROWS = 50_000


def threads_for(rows: int) -> int:
    """Threads LightGBM works with: few rows on several threads of a busy machine only wait for each other."""
    return 1 if rows < ONE_THREAD_ROWS else 2


class LightGbm:
    """A LightGBM booster, held as its own text; raw scores are log-odds (of a chance or of a share).

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

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """Raw scores; a row gets the same bits whatever rows stand beside it."""
        if not len(snapshot):
            return np.empty(0)
        matrix = snapshot.matrix(self.features)
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
