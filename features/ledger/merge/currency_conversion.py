"""Money of other currencies converted to the reporting currency, by the rate of its business day.

A rate holds from its day until the next known rate, at most ``rate_holds_days``: banks fix no rates on week-ends and
holidays. A rate never holds backwards. A row without a rate is quarantined.

A line is converted by the rates known when the line became known. If no rate was known yet, the first to become known
converts it, and the line is known no earlier than that rate. So no later rate changes a past as-of.
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
    """Converts the money of ``checked`` to the reporting currency and keeps the original beside it.

    A row without a rate gets the reason RATE. Reads ``stored_rates``, every version of every rate. Writes ``rated``:
    the rate of each foreign row. Money is rounded to 4 places, halves to the even neighbour, from the exact product.
    ``known``: SQL of a row's own known-at.
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
