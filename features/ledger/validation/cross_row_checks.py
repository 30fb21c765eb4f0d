"""Checks that look at several rows: totals among the lines, and versions of one row that collide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import duckdb

from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.sql import literal

TOTAL_NAMES = (
    "total", "totals", "grand total", "sub total", "subtotal", "sum", "sum total", "overall", "gesamt", "gesamtsumme",
    "zwischensumme", "summe", "total general", "total général", "sous-total", "totale", "suma", "razem", "итого",
    "всего", "жиыны", "барлығы", "summa", "totalt", "รวม",
)  # fmt: skip
"""What stands in a row of totals where the customer should: the languages of domain.md, and others near."""


@dataclass(frozen=True)
class RowsAbove:
    """What the rows above add up to, where a source is read part by part.

    Attributes:
        all_rows: all of them but totals.
        until_total: those above the last row called a total.
    """

    all_rows: Decimal = Decimal(0)
    until_total: Decimal = Decimal(0)


NOTHING_ABOVE = RowsAbove()


def quarantine_totals(
    connection: duckdb.DuckDBPyConnection, *, file_no: int, source: str, above: RowsAbove = NOTHING_ABOVE
) -> tuple[tuple[str, ...], RowsAbove]:
    """Rows of ``checked`` called a total, with the sum of the rows above them, are out; says which are called so only.

    The sum is that of all rows above, or of those since the total before. With it comes what is above the next part.
    """
    called = f"lower(trim(customer_id, ' :.*#')) IN ({', '.join(map(literal, TOTAL_NAMES))})"
    customers = f"SELECT DISTINCT customer_id FROM checked WHERE file_no = {file_no}"
    if not connection.sql(f"SELECT 1 FROM ({customers}) WHERE {called} LIMIT 1").fetchall():
        every = f"SELECT coalesce(sum(amount), 0) FROM checked WHERE file_no = {file_no}"
        return (), replace(above, all_rows=above.all_rows + connection.sql(every).fetchall()[0][0])
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE sums AS
        SELECT line_no, amount, coalesce({called}, false) AS is_called, {above.all_rows} + coalesce(sum(amount) FILTER (
            NOT coalesce({called}, false)) OVER (ORDER BY line_no ROWS UNBOUNDED PRECEDING), 0) AS so_far
        FROM checked WHERE file_no = {file_no}"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE totals AS
        SELECT line_no, so_far,
            amount IN (so_far, so_far - lag(so_far, 1, {above.until_total}) OVER (ORDER BY line_no)) AS adds_up
        FROM sums WHERE is_called"""
    )
    connection.execute(
        f"""UPDATE checked SET reason = {literal(QuarantineReason.TOTAL)} FROM totals
        WHERE checked.file_no = {file_no} AND checked.line_no = totals.line_no AND adds_up"""
    )
    below = connection.sql("SELECT arg_max(so_far, line_no), (SELECT arg_max(so_far, line_no) FROM totals) FROM sums")
    return _kept(connection, file_no, source), RowsAbove(*below.fetchall()[0])


def _kept(connection: duckdb.DuckDBPyConnection, file_no: int, source: str) -> tuple[str, ...]:
    """What there is to say of rows that are called totals only."""
    kept = connection.sql(
        f"""SELECT customer_id, count(*), min(line_no) FROM checked SEMI JOIN (FROM totals WHERE NOT adds_up) t
        USING (line_no) WHERE file_no = {file_no} AND reason IS NULL GROUP BY customer_id ORDER BY customer_id"""
    ).fetchall()
    return tuple(
        f"{rows:,} rows of {source} are of a customer called '{name}' (first: line {line}) and were kept, as they do "
        "not add up the rows above; make sure that they are no totals."
        for name, rows, line in kept
    )


def quarantine_collisions(connection: duckdb.DuckDBPyConnection, *, file_no: int) -> None:
    """Good rows of ``checked`` of one file are out whose order line has several customers and several days.

    A correction changes one of the two; with a known-at of its own it may change both.
    """
    connection.execute(
        f"""UPDATE checked SET reason = {literal(QuarantineReason.COLLISION)} FROM (
            SELECT order_id, line_id FROM checked
            WHERE file_no = {file_no} AND reason IS NULL AND known_at IS NULL
                AND order_id IS NOT NULL AND line_id IS NOT NULL
            GROUP BY ALL HAVING min(customer_id) <> max(customer_id) AND min(order_day) <> max(order_day)) shared
        WHERE file_no = {file_no} AND reason IS NULL AND known_at IS NULL
            AND checked.order_id = shared.order_id AND checked.line_id = shared.line_id"""
    )
