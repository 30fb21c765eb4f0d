"""Value at risk: the expected shortfall E[max(R - net sales, 0)] of an account over the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from features.snapshot import Floats, Snapshot
from models.members import chance_of, log_odds_of
from models.probability import Probability

NINETY_PERCENT = 1.645
"""Deviations on either side of the middle that hold 90 of 100."""


class ShortfallKind(StrEnum):
    """How the share of R that will be missing is told, before it is lifted."""

    REFERENCE_ALONE = "reference alone"  # everybody misses the same share
    STOP_OR_SHRINK = "stop or shrink"  # who stops misses all, who goes on the same share
    LEARNED = "learned shortfall"  # learned directly: a shrunken line and trees, the more of them the larger the ledger


def lifted(share: Floats, lift: float) -> Floats:
    """Shares of R moved towards all (lift up to 1) or nothing (lift down to -1), each staying between 0 and 1."""
    moved: Floats = share + (1 - share) * lift if lift >= 0 else share * (1 + lift)
    return moved


def lift_of(shortfall: Floats, reference: Floats, share: Floats) -> float:
    """The lift by which Σ share × R comes true, as near as -1 to 1 allows; rows with anything unknown take no part."""
    known = ~np.isnan(shortfall + reference + share)
    seen, told = float(np.sum(shortfall[known])), float(np.sum((reference * share)[known]))
    room = float(np.sum(reference[known])) - told if seen >= told else told
    return float(np.clip((seen - told) / room, -1.0, 1.0)) if room > 0 else 0.0


@dataclass(frozen=True)
class Shortfall:
    """Value at risk = share of R that will be missing × R; never above R.

    Attributes:
        kind: where the share comes from.
        share: a learned model of shortfall ÷ R, 0 to 1; None where nothing is learned.
        lift: makes the sum over the calibration windows come true (see ``lifted``).
        sales_factor: Σ net sales ÷ Σ (R - value at risk) of past windows: expected sales = this × (R - value at risk).
        spread: deviation, in log-odds, of the share seen among accounts of like score at a new origin from the share
            told; None: nothing was ever told.
    """

    kind: ShortfallKind
    share: Probability | None = None
    lift: float = 0.0
    sales_factor: float = 1.0
    spread: float | None = None

    def plain_share(self, snapshot: Snapshot, churn_probability: Floats) -> Floats:
        """The share before it is lifted; NaN where it is unknown."""
        match self.kind:
            case ShortfallKind.REFERENCE_ALONE:
                return np.zeros(len(snapshot))
            case ShortfallKind.STOP_OR_SHRINK:
                return churn_probability
        if self.share is None:
            raise ValueError(f"{self.kind} without its share model")
        return self.share.chance(snapshot)

    def value_at_risk(self, snapshot: Snapshot, reference: Floats, churn_probability: Floats) -> Floats:
        """Expected shortfall, 0 to R; NaN where R or the share is unknown."""
        return reference * lifted(self.plain_share(snapshot, churn_probability), self.lift)

    def bounds(self, reference: Floats, value_at_risk: Floats) -> tuple[Floats, Floats]:
        """Between which accounts with this value at risk lose on average, at 90 of 100 new origins; 0 to R."""
        if self.spread is None:
            unknown = np.full(len(reference), np.nan)
            return unknown, unknown
        told = log_odds_of(np.divide(value_at_risk, reference, out=np.zeros(len(reference)), where=reference > 0))
        half = NINETY_PERCENT * self.spread
        low, high = reference * chance_of(told - half), reference * chance_of(told + half)
        return np.minimum(low, value_at_risk), np.maximum(high, value_at_risk)

    def expected_sales(self, reference: Floats, value_at_risk: Floats) -> Floats:
        """E[net sales] in the horizon, at least 0; NaN where value at risk is unknown."""
        return np.maximum(self.sales_factor * (reference - value_at_risk), 0.0)
