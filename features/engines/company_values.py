"""The company's values in a snapshot, stored so that single customers can be computed later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from features.catalog.primitives import CompanyMedian, Rows


@dataclass(frozen=True)
class CompanyValues:
    """The company's values, as seen at 00:00 of business days; instants are UTC, without a zone.

    Attributes:
        medians: the value of each median at each midnight; NaN where it is unknown.
        recorded_since: when the first row of each set was known; None: there is none.
        shut: the days, ascending, that were closed or missing as known at each midnight.
    """

    medians: Mapping[CompanyMedian, Mapping[datetime, float]]
    recorded_since: Mapping[Rows, datetime | None]
    shut: Mapping[datetime, tuple[date, ...]]
