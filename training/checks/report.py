"""What the checks of features found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from training.checks.catalogue import CheckOutcome, FeatureCheck


@dataclass(frozen=True)
class Leak:
    """A feature that a check found wanting.

    Attributes:
        rows, of_rows: how many rows it was seen in, of how many looked at.
        example: one of them: customer_id, as_of, and what was found there.
        sentence: all of it for a data scientist.
    """

    feature: str
    rows: int
    of_rows: int
    example: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Attributes:
        caught: features that failed, in the order of their columns.
        remark: where it is not applicable, why; else empty.
    """

    check: FeatureCheck
    outcome: CheckOutcome
    caught: tuple[Leak, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class LeakReport:
    """What all checks found, in the order of CHECKS.

    Attributes:
        features: every feature that was looked at.
        remarks: what a reader should know of how it was looked at.
    """

    results: tuple[CheckResult, ...]
    features: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """No check failed."""
        return not any(result.outcome is CheckOutcome.FAILED for result in self.results)

    @property
    def caught(self) -> dict[str, tuple[str, ...]]:
        """The codes of the checks that each suspicious feature failed."""
        by_feature: dict[str, list[str]] = {}
        for result in self.results:
            for each in result.caught:
                by_feature.setdefault(each.feature, []).append(result.check.code)
        return {feature: tuple(codes) for feature, codes in by_feature.items()}

    @property
    def table(self) -> pa.Table:
        """One row per feature and check it failed, for a notebook."""
        rows = [
            {"feature": each.feature, "code": result.check.code, "rows": each.rows, "sentence": each.sentence}
            for result in self.results
            for each in result.caught
        ]
        kinds = {"feature": pa.string(), "code": pa.string(), "rows": pa.int64(), "sentence": pa.string()}
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds.items()))

    def record(self) -> dict[str, Any]:
        """Everything as JSON holds it."""
        return {
            "passed": self.passed,
            "features": list(self.features),
            "remarks": list(self.remarks),
            "checks": [
                {
                    "code": result.check.code,
                    "title": result.check.title,
                    "why": result.check.why,
                    "outcome": str(result.outcome),
                    "remark": result.remark,
                    "caught": [{**vars(each), "example": dict(each.example)} for each in result.caught],
                }
                for result in self.results
            ],
        }

    def __str__(self) -> str:
        lines = [f"{each.check.code}  {each.outcome:<14} {each.check.title}" for each in self.results]
        told = [f"{each.check.code}  {caught.sentence}" for each in self.results for caught in each.caught]
        return "\n".join([*lines, *([""] if told else []), *told])
