"""What one ingest says of other currencies: what was converted, by which rates, and which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
from sqlalchemy import Connection, select

from features.ledger.reading.raw_rows import RawRows
from features.ledger.schema.currencies import NO_CURRENCY
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import ORIGINAL, RecordType
from features.ledger.sql import literal
from features.ledger.store.quarantine import digests_of
from features.ledger.store.tables import QUARANTINE


@dataclass(frozen=True)
class Converted:
    """Accepted rows of one currency: their money as it came, what it made, and the days of the rates it met."""

    currency: str
    rows: int
    money: Decimal
    reporting: Decimal
    first_rated_on: date
    last_rated_on: date

    @property
    def sentence(self) -> str:
        """How much became how much, and by which rates."""
        return (
            f"Converted: {self.rows:,} rows of {self.money:,.2f} {self.currency} into {self.reporting:,.2f}, "
            f"by the rates of {self.first_rated_on} to {self.last_rated_on}."
        )


@dataclass(frozen=True)
class MissingRates:
    """Rows of one currency that wait for a rate, and the days they are of."""

    currency: str
    rows: int
    first_on: date
    last_on: date

    @property
    def sentence(self) -> str:
        """Which rates are missing, or that no currency is named, and what to do."""
        if self.currency == NO_CURRENCY:
            return (
                f"{self.rows:,} rows from {self.first_on} to {self.last_on} name no currency, and the ledger has one: "
                "say which it is (--currency), then ingest this file again."
            )
        return (
            f"No exchange rate of {self.currency} from {self.first_on} to {self.last_on} ({self.rows:,} rows): "
            "load them (callfirst ingest rates FILE: currency, rated_on, rate), then ingest this file again."
        )


@dataclass(frozen=True)
class Conversion:
    """What one ingest says of other currencies.

    Attributes:
        released: accepted rows that had waited in quarantine for a rate.
    """

    converted: tuple[Converted, ...] = ()
    missing: tuple[MissingRates, ...] = ()
    released: int = 0

    @property
    def sentences(self) -> list[str]:
        """One for each currency that was converted or could not be, and one for rows that had waited."""
        waited = [f"Of these, {self.released:,} rows had waited in quarantine for a rate."] if self.released else []
        return [*(each.sentence for each in self.converted), *waited, *(each.sentence for each in self.missing)]

    def as_json(self) -> dict[str, Any]:
        """The same for machines; money as decimal strings, days as text."""
        return {
            "converted": [{name: _plain(value) for name, value in asdict(each).items()} for each in self.converted],
            "missing_rates": [{name: _plain(value) for name, value in asdict(each).items()} for each in self.missing],
            "released": self.released,
        }


NO_CONVERSION = Conversion()


def conversion_of(
    frames: duckdb.DuckDBPyConnection, database: Connection, kind: RecordType, raws: Sequence[RawRows]
) -> Conversion:
    """What became of the rows of ``judged`` in other currencies."""
    original, day = f"{kind.money}{ORIGINAL}", kind.days[kind.happened_at]
    converted = frames.sql(
        f"""SELECT currency, count(*), sum({original}), sum({kind.money}), min(rated_on), max(rated_on)
        FROM judged JOIN rated USING (file_no, line_no) WHERE fate = 'accepted' GROUP BY currency ORDER BY currency"""
    ).fetchall()
    missing = frames.sql(
        f"""SELECT currency, count(*), min({day}), max({day}) FROM judged
        WHERE reason = {literal(QuarantineReason.RATE)} GROUP BY currency ORDER BY currency"""
    ).fetchall()
    released = _released(frames, database, kind, raws) if converted else 0
    return Conversion(
        tuple(Converted(*row) for row in converted), tuple(MissingRates(*row) for row in missing), released
    )


def _released(
    frames: duckdb.DuckDBPyConnection, database: Connection, kind: RecordType, raws: Sequence[RawRows]
) -> int:
    """How many accepted rows the quarantine holds for want of a rate."""
    waiting = set(
        database.execute(
            select(QUARANTINE.c.digest).where(
                QUARANTINE.c.kind == kind.name, QUARANTINE.c.reason == str(QuarantineReason.RATE)
            )
        ).scalars()
    )
    if not waiting:
        return 0
    found = frames.sql(
        "SELECT file_no, line_no FROM judged JOIN rated USING (file_no, line_no) WHERE fate = 'accepted' ORDER BY ALL"
    ).fetchall()
    return sum(
        digest in waiting
        for file_no, raw in enumerate(raws, start=1)
        for _, _, digest in digests_of(
            raw, {line: str(QuarantineReason.RATE) for number, line in found if number == file_no}
        )
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
