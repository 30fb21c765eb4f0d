"""Whether chances mean what they say where it matters most, not only on average over everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats, Snapshot
from features.standing.key_accounts import key_accounts_at
from features.standing.ladder import is_newcomer, rungs_of
from models.ranking import order_of
from training.metrics import scoring as metrics
from training.metrics.scoring import LEAST_OUTCOMES

Flags = npt.NDArray[np.bool_]

TOP_TIER_SHARE = metrics.TOP_SHARES[-1]
"""The fifth of the customers that brings four fifths of the money (docs/domain.md, Why)."""


class Segment(StrEnum):
    """Customers among whom chances must mean what they say."""

    EVERYBODY = "everybody"
    TOP_VALUE_TIER = "top value tier"  # the fifth with the largest R
    NEWCOMERS = "newcomers"  # one or two order days
    KEY_ACCOUNTS = "key accounts"  # by any criterion that counts company-wide


@dataclass(frozen=True)
class Calibration:
    """Mean chance and observed rate, the calibration error, and that which a perfect forecast stays under in 95 %."""

    predicted: float
    observed: float
    error: float
    perfect_error: float


@dataclass(frozen=True)
class SegmentCalibration:
    """How the chances told to one circle held.

    Attributes:
        forecasts: that count, one per customer and origin. customers: how many they are of.
        calibration: each forecast by its weight; None: under 50 forecasts.
    """

    circle: Segment
    forecasts: int
    customers: int
    calibration: Calibration | None

    @property
    def sentence(self) -> str:
        """The same for a person."""
        if not self.forecasts:
            return "there were none"
        if self.calibration is None:
            return f"too few to say: {LEAST_OUTCOMES} forecasts are needed"
        return f"{self.calibration.predicted:.1%} were expected to stop, {self.calibration.observed:.1%} did"

    def record(self) -> dict[str, Any]:
        """The figures as JSON; ``calibration`` is null where ``sentence`` says why."""
        return {**asdict(self), "circle": str(self.circle), "sentence": self.sentence}


def segments_at(
    ledger: Ledger, snapshot: Snapshot, *, as_of: AsOf, reference: Floats, policy: Policy
) -> dict[Segment, Flags]:
    """Who of a snapshot's customers was in each circle at its instant, as was known then.

    Args:
        reference: R of each. Of equal R the smaller customer_id is in the top value tier.
    """
    ids, key = snapshot.customer_ids, key_accounts_at(ledger, as_of, policy)
    top = np.zeros(len(ids), dtype=np.bool_)
    top[order_of(reference, ids)[: int(TOP_TIER_SHARE * len(ids))]] = True
    return {
        Segment.EVERYBODY: np.ones(len(ids), dtype=np.bool_),
        Segment.TOP_VALUE_TIER: top,
        Segment.NEWCOMERS: is_newcomer(rungs_of(snapshot, policy)),
        Segment.KEY_ACCOUNTS: np.array([each in key for each in ids], dtype=np.bool_),
    }


def joined(parts: Sequence[Mapping[Segment, Flags]]) -> dict[Segment, Flags]:
    """The circles of several instants, one after another."""
    return {circle: np.concatenate([part[circle] for part in parts]) for circle in Segment}


def calibration_in(
    segments: Mapping[Segment, Flags],
    chance: Floats,
    churned: Flags,
    *,
    weight: Floats,
    customer: npt.NDArray[Any],
    seed: int,
) -> tuple[SegmentCalibration, ...]:
    """How chances held in each circle; who was called (weight 0) counts nowhere, who was held out for several."""

    def told(circle: Segment, rows: Flags) -> SegmentCalibration:
        count, customers = int(rows.sum()), len(np.unique(customer[rows]))
        if count < LEAST_OUTCOMES:
            return SegmentCalibration(circle, count, customers, None)
        here, came, each = chance[rows], churned[rows], weight[rows]
        return SegmentCalibration(
            circle,
            count,
            customers,
            Calibration(
                predicted=float(np.average(here, weights=each)),
                observed=float(np.average(came, weights=each)),
                error=metrics.calibration_error(here, came, each),
                perfect_error=metrics.perfect_calibration_error(here, seed, each),
            ),
        )

    return tuple(told(circle, rows & (weight > 0)) for circle, rows in segments.items())


def segments_table(found: Sequence[SegmentCalibration]) -> str:
    """The figures as a table of Markdown; in words where there are too few to say."""
    lines = ["| among | forecasts | customers | predicted | observed | calibration error (perfect) |"]
    lines.append("|---|---|---|---|---|---|")
    for each in found:
        head, told = f"| {each.circle} | {each.forecasts:,} | {each.customers:,}", each.calibration
        if told is None:
            lines.append(f"{head} | {each.sentence} | | |")
        else:
            error = f"{told.error:.3f} ({told.perfect_error:.3f})"
            lines.append(f"{head} | {told.predicted:.3f} | {told.observed:.3f} | {error} |")
    return "\n".join(lines)
