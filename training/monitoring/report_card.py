"""The report card of a night's lists after their window has closed, and its sentences for a manager.

A chance is one without a call, so called customers cannot show whether it was right. They are shown separately, as
"promised X without a call, seen Y".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from models.records import as_record
from training.metrics.scoring import LEAST_OUTCOMES


@dataclass(frozen=True)
class ListScores:
    """Scores of the forecasts for uncalled customers, each with its weight.

    Attributes:
        expected, seen: mean chance of no order, and the share without an order.
        calibration_error, perfect_calibration_error: over 10 bins; the latter is that of perfect chances.
        auc: None where all or none ordered. money_found: None where no money was lost.
        precision: share without an order at the top of the ranking by value at risk, as many as the lists had lines.
        lines: calls on the lists of that night.
    """

    expected: float
    seen: float
    calibration_error: float
    perfect_calibration_error: float
    brier: float
    auc: float | None
    money_found: float | None
    precision: float
    lines: int


@dataclass(frozen=True)
class Called:
    """The chance of called customers without a call, and the rate seen after the call."""

    customers: int
    expected: float
    seen: float


@dataclass(frozen=True)
class ReportCard:
    """The result of one night's lists.

    Attributes:
        listed_on: the day of the lists; their window closed on ``closed_on``.
        left_alone: customers never assigned in the window. held_out: customers held out by a list's draw.
        listed_unrecorded: customers left alone that stood on a list without a call or an arm in the ledger.
        figures: None: under 50 were left alone or held out.
        called: None: no customer was called.
        lead_days: median of last order day less the day first listed, over listed customers that stopped ordering;
            above 0 they were listed while they still ordered, below 0 this many days later. None: there are none.
    """

    run_id: int
    listed_on: date
    closed_on: date
    model_version: str
    left_alone: int
    held_out: int
    listed_unrecorded: int
    figures: ListScores | None
    called: Called | None
    lead_days: float | None

    @property
    def is_gradeable(self) -> bool:
        """Enough customers were left alone to judge."""
        return self.figures is not None

    @property
    def sentence(self) -> str:
        """The card for a manager."""
        return " ".join(filter(None, (self._grade, self._of_called, self._lead, self._unrecorded)))

    def record(self) -> dict[str, Any]:
        """The card as JSON."""
        return {**as_record(self), "gradeable": self.is_gradeable}

    @property
    def _grade(self) -> str:
        if self.figures is None:
            return (
                f"The lists of {self.listed_on} are not gradeable: only {self.left_alone + self.held_out} customers "
                f"were left without a call, and {LEAST_OUTCOMES} are needed."
            )
        figures = self.figures
        return (
            f"Of the customers nobody called after the lists of {self.listed_on}, we expected {figures.expected:.0%} "
            f"to order no more until {self.closed_on}; {figures.seen:.0%} did not. Of the {figures.lines} with most "
            f"money at risk it was {figures.precision:.0%}."
        )

    @property
    def _of_called(self) -> str:
        if self.called is None:
            return ""
        called, noun = self.called, "customer" if self.called.customers == 1 else "customers"
        return (
            f"Of the {called.customers} {noun} called, {called.expected:.0%} were expected to stop without a call, and "
            f"{called.seen:.0%} did."
        )

    @property
    def _lead(self) -> str:
        if self.lead_days is None:
            return ""
        days = f"{abs(self.lead_days):.0f} days"
        if self.lead_days >= 0:
            return f"Lost customers had been listed {days} before their last order (median)."
        return f"Lost customers had been silent for {days} when they were first listed (median)."

    @property
    def _unrecorded(self) -> str:
        if not self.listed_unrecorded:
            return ""
        return (
            f"{self.listed_unrecorded} of them stood on a list without a call or an arm in the ledger: if they were "
            f"called, load the calls (callfirst ingest calls)."
        )
