"""Value at risk in margin instead of sales, where enough costs are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats, Snapshot


@dataclass(frozen=True)
class Margin:
    """Margin as a share of an account's sales: its own where its costs are known, else the company's.

    Attributes:
        share: margin ÷ net sales of the whole company, 0 to 1.
        cover: share of the company's net sales whose costs are known.
    """

    share: float
    cover: float

    def of(self, snapshot: Snapshot) -> Floats:
        """The share of each account, 0 to 1: 0 where sales make a loss."""
        own = snapshot.feature("margin_share_365_days")
        return np.clip(np.where(np.isnan(own), self.share, own), 0.0, 1.0)

    @property
    def sentence(self) -> str:
        """The note for readers of value at risk."""
        return f"Value at risk is margin, not sales: costs are known for {100 * self.cover:.0f} % of sales."
