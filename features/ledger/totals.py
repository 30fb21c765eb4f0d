"""Here you find rows that add up the rows above them: exports end with them, and they are no sales."""

from __future__ import annotations

import duckdb

from features.ledger.parsing import literal
from features.ledger.reasons import Reason

TOTAL_NAMES = (
    "total", "totals", "grand total", "sub total", "subtotal", "sum", "sum total", "overall", "gesamt", "gesamtsumme",
    "zwischensumme", "summe", "total general", "total général", "sous-total", "totale", "suma", "razem", "итого",
    "всего", "жиыны", "барлығы", "summa", "totalt", "รวม",
)  # fmt: skip
"""What stands in a row of totals where the customer should: the languages of domain.md, and others near."""


def set_totals_aside(connection: duckdb.DuckDBPyConnection, *, file_no: int, source: str) -> tuple[str, ...]:
    """Rows of ``checked`` called a total, with the sum of the rows above them, are out; says which are called so only.

    The sum is that of all rows above, or of those since the total before.
    """
    called = f"lower(trim(customer_id, ' :.*#')) IN ({', '.join(map(literal, TOTAL_NAMES))})"
    if not connection.sql(f"SELECT 1 FROM checked WHERE file_no = {file_no} AND {called} LIMIT 1").fetchall():
        return ()
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE totals AS
        WITH sums AS (
            SELECT line_no, amount, coalesce({called}, false) AS is_called, coalesce(sum(amount) FILTER (
                NOT coalesce({called}, false)) OVER (ORDER BY line_no ROWS UNBOUNDED PRECEDING), 0) AS so_far
            FROM checked WHERE file_no = {file_no})
        SELECT line_no, amount IN (so_far, so_far - lag(so_far, 1, 0) OVER (ORDER BY line_no)) AS adds_up
        FROM sums WHERE is_called"""
    )
    connection.execute(
        f"""UPDATE checked SET reason = {literal(Reason.TOTAL)} FROM totals
        WHERE checked.file_no = {file_no} AND checked.line_no = totals.line_no AND adds_up"""
    )
    kept = connection.sql(
        f"""SELECT customer_id, count(*), min(line_no) FROM checked SEMI JOIN (FROM totals WHERE NOT adds_up) t
        USING (line_no) WHERE file_no = {file_no} AND reason IS NULL GROUP BY customer_id ORDER BY customer_id"""
    ).fetchall()
    return tuple(
        f"{rows:,} rows of {source} are of a customer called '{name}' (first: line {line}) and were kept, as they do "
        "not add up the rows above; make sure that they are no totals."
        for name, rows, line in kept
    )
