"""Value at risk: the expected shortfall E[max(R - net sales, 0)] of an account over the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from features.snapshot import Floats, Snapshot
from models.members import chance_of, log_odds_of
from models.probability import Probability

NINETY_PERCENT = 1.645
"""Standard deviations on either side of the mean that hold 90 %."""


class ShortfallKind(StrEnum):
    """How the missing share of R is estimated, before it is lifted."""

    REFERENCE_ALONE = "reference alone"  # the same share for all customers
    STOP_OR_SHRINK = "stop or shrink"  # customers that stop miss all of R, the others the same share
    LEARNED = "learned shortfall"  # a shrunken line and trees; the larger the ledger, the more the trees count


def lifted(share: Floats, lift: float) -> Floats:
    """Shares of R moved towards 1 (lift up to 1) or 0 (lift down to -1); all stay between 0 and 1."""
    moved: Floats = share + (1 - share) * lift if lift >= 0 else share * (1 + lift)
    return moved


def lift_of(shortfall: Floats, reference: Floats, share: Floats) -> float:
    """The lift, -1 to 1, with which Σ share × R is nearest to Σ shortfall; rows with an unknown value are left out."""
    known = ~np.isnan(shortfall + reference + share)
    actual, expected = float(np.sum(shortfall[known])), float(np.sum((reference * share)[known]))
    room = float(np.sum(reference[known])) - expected if actual >= expected else expected
    return float(np.clip((actual - expected) / room, -1.0, 1.0)) if room > 0 else 0.0


@dataclass(frozen=True)
class Shortfall:
    """Value at risk = missing share of R × R; never above R.

    Attributes:
        kind: how the share is estimated.
        share: a learned model of shortfall ÷ R, 0 to 1; None where nothing is learned.
        lift: makes the total over the calibration windows right (see ``lifted``).
        sales_factor: Σ net sales ÷ Σ (R - value at risk) of past windows: expected sales = this × (R - value at risk).
        spread: standard deviation, in log-odds, of the actual from the estimated share among accounts of similar score
            at a new origin; None: no forecast was ever tested.
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
        """Lower and upper bound of the average loss of such accounts, at 90 of 100 new origins; 0 to R."""
        if self.spread is None:
            unknown = np.full(len(reference), np.nan)
            return unknown, unknown
        log_odds = log_odds_of(np.divide(value_at_risk, reference, out=np.zeros(len(reference)), where=reference > 0))
        half = NINETY_PERCENT * self.spread
        low, high = reference * chance_of(log_odds - half), reference * chance_of(log_odds + half)
        return np.minimum(low, value_at_risk), np.maximum(high, value_at_risk)

    def expected_sales(self, reference: Floats, value_at_risk: Floats) -> Floats:
        """E[net sales] in the horizon, at least 0; NaN where value at risk is unknown."""
        return np.maximum(self.sales_factor * (reference - value_at_risk), 0.0)
