"""Calibration in the segments that matter most, and not only over all customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from models.records import as_record
from training.metrics import scoring as metrics
from training.metrics.scoring import LEAST_OUTCOMES

Flags = npt.NDArray[np.bool_]

TOP_TIER_SHARE = metrics.TOP_SHARES[-1]
"""The fifth of the customers that brings four fifths of the money (docs/domain.md, Why)."""


class Segment(StrEnum):
    """Groups of customers in which chances must be calibrated."""

    EVERYBODY = "everybody"
    TOP_VALUE_TIER = "top value tier"  # the fifth with the largest R
    NEWCOMERS = "newcomers"  # one or two order days
    KEY_ACCOUNTS = "key accounts"  # by any criterion that counts company-wide


@dataclass(frozen=True)
class Calibration:
    """Mean chance, observed rate, calibration error, and the 95th percentile of a perfect forecast's error."""

    predicted: float
    observed: float
    error: float
    perfect_error: float


@dataclass(frozen=True)
class SegmentCalibration:
    """Calibration in one segment.

    Attributes:
        circle: the segment. forecasts: one per customer and origin. customers: their number.
        calibration: forecasts count by their weight; None: under 50 forecasts.
    """

    circle: Segment
    forecasts: int
    customers: int
    calibration: Calibration | None

    @property
    def sentence(self) -> str:
        """The calibration in words."""
        if not self.forecasts:
            return "there were none"
        if self.calibration is None:
            return f"too few to say: {LEAST_OUTCOMES} forecasts are needed"
        return f"{self.calibration.predicted:.1%} were expected to stop, {self.calibration.observed:.1%} did"

    def record(self) -> dict[str, Any]:
        """The figures as JSON; ``calibration`` is null where ``sentence`` says why."""
        return {**as_record(self), "sentence": self.sentence}


def segments_at(
    ledger: Ledger, snapshot: Snapshot, *, as_of: AsOf, reference: Floats, policy: Policy
) -> dict[Segment, Flags]:
    """Membership of a snapshot's customers in each segment at its instant, as known then.

    Args:
        reference: R of each. Of equal R the smaller customer_id is in the top value tier.
    """
    ids, key_accounts = snapshot.customer_ids, key_accounts_at(ledger, as_of, policy)
    top = np.zeros(len(ids), dtype=np.bool_)
    top[order_of(reference, ids)[: int(TOP_TIER_SHARE * len(ids))]] = True
    return {
        Segment.EVERYBODY: np.ones(len(ids), dtype=np.bool_),
        Segment.TOP_VALUE_TIER: top,
        Segment.NEWCOMERS: is_newcomer(rungs_of(snapshot, policy)),
        Segment.KEY_ACCOUNTS: np.array([customer_id in key_accounts for customer_id in ids], dtype=np.bool_),
    }


def joined(parts: Sequence[Mapping[Segment, Flags]]) -> dict[Segment, Flags]:
    """The segments of several instants, one after another."""
    return {segment: np.concatenate([part[segment] for part in parts]) for segment in Segment}


def calibration_in(
    segments: Mapping[Segment, Flags],
    chance: Floats,
    churned: Flags,
    *,
    weight: Floats,
    customer: npt.NDArray[Any],
    seed: int,
) -> tuple[SegmentCalibration, ...]:
    """Calibration in each segment; called customers (weight 0) do not count, held-out ones count for several."""

    def calibration_of(segment: Segment, rows: Flags) -> SegmentCalibration:
        count, customers = int(rows.sum()), len(np.unique(customer[rows]))
        if count < LEAST_OUTCOMES:
            return SegmentCalibration(segment, count, customers, None)
        chances, outcomes, row_weights = chance[rows], churned[rows], weight[rows]
        return SegmentCalibration(
            segment,
            count,
            customers,
            Calibration(
                predicted=float(np.average(chances, weights=row_weights)),
                observed=float(np.average(outcomes, weights=row_weights)),
                error=metrics.calibration_error(chances, outcomes, row_weights),
                perfect_error=metrics.perfect_calibration_error(chances, seed, row_weights),
            ),
        )

    return tuple(calibration_of(segment, rows & (weight > 0)) for segment, rows in segments.items())


def segments_table(segments: Sequence[SegmentCalibration]) -> str:
    """The figures as a Markdown table; in words where there are too few forecasts."""
    lines = ["| among | forecasts | customers | predicted | observed | calibration error (perfect) |"]
    lines.append("|---|---|---|---|---|---|")
    for segment in segments:
        head, calibration = f"| {segment.circle} | {segment.forecasts:,} | {segment.customers:,}", segment.calibration
        if calibration is None:
            lines.append(f"{head} | {segment.sentence} | | |")
        else:
            error = f"{calibration.error:.3f} ({calibration.perfect_error:.3f})"
            lines.append(f"{head} | {calibration.predicted:.3f} | {calibration.observed:.3f} | {error} |")
    return "\n".join(lines)
