"""Checks of a model before it is put into service, as data, and the form of their results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from training.checks.catalogue import CheckOutcome


class Bars(StrEnum):
    """The consequence of a failed check."""

    MODEL = "model"  # it does not serve: the champion stays; where there is none, the best rule serves by its name
    CHANGE = "change"  # the champion stays, where there is one
    NOTHING = "nothing"  # shown only; the contest decides


@dataclass(frozen=True)
class ModelCheck:
    """One question about a model and its contest.

    Attributes:
        code: its lasting name; CF101 and up ask whether a model may serve.
        title: what is true where it passed.
        why: the reason it matters, for a data scientist.
        bars: the consequence where it failed.
    """

    code: str
    title: str
    why: str
    bars: Bars


BEATS_RULE = ModelCheck(
    "CF101",
    "it beats the best calibrated rule",
    "A model no better than 'silent longest' only looks cleverer.",
    Bars.MODEL,
)
FINDS_MONEY = ModelCheck(
    "CF102",
    "it finds no less money than that rule",
    "Better chances are worth nothing if they put smaller losses on top of the list.",
    Bars.MODEL,
)
BEATS_CHAMPION = ModelCheck(
    "CF103",
    "it beats the champion on windows that neither was trained on",
    "A change for managers must be worth it.",
    Bars.CHANGE,
)
CALIBRATED = ModelCheck(
    "CF104",
    "its chances are calibrated",
    "At-risk rules, expected gain and money all use the chance as a probability.",
    Bars.NOTHING,
)
STABLE = ModelCheck(
    "CF105",
    "it is not surely worse than the rule at any origin",
    "A mean can hide a year in which it failed.",
    Bars.NOTHING,
)
NO_LEAK = ModelCheck(
    "CF106",
    "its features do not see the future",
    "A leak forecasts the past and fails in service: CF001 to CF021 on this ledger.",
    Bars.MODEL,
)
NOT_CARRIED = ModelCheck(
    "CF107",
    "no single feature carries it",
    "A single column beside the orders that explains nearly everything was filled in later or will break one day.",
    Bars.MODEL,
)
FRESH = ModelCheck(
    "CF108",
    "the ledger is fresh",
    "If rows stopped coming in, every customer looks silent.",
    Bars.CHANGE,
)
ENOUGH = ModelCheck(
    "CF109",
    "enough customers stopped, and enough went on",
    "With few of one outcome nothing can be proven.",
    Bars.MODEL,
)
EVEN = ModelCheck(
    "CF110",
    "it is calibrated in every department",
    "A chance that is right on average may be wrong for the customers of one department.",
    Bars.NOTHING,
)

MODEL_CHECKS: tuple[ModelCheck, ...] = (
    *(BEATS_RULE, FINDS_MONEY, BEATS_CHAMPION, CALIBRATED, STABLE),
    *(NO_LEAK, NOT_CARRIED, FRESH, ENOUGH, EVEN),
)
"""All checks of a model, by code."""


@dataclass(frozen=True)
class GateResult:
    """The result of a check: the sentence holds the figures, or why it is not applicable."""

    check: ModelCheck
    outcome: CheckOutcome
    sentence: str

    @property
    def failed(self) -> bool:
        """It did not pass."""
        return self.outcome is CheckOutcome.FAILED

    def record(self) -> dict[str, Any]:
        """The check as JSON."""
        return {
            "code": self.check.code,
            "title": self.check.title,
            "why": self.check.why,
            "bars": str(self.check.bars),
            "outcome": str(self.outcome),
            "sentence": self.sentence,
        }


def checked(check: ModelCheck, passed: bool, sentence: str) -> GateResult:
    """The result of a check that could be made."""
    return GateResult(check, CheckOutcome.PASSED if passed else CheckOutcome.FAILED, sentence)


def not_applicable(check: ModelCheck, why: str) -> GateResult:
    """The result of a check that could not be made."""
    return GateResult(check, CheckOutcome.NOT_APPLICABLE, why)


def failures(checks: Iterable[GateResult], bars: Bars) -> tuple[GateResult, ...]:
    """The failed checks with one consequence, by code."""
    return tuple(
        sorted(
            (result for result in checks if result.failed and result.check.bars is bars),
            key=lambda result: result.check.code,
        )
    )
