"""The LightGBM member: log-odds of a boosted model, and their contributions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from features.snapshot import Floats, Snapshot

ONE_THREAD_ROWS = 50_000


def threads_for(rows: int) -> int:
    """Threads for LightGBM: with few rows on a busy machine several threads only wait for each other."""
    return 1 if rows < ONE_THREAD_ROWS else 2


@dataclass(frozen=True)
class LightGbm:
    """A LightGBM booster, stored as its own text; raw scores are log-odds (of a chance or of a share).

    Raises:
        ValueError: the text is not that of a booster.
    """

    name: str
    text: str
    kind: Literal["lightgbm"] = "lightgbm"

    def __post_init__(self) -> None:
        _ = self._booster

    @cached_property
    def _booster(self) -> Any:
        import lightgbm  # a second and 100 MiB that a command which scores nothing never pays

        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(str(error)) from None

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The booster's features, in its order."""
        return tuple(self._booster.feature_name())

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """Raw scores; a row gets the same bits whatever rows stand beside it."""
        if not len(snapshot):
            return np.empty(0)
        matrix = snapshot.matrix(self.features)
        raw = self._booster.predict(matrix, raw_score=True, num_threads=threads_for(len(matrix)))
        return np.asarray(raw, dtype=np.float64)

    def contributions(self, snapshot: Snapshot) -> Floats:
        """Tree SHAP values per feature, then the expected raw score."""
        if not len(snapshot):
            return np.empty((0, len(self.features) + 1))
        matrix = snapshot.matrix(self.features)
        parts = self._booster.predict(matrix, pred_contrib=True, num_threads=threads_for(len(matrix)))
        return np.asarray(parts, dtype=np.float64)
