"""Currency conversion in one ingest: what was converted, by which rates, and which rates are missing."""

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
    """Accepted rows of one currency: money as it came and as converted, and the days of the rates."""

    currency: str
    rows: int
    money: Decimal
    reporting: Decimal
    first_rated_on: date
    last_rated_on: date

    @property
    def sentence(self) -> str:
        """The money before and after, and the rates, in plain words."""
        return (
            f"Converted: {self.rows:,} rows of {self.money:,.2f} {self.currency} into {self.reporting:,.2f}, "
            f"by the rates of {self.first_rated_on} to {self.last_rated_on}."
        )


@dataclass(frozen=True)
class MissingRates:
    """Rows of one currency that wait for a rate, and the days they happened on."""

    currency: str
    rows: int
    first_on: date
    last_on: date

    @property
    def sentence(self) -> str:
        """Which rates (or that any currency) are missing, and what to do."""
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
    """Rows of other currencies in one ingest.

    Attributes:
        released: accepted rows that had waited in quarantine for a rate.
    """

    converted: tuple[Converted, ...] = ()
    missing: tuple[MissingRates, ...] = ()
    released: int = 0

    @property
    def sentences(self) -> list[str]:
        """A sentence per currency converted or not convertible, and one for rows that had waited."""
        waited = [f"Of these, {self.released:,} rows had waited in quarantine for a rate."] if self.released else []
        return [*(money.sentence for money in self.converted), *waited, *(rates.sentence for rates in self.missing)]

    def as_json(self) -> dict[str, Any]:
        """The conversion for machines; money as decimal strings, days as text."""
        return {
            "converted": [_plain(money) for money in self.converted],
            "missing_rates": [_plain(rates) for rates in self.missing],
            "released": self.released,
        }


NO_CONVERSION = Conversion()


def conversion_of(
    connection: duckdb.DuckDBPyConnection, database: Connection, record_type: RecordType, raws: Sequence[RawRows]
) -> Conversion:
    """What became of rows of ``judged`` in other currencies."""
    original, day = f"{record_type.money}{ORIGINAL}", record_type.days[record_type.happened_at]
    converted = connection.sql(
        f"""SELECT currency, count(*), sum({original}), sum({record_type.money}), min(rated_on), max(rated_on)
        FROM judged JOIN rated USING (file_no, line_no) WHERE fate = 'accepted' GROUP BY currency ORDER BY currency"""
    ).fetchall()
    missing = connection.sql(
        f"""SELECT currency, count(*), min({day}), max({day}) FROM judged
        WHERE reason = {literal(QuarantineReason.RATE)} GROUP BY currency ORDER BY currency"""
    ).fetchall()
    released = _released(connection, database, record_type, raws) if converted else 0
    return Conversion(
        tuple(Converted(*row) for row in converted), tuple(MissingRates(*row) for row in missing), released
    )


def _released(
    connection: duckdb.DuckDBPyConnection, database: Connection, record_type: RecordType, raws: Sequence[RawRows]
) -> int:
    """How many accepted rows wait in quarantine for a rate."""
    waiting = set(
        database.execute(
            select(QUARANTINE.c.digest).where(
                QUARANTINE.c.kind == record_type.name, QUARANTINE.c.reason == str(QuarantineReason.RATE)
            )
        ).scalars()
    )
    if not waiting:
        return 0
    accepted = connection.sql(
        "SELECT file_no, line_no FROM judged JOIN rated USING (file_no, line_no) WHERE fate = 'accepted' ORDER BY ALL"
    ).fetchall()
    return sum(
        digest in waiting
        for file_no, raw in enumerate(raws, start=1)
        for _, _, digest in digests_of(
            raw, {line: str(QuarantineReason.RATE) for number, line in accepted if number == file_no}
        )
    )


def _plain(part: Converted | MissingRates) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date | Decimal) else value for name, value in asdict(part).items()}
