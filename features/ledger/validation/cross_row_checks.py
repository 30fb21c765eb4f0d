"""Checks across several rows: totals among the lines, and order lines that collide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import duckdb

from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.work_tables import WorkTable
from features.ledger.sql import literal

TOTAL_NAMES = (
    "total", "totals", "grand total", "sub total", "subtotal", "sum", "sum total", "overall", "gesamt", "gesamtsumme",
    "zwischensumme", "summe", "total general", "total général", "sous-total", "totale", "suma", "razem", "итого",
    "всего", "жиыны", "барлығы", "summa", "totalt", "รวม",
)  # fmt: skip
"""What a row of totals has in place of the customer: the languages of docs/domain.md, and others near."""


@dataclass(frozen=True)
class RowsAbove:
    """Sums of the rows above, where a source is read part by part.

    Attributes:
        all_rows: of all rows above but totals.
        until_total: of the rows above the last row called a total.
    """

    all_rows: Decimal = Decimal(0)
    until_total: Decimal = Decimal(0)


NOTHING_ABOVE = RowsAbove()


def quarantine_totals(
    connection: duckdb.DuckDBPyConnection, *, file_no: int, source: str, above: RowsAbove = NOTHING_ABOVE
) -> tuple[tuple[str, ...], RowsAbove]:
    """Rows of ``checked`` named like a total that add up the rows above are quarantined.

    They add up all rows above, or those since the total before. Returns remarks on rows that are only named so, and
    the sums above the next part.
    """
    is_total_name = f"lower(trim(customer_id, ' :.*#')) IN ({', '.join(map(literal, TOTAL_NAMES))})"
    customers = f"SELECT DISTINCT customer_id FROM {WorkTable.CHECKED} WHERE file_no = {file_no}"
    if not connection.sql(f"SELECT 1 FROM ({customers}) WHERE {is_total_name} LIMIT 1").fetchall():
        total = f"SELECT coalesce(sum(amount), 0) FROM {WorkTable.CHECKED} WHERE file_no = {file_no}"
        return (), replace(above, all_rows=above.all_rows + connection.sql(total).fetchall()[0][0])
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE sums AS
        SELECT line_no, amount, is_named, {above.all_rows} + coalesce(sum(amount) FILTER (
            NOT is_named) OVER (ORDER BY line_no ROWS UNBOUNDED PRECEDING), 0) AS so_far
        FROM (SELECT *, coalesce({is_total_name}, false) AS is_named FROM {WorkTable.CHECKED}
              WHERE file_no = {file_no})"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE totals AS
        SELECT line_no, so_far,
            amount IN (so_far, so_far - lag(so_far, 1, {above.until_total}) OVER (ORDER BY line_no)) AS adds_up
        FROM sums WHERE is_named"""
    )
    connection.execute(
        f"""UPDATE {WorkTable.CHECKED} SET reason = {literal(QuarantineReason.TOTAL)} FROM totals
        WHERE checked.file_no = {file_no} AND checked.line_no = totals.line_no AND adds_up"""
    )
    sums_below = connection.sql(
        "SELECT arg_max(so_far, line_no), (SELECT arg_max(so_far, line_no) FROM totals) FROM sums"
    )
    return _kept_totals(connection, file_no, source), RowsAbove(*sums_below.fetchall()[0])


def _kept_totals(connection: duckdb.DuckDBPyConnection, file_no: int, source: str) -> tuple[str, ...]:
    """Remarks on kept rows that are named like a total but do not add up."""
    kept = connection.sql(
        f"""SELECT customer_id, count(*), min(line_no) FROM {WorkTable.CHECKED}
        SEMI JOIN (FROM totals WHERE NOT adds_up) t USING (line_no)
        WHERE file_no = {file_no} AND reason IS NULL GROUP BY customer_id ORDER BY customer_id"""
    ).fetchall()
    return tuple(
        f"{rows:,} rows of {source} are of a customer called '{name}' (first: line {line}) and were kept, as they do "
        "not add up the rows above; make sure that they are no totals."
        for name, rows, line in kept
    )


def quarantine_collisions(connection: duckdb.DuckDBPyConnection, *, file_no: int) -> None:
    """Usable rows of one file are quarantined where one order line has several customers and several days.

    A correction changes the customer or the day; one with a known-at of its own may change both.
    """
    connection.execute(
        f"""UPDATE {WorkTable.CHECKED} SET reason = {literal(QuarantineReason.COLLISION)} FROM (
            SELECT order_id, line_id FROM {WorkTable.CHECKED}
            WHERE file_no = {file_no} AND reason IS NULL AND known_at IS NULL
                AND order_id IS NOT NULL AND line_id IS NOT NULL
            GROUP BY ALL HAVING min(customer_id) <> max(customer_id) AND min(order_day) <> max(order_day)) shared
        WHERE file_no = {file_no} AND reason IS NULL AND known_at IS NULL
            AND checked.order_id = shared.order_id AND checked.line_id = shared.line_id"""
    )
