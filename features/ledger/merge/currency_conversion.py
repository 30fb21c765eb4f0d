"""Money of other currencies converted to the reporting currency, by the rate of its business day.

A rate holds from its day until the next one that was known, at most ``rate_holds_days``: banks fix none on week-ends
and holidays. It never holds backwards, and nothing is guessed: without a rate a row is quarantined.

A line meets the rates as they were known when the line was; only where none was known yet, the one that became known
first converts it, and the line is known no earlier than that rate. So no rate that comes later changes what was seen.
"""

from __future__ import annotations

import duckdb

from features.ledger.parsing.numbers import money
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import ORIGINAL, RecordType
from features.ledger.sql import literal

RATE_TYPE = "DECIMAL(20,12)"  # times money of DECIMAL(18,4) it is exact

_RATED = """
CREATE OR REPLACE TEMP TABLE rated AS
SELECT file_no, line_no, try_cast(rate AS {rate_type}) AS rate, rated_on,
    CASE WHEN visible_from > known THEN visible_from END AS known_at
FROM (SELECT file_no, line_no, currency, {day} AS day, {known} AS known FROM checked
      WHERE reason IS NULL AND currency <> {reporting}) foreign_rows
JOIN stored_rates USING (currency)
WHERE rated_on BETWEEN day - {holds_days} AND day
QUALIFY row_number() OVER (
    PARTITION BY file_no, line_no
    ORDER BY visible_from <= known DESC, CASE WHEN visible_from > known THEN visible_from END, rated_on DESC,
        visible_from DESC, row_id DESC) = 1
"""


def convert(
    connection: duckdb.DuckDBPyConnection, kind: RecordType, *, reporting: str, holds_days: int, known: str
) -> None:
    """The money of ``checked`` is in the reporting currency; beside it stands what it was; else the reason is RATE.

    Reads ``stored_rates``, every version of every rate. Leaves ``rated``: which rate each foreign row met. Money is
    rounded to 4 places, halves to the even neighbour, from the exact product. ``known``: SQL of a row's own known-at.
    """
    day = kind.days[kind.happened_at]
    connection.execute(
        _RATED.format(
            rate_type=RATE_TYPE, day=day, known=known, reporting=literal(reporting), holds_days=int(holds_days)
        )
    )
    originals = ", ".join(f"{name}{ORIGINAL} = {name}" for name in kind.converted)
    converted = ", ".join(f"{name} = {money(f'{name} * rated.rate')}" for name in kind.converted)
    connection.execute(
        f"""UPDATE checked SET {originals}, {converted}, rate_known_at = rated.known_at FROM rated
        WHERE checked.file_no = rated.file_no AND checked.line_no = rated.line_no"""
    )
    too_large = " OR ".join(f"({name}{ORIGINAL} IS NOT NULL AND {name} IS NULL)" for name in kind.converted)
    connection.execute(
        f"UPDATE checked SET reason = {literal(QuarantineReason.AMOUNT_LARGE)} WHERE reason IS NULL AND ({too_large})"
    )
    connection.execute(
        f"""UPDATE checked SET reason = {literal(QuarantineReason.RATE)}
        WHERE reason IS NULL AND currency <> {literal(reporting)} AND {kind.money}{ORIGINAL} IS NULL"""
    )
