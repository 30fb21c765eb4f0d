"""Drift: changes since the model in service was trained, and their likely cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.records import as_record
from training.monitoring.data_arrival import StoppedFeed
from training.monitoring.feature_drift import FeatureDrift

MOST_MISSING = 2
"""Days of the last 30 that a ledger may miss before that alone is an alarm."""
NOT_JUDGED = (
    "It is unknown whether customers look as in training: the model learned nothing, or the ledger does not hold the "
    "same weeks of last year."
)


@dataclass(frozen=True)
class BaseRate:
    """The newest closed window against the model's expectation.

    Attributes:
        customers: active and not called. expected, seen: chance of no order, and the share without an order.
        allowed: largest usual difference: three deviations of chance and of the usual moves of base rates.
        last_year: seen less expected in the same weeks of last year; None: the ledger does not hold them.
    """

    begins_on: date
    closed_on: date
    customers: int
    expected: float
    seen: float
    allowed: float
    last_year: float | None

    @property
    def off(self) -> float:
        """Seen less expected."""
        return self.seen - self.expected

    @property
    def is_season(self) -> bool:
        """The same weeks of last year had a similar difference."""
        return self.last_year is not None and abs(self.off - self.last_year) <= self.allowed

    @property
    def has_moved(self) -> bool:
        """The difference is larger than allowed, and not seasonal."""
        return abs(self.off) > self.allowed and not self.is_season


@dataclass(frozen=True)
class Drift:
    """The changes since training, as seen at an as-of.

    Attributes:
        base_rate: None: no window is closed, or the model has no chances.
        shifts: None: unknown, since the ledger does not hold the same weeks of last year, or the model stores no
            distribution of its customers.
    """

    as_of_day: date
    model_version: str
    shifts: tuple[FeatureDrift, ...] | None
    base_rate: BaseRate | None
    stopped: tuple[StoppedFeed, ...]
    missing: tuple[date, ...]

    @property
    def is_alarm(self) -> bool:
        """There is a change that the model did not learn."""
        moved = self.base_rate is not None and self.base_rate.has_moved
        return bool(moved or self.shifts or self.stopped or len(self.missing) > MOST_MISSING)

    @property
    def causes(self) -> tuple[str, ...]:
        """The likely causes, likeliest first; empty where none is known."""
        sentences = [item.sentence for item in self.stopped]
        if self.missing:
            first, last = self.missing[0], self.missing[-1]
            sentences.append(f"missing ledger days: {len(self.missing)} from {first} to {last}")
        stopped_kinds = {item.kind for item in self.stopped}
        shifts = self.shifts or ()
        for kind in dict.fromkeys(item.kind for item in shifts if item.kind not in stopped_kinds):
            sentences.append(_of_kind(kind, [item for item in shifts if item.kind == kind]))
        return tuple(sentences)

    @property
    def sentence(self) -> str:
        """The drift in words, for a manager."""
        if not self.is_alarm and self.shifts is None:
            return f"No drift as of {self.as_of_day}. {NOT_JUDGED}"
        if not self.is_alarm:
            return (
                f"No drift as of {self.as_of_day}: customers look and order as when {self.model_version} was trained."
            )
        causes = "; ".join(self.causes)
        return f"Drift as of {self.as_of_day}. {self._rate}{f'Likely cause: {causes}.' if causes else self._unknown}"

    def record(self) -> dict[str, Any]:
        """The drift as JSON."""
        rate = self.base_rate
        return {
            "as_of_day": str(self.as_of_day),
            "model_version": self.model_version,
            "alarm": self.is_alarm,
            "judged": self.shifts is not None,
            "causes": list(self.causes),
            "shifts": [as_record(shift) for shift in self.shifts or ()],
            "base_rate": None
            if rate is None
            else {**as_record(rate), "moved": rate.has_moved, "season": rate.is_season},
            "stopped": [as_record(feed) for feed in self.stopped],
            "missing_days": [str(day) for day in self.missing],
        }

    @property
    def _rate(self) -> str:
        rate = self.base_rate
        if rate is None or not rate.has_moved:
            return ""
        return (
            f"From {rate.begins_on} to {rate.closed_on} {rate.seen:.0%} of the customers nobody called ordered no "
            f"more, where {self.model_version} expects {rate.expected:.0%}. "
        )

    @property
    def _unknown(self) -> str:
        if self.base_rate is not None and self.base_rate.last_year is None:
            return "It may be the season: the ledger does not hold the same weeks of last year."
        return "It is not the season, and nothing else we measure moved: look at the market, and train again."


def _of_kind(kind: str, shifts: Sequence[FeatureDrift]) -> str:
    worst = max(shifts, key=lambda shift: shift.since_learned)
    others = f", and {len(shifts) - 1} more" if len(shifts) > 1 else ""
    return f"{kind}: {worst.sentence}{others}"
