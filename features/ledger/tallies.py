"""Here you find the counting of checked and judged rows, for the reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb

from features.ledger.checks import may_be_set_aside
from features.ledger.currencies import CURRENCIES
from features.ledger.parsing import literal
from features.ledger.raw import RawRows
from features.ledger.reasons import Reason
from features.ledger.reconciliation import NOTHING, Cancellations, LargestCancellation, Quarantined, Tally

UNNAMED = "unknown currency"


def tally(connection: duckdb.DuckDBPyConnection, table: str, kind: str, where: str = "true") -> Tally:
    """Rows and money per currency of a table of checked rows."""
    if kind != "orders":
        return Tally(connection.sql(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()[0][0], {})
    codes = ", ".join(map(literal, sorted(CURRENCIES)))
    found = connection.sql(
        f"""SELECT CASE WHEN currency IN ({codes}) THEN currency ELSE {literal(UNNAMED)} END AS code,
            count(*), sum(amount), count_if(amount IS NULL)
        FROM {table} WHERE {where} GROUP BY code ORDER BY code"""
    ).fetchall()
    total = NOTHING
    for code, rows, money, unreadable in found:
        total += Tally(rows, {} if money is None else {code: Decimal(money)}, unreadable)
    return total


def quarantine_by_reason(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> tuple[Quarantined, ...]:
    """The reasons of ``judged``, most frequent first, each with the first place it was met."""
    found = connection.sql(
        """SELECT reason, count(*) AS n, min((file_no, line_no)) AS at FROM judged
        WHERE reason IS NOT NULL GROUP BY reason ORDER BY n DESC, reason"""
    ).fetchall()
    return tuple(Quarantined(Reason(reason), rows, files[at[0] - 1], at[1]) for reason, rows, at in found)


def known_at_rules(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many accepted rows of ``judged`` each known-at rule applied to."""
    return dict(
        connection.sql(
            "SELECT rule, count(*) FROM judged WHERE fate = 'accepted' GROUP BY rule ORDER BY rule"
        ).fetchall()
    )


def values_set_aside(connection: duckdb.DuckDBPyConnection, kind: str) -> dict[str, int]:
    """Optional column → how many good rows of ``judged`` hold a value there that could not be read."""
    columns = may_be_set_aside(kind)
    if not columns:
        return {}
    counts = ", ".join(f"coalesce(sum((aside >> {bit}) & 1), 0)" for bit in range(len(columns)))
    row = connection.sql(f"SELECT {counts} FROM judged WHERE fate <> 'quarantined'").fetchall()[0]
    return {column.name: int(rows) for column, rows in zip(columns, row, strict=True) if rows}


def lines_in_detail(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """Of accepted order lines: equal ones in a file, corrections, and lines replaced at their own instant."""
    equal = connection.sql("SELECT count(*) FROM judged WHERE fate = 'accepted' AND copy > 1").fetchall()[0][0]
    corrections = connection.sql(
        """SELECT count(*) FROM (
            SELECT row_id FROM (
                SELECT row_id, order_id, line_id, false AS is_new FROM held WHERE versioned
                UNION ALL SELECT row_id, order_id, line_id, true FROM accepted
                WHERE order_id IS NOT NULL AND line_id IS NOT NULL)
            QUALIFY row_number() OVER (PARTITION BY order_id, line_id ORDER BY row_id) > 1 AND is_new)"""
    ).fetchall()[0][0]
    unseen = connection.sql("SELECT count(*) FROM replaced WHERE never_seen").fetchall()[0][0]
    return equal, corrections, unseen


def cancellations_of(connection: duckdb.DuckDBPyConnection) -> Cancellations:
    """The pairs of lines that cancelled each other with this batch, and the one of most money."""
    found = connection.sql(
        """WITH lines AS (SELECT row_id, customer_id, order_id, amount, ordered_at FROM stored UNION ALL
            SELECT row_id, customer_id, order_id, amount, ordered_at FROM accepted)
        SELECT s.customer_id, s.order_id, s.amount, date_diff('minute', s.ordered_at, r.ordered_at)
        FROM cancelled JOIN lines s USING (row_id) JOIN lines r ON r.row_id = cancelled.by_row_id
        ORDER BY s.amount DESC, s.row_id"""
    ).fetchall()
    largest = LargestCancellation(*found[0]) if found else None
    return Cancellations(len(found), sum((amount for _, _, amount, _ in found), Decimal(0)), largest)


def days_spanned(connection: duckdb.DuckDBPyConnection) -> tuple[date | None, date | None]:
    """First and last order day of the accepted lines; None where there are none."""
    first, last = connection.sql("SELECT min(order_day), max(order_day) FROM accepted").fetchall()[0]
    return first, last


def rows_to_come(connection: duckdb.DuckDBPyConnection, now: datetime) -> int:
    """How many accepted lines happen after ``now`` (UTC without a zone)."""
    later = f"ordered_at > TIMESTAMP {literal(now.isoformat(sep=' '))}"
    return int(connection.sql(f"SELECT count(*) FROM accepted WHERE {later}").fetchall()[0][0])


def most_frequent_currency(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The currency most good rows of ``checked`` are in; None where no row is good."""
    found = connection.sql(
        "SELECT currency FROM checked WHERE reason IS NULL GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1"
    ).fetchall()
    return str(found[0][0]) if found else None


def columns_of(raws: Sequence[RawRows], matches: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Ours → theirs of the files together (the first file speaks first), and their columns that are not used."""
    used: dict[str, str] = {}
    unused: dict[str, None] = {}
    for raw, matched in zip(raws, matches, strict=True):
        used = dict(matched) | used
        unused |= dict.fromkeys(name for name in raw.table.column_names if name not in matched.values())
    return used, tuple(unused)
