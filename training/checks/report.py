"""The report of the leakage checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from training.checks.catalogue import CheckOutcome, FeatureCheck


@dataclass(frozen=True)
class Leak:
    """A feature that failed a check.

    Attributes:
        rows, of_rows: number of rows with the leak, and of all tested rows.
        example: one of them: customer_id, as_of, and its values.
        sentence: the finding for a data scientist.
    """

    feature: str
    rows: int
    of_rows: int
    example: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes:
        caught: features that failed, in the order of their columns.
        remark: the reason where it is not applicable; else empty.
    """

    check: FeatureCheck
    outcome: CheckOutcome
    caught: tuple[Leak, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class LeakReport:
    """The results of all checks, in the order of CHECKS.

    Attributes:
        features: all tested features.
        remarks: on how they were tested.
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
        """Feature → codes of the checks it failed."""
        by_feature: dict[str, list[str]] = {}
        for result in self.results:
            for leak in result.caught:
                by_feature.setdefault(leak.feature, []).append(result.check.code)
        return {feature: tuple(codes) for feature, codes in by_feature.items()}

    @property
    def table(self) -> pa.Table:
        """One row per feature and check it failed, for a notebook."""
        rows = [
            {"feature": leak.feature, "code": result.check.code, "rows": leak.rows, "sentence": leak.sentence}
            for result in self.results
            for leak in result.caught
        ]
        kinds = {"feature": pa.string(), "code": pa.string(), "rows": pa.int64(), "sentence": pa.string()}
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds.items()))

    def record(self) -> dict[str, Any]:
        """The report as JSON."""
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
                    "caught": [{**vars(leak), "example": dict(leak.example)} for leak in result.caught],
                }
                for result in self.results
            ],
        }

    def __str__(self) -> str:
        lines = [f"{result.check.code}  {result.outcome:<14} {result.check.title}" for result in self.results]
        leak_lines = [f"{result.check.code}  {leak.sentence}" for result in self.results for leak in result.caught]
        return "\n".join([*lines, *([""] if leak_lines else []), *leak_lines])
