"""Here you find what a snapshot takes from the whole company, so that some customers alone can be seen later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from features.primitives import CompanyMedian


@dataclass(frozen=True)
class CompanyValues:
    """The company's values, as seen at 00:00 of business days.

    Attributes:
        medians: of each the value at each midnight (UTC, without a zone); NaN where it is unknown.
    """

    medians: Mapping[CompanyMedian, Mapping[datetime, float]]
