"""What a snapshot takes from the whole company, so that some customers alone can be seen later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from features.catalog.primitives import CompanyMedian, Rows


@dataclass(frozen=True)
class CompanyValues:
    """The company's values, as seen at 00:00 of business days; instants are UTC, without a zone.

    Attributes:
        medians: of each the value at each midnight; NaN where it is unknown.
        recorded_since: of each set of rows when the first one was known; None: none ever was.
        shut: the days, ascending, that each midnight saw as closed or missing.
    """

    medians: Mapping[CompanyMedian, Mapping[datetime, float]]
    recorded_since: Mapping[Rows, datetime | None]
    shut: Mapping[datetime, tuple[date, ...]]
