"""Here you find value at risk: the expected shortfall E[max(R - net sales, 0)] of an account over the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from features.snapshot import Floats, Snapshot
from models.probability import Probability


class ShortfallKind(StrEnum):
    """How the share of R that will be missing is told."""

    REFERENCE_ALONE = "reference alone"  # everybody misses the same share
    PROBABILITY_TIMES_REFERENCE = "probability × reference"  # the churn chance is the share
    LINEAR = "linear shortfall"  # learned directly, shrunken: for small ledgers
    LIGHTGBM = "lightgbm shortfall"  # learned directly


@dataclass(frozen=True)
class Shortfall:
    """Value at risk = factor × share × R; the order of customers is that of share × R.

    Attributes:
        kind: where the share comes from.
        share: a learned model of shortfall ÷ R, 0 to 1; None where nothing is learned.
        factor: Σ shortfall ÷ Σ (share × R) of the calibration windows: makes the sum come true.
        sales_factor: Σ net sales ÷ Σ (R - value at risk) of the same: expected sales = this × (R - value at risk).
    """

    kind: ShortfallKind
    share: Probability | None = None
    factor: float = 1.0
    sales_factor: float = 1.0

    def plain(self, snapshot: Snapshot, reference: Floats, churn_probability: Floats) -> Floats:
        """Share × R: what the ranking goes by; NaN where R or the share is unknown."""
        match self.kind:
            case ShortfallKind.REFERENCE_ALONE:
                return reference
            case ShortfallKind.PROBABILITY_TIMES_REFERENCE:
                return reference * churn_probability
        if self.share is None:
            raise ValueError(f"{self.kind} without its share model")
        return reference * self.share.chance(snapshot)

    def value_at_risk(self, snapshot: Snapshot, reference: Floats, churn_probability: Floats) -> Floats:
        """Expected shortfall, at least 0; NaN where R or the share is unknown."""
        return np.maximum(self.factor * self.plain(snapshot, reference, churn_probability), 0.0)

    def expected_sales(self, reference: Floats, value_at_risk: Floats) -> Floats:
        """E[net sales] in the horizon, at least 0; NaN where value at risk is unknown."""
        return np.maximum(self.sales_factor * (reference - value_at_risk), 0.0)

    def record(self, texts: dict[str, str]) -> dict[str, Any]:
        """The model as JSON; LightGBM's text is put into ``texts``."""
        return {
            "kind": str(self.kind),
            "share": None if self.share is None else self.share.record(texts, "shortfall"),
            "factor": self.factor,
            "sales_factor": self.sales_factor,
        }

    @classmethod
    def of_record(cls, record: dict[str, Any], texts: Mapping[str, str]) -> Shortfall:
        """The model a record and LightGBM's text describe.

        Raises:
            KeyError, TypeError, ValueError: the record is none of ours.
        """
        share = None if record["share"] is None else Probability.of_record(record["share"], texts)
        return cls(ShortfallKind(record["kind"]), share, float(record["factor"]), float(record["sales_factor"]))
