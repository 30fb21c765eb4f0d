"""Instants, days and as-ofs; and the only function that may ask what time it is.

Ranges are half-open: ``[start, end)``. Instants are UTC; days are calendar days of the business time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from features.errors import CallfirstError


class AsOfError(CallfirstError):
    """An as-of that cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"Cannot read '{text}' as an as-of.",
            "Write a date (2026-08-31: midnight at its start, business time) or an instant (2026-08-31T14:30).",
        )


def now() -> datetime:
    """The present instant, UTC; every other function takes the time as an argument."""
    return datetime.now(UTC)


@dataclass(frozen=True, order=True)
class AsOf:
    """An instant, and its business day; a score as of it uses only what was known strictly before.

    Attributes:
        instant: UTC, microseconds.
        day: calendar day of the instant in the business time zone.
    """

    instant: datetime
    day: date

    @classmethod
    def of_day(cls, day: date, zone: ZoneInfo) -> AsOf:
        """The as-of at 00:00 of ``day`` in the business time zone."""
        return cls(datetime.combine(day, time.min, zone).astimezone(UTC), day)

    @classmethod
    def of_instant(cls, instant: datetime, zone: ZoneInfo) -> AsOf:
        """The as-of at an aware instant."""
        return cls(instant.astimezone(UTC), instant.astimezone(zone).date())

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> AsOf:
        """The as-of that a text names: a bare date is its 00:00; an instant without offset is business time.

        A time of day that the clocks skip moves forward by as much; a time that comes twice is the later one. The times
        of rows are read in the same way.

        Raises:
            AsOfError: the text is neither.
        """
        text = text.strip()
        try:
            if len(text) == len("2026-08-31"):
                return cls.of_day(date.fromisoformat(text), zone)
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                instant = max(instant.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
            return cls.of_instant(instant, zone)
        except (ValueError, OverflowError):
            raise AsOfError(text) from None

    def shifted(self, days: int, zone: ZoneInfo) -> AsOf:
        """The as-of at the same business time of day, ``days`` later (negative: earlier).

        A midnight moves to a midnight, also where clocks go forward at 00:00 and the day begins at 01:00.
        """
        if self == self.midnight(zone):
            return AsOf.of_day(self.day + timedelta(days=days), zone)
        local = self.instant.astimezone(zone)
        moved = datetime.combine(local.date() + timedelta(days=days), local.time(), zone)
        return AsOf.of_instant(moved, zone)

    def midnight(self, zone: ZoneInfo) -> AsOf:
        """The as-of at 00:00 of the same business day."""
        return AsOf.of_day(self.day, zone)

    @property
    def days(self) -> float:
        """Days since 1970 (UTC), with the fraction of the day."""
        return self.instant.timestamp() / 86_400

    @property
    def naive(self) -> datetime:
        """The instant as tables hold it: UTC without a zone."""
        return self.instant.replace(tzinfo=None)

    def __str__(self) -> str:
        return self.instant.isoformat().replace("+00:00", "Z")
