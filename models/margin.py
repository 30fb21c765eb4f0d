"""Value at risk counted in margin instead of sales, where costs are known well enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats, Snapshot


@dataclass(frozen=True)
class Margin:
    """What of an account's sales is left to us: its own share where its costs are known, else the company's.

    Attributes:
        share: margin ÷ net sales of the whole company, 0 to 1.
        cover: share of the company's net sales whose costs are known.
    """

    share: float
    cover: float

    def of(self, snapshot: Snapshot) -> Floats:
        """The share of each account, 0 to 1: nothing is at risk where sales bring a loss."""
        own = snapshot.feature("margin_share_365_days")
        return np.clip(np.where(np.isnan(own), self.share, own), 0.0, 1.0)

    @property
    def sentence(self) -> str:
        """What a reader of value at risk has to know."""
        return f"Value at risk is margin, not sales: costs are known for {100 * self.cover:.0f} % of sales."
