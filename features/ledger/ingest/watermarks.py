"""Watermarks of sources: the largest value pulled of a watermark column, stored with its type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column, Connection, String, Table, Text, delete, insert, select

from features.ledger.errors import LedgerError
from features.ledger.ingest.source_config import Source, WatermarkValue
from features.ledger.store.tables import METADATA, Instant

SOURCE_WATERMARKS = Table(
    "source_watermarks",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("moved_at", Instant, nullable=False),
    comment="How far each source of sources.toml was pulled.",
)


class WatermarkError(LedgerError):
    """A source whose rows give no watermark."""

    def __init__(self, source: Source, what: str, hint: str) -> None:
        super().__init__(f"The source '{source.name}' {what}.", hint)


@dataclass(frozen=True)
class Watermark:
    """A value of a watermark column, as text, with its type: instant, local, day, number or text."""

    kind: str
    value: str

    @classmethod
    def of(cls, value: WatermarkValue | Decimal) -> Watermark:
        """The watermark of a value."""
        match value:
            case datetime():
                return cls("instant" if value.tzinfo else "local", value.isoformat(sep=" "))
            case date():
                return cls("day", value.isoformat())
            case str():
                return cls("text", value)
        return cls("number", format(Decimal(str(value)), "f"))

    @property
    def mark(self) -> WatermarkValue | Decimal:
        """The value itself."""
        match self.kind:
            case "instant" | "local":
                return datetime.fromisoformat(self.value)
            case "day":
                return date.fromisoformat(self.value)
            case "number":
                number = Decimal(self.value)
                return int(number) if number == number.to_integral_value() else number
        return self.value


def watermark_of(database: Connection, source: Source) -> Watermark | None:
    """The watermark of a source; None: it was never pulled."""
    row = database.execute(select(SOURCE_WATERMARKS).where(SOURCE_WATERMARKS.c.name == source.name)).one_or_none()
    return Watermark(row.kind, row.value) if row else None


def move(database: Connection, source: Source, to: Watermark, *, now: datetime) -> None:
    """Stores the source's new watermark."""
    database.execute(delete(SOURCE_WATERMARKS).where(SOURCE_WATERMARKS.c.name == source.name))
    database.execute(insert(SOURCE_WATERMARKS).values(name=source.name, kind=to.kind, value=to.value, moved_at=now))


def since(source: Source, stored: Watermark | None) -> WatermarkValue | Decimal | None:
    """The start of the next pull: the watermark less the overlap, or the source's own start."""
    if stored is None:
        return source.since
    mark = stored.mark
    if isinstance(mark, date):
        return mark - timedelta(days=source.overlap)
    if isinstance(mark, int | float | Decimal):
        earlier = Decimal(str(mark)) - Decimal(str(source.overlap))
        return Watermark("number", str(earlier)).mark
    return _earlier_text(source, mark) if source.overlap else mark


def furthest(source: Source, rows: pa.Table, stored: Watermark | None) -> Watermark | None:
    """The watermark after these rows: never before the stored one, unless the column's type changed.

    Raises:
        WatermarkError: the rows have no such column, or one without an order.
    """
    if source.watermark not in rows.column_names:
        raise WatermarkError(
            source, f"gives no column '{source.watermark}'", f"It gives: {', '.join(rows.column_names)}."
        )
    try:
        largest = pc.max(rows.column(source.watermark)).as_py()
    except pa.ArrowException:
        raise WatermarkError(
            source, f"has a watermark '{source.watermark}' that cannot be ordered", "Choose a date, a number or a text."
        ) from None
    if largest is None:
        return stored
    newest = Watermark.of(largest)
    return stored if stored and stored.kind == newest.kind and _is_before(newest, stored) else newest


def _is_before(one: Watermark, other: Watermark) -> bool:
    return bool(one.mark < other.mark)  # type: ignore[operator]  # both are of one kind


def _earlier_text(source: Source, mark: str) -> str:
    try:
        moment = datetime.fromisoformat(mark) - timedelta(days=source.overlap)
    except ValueError:
        raise WatermarkError(
            source, f"has an overlap, but its watermark is the text '{mark}'", "Leave out overlap, or order by a date."
        ) from None
    return moment.date().isoformat() if len(mark) == len("2026-08-31") else moment.isoformat(sep=mark[10])
