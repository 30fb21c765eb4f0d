"""Counts of checked and judged rows, and of their money, for the reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from features.ledger.reading.raw_rows import RawRows
from features.ledger.schema.currencies import CURRENCIES
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import ORIGINAL, RECORD_TYPES, RecordType
from features.ledger.sql import literal
from features.ledger.validation.row_reasons import may_be_set_aside

UNNAMED = "unknown currency"


@dataclass(frozen=True)
class Tally:
    """A number of rows and their money.

    Attributes:
        money: sum per currency, over the rows with readable money.
        unreadable: number of rows whose money cannot be read.
    """

    rows: int
    money: Mapping[str, Decimal]
    unreadable: int = 0

    def __add__(self, other: Tally) -> Tally:
        codes = sorted({*self.money, *other.money})
        return Tally(
            self.rows + other.rows,
            {code: self.money.get(code, Decimal(0)) + other.money.get(code, Decimal(0)) for code in codes},
            self.unreadable + other.unreadable,
        )

    def as_json(self) -> dict[str, Any]:
        """The tally for machines; money as decimal strings."""
        money = {code: str(amount) for code, amount in self.money.items()}
        return {"rows": self.rows, "money": money, "money_unreadable_rows": self.unreadable}


NOTHING = Tally(0, {})


@dataclass(frozen=True)
class Quarantined:
    """Rows quarantined for one reason; ``file``, ``line``: where the first of them stands."""

    reason: QuarantineReason
    rows: int
    file: str
    line: int


def tally(connection: duckdb.DuckDBPyConnection, table: str, kind: str, where: str = "true") -> Tally:
    """Rows and money per currency of a table of checked rows of a record type."""
    column = RECORD_TYPES[kind].money
    if not column:
        return Tally(connection.sql(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()[0][0], {})
    money = f"coalesce({column}{ORIGINAL}, {column})"
    codes = ", ".join(map(literal, sorted(CURRENCIES)))
    sums = connection.sql(
        f"""SELECT CASE WHEN currency IN ({codes}) THEN currency ELSE {literal(UNNAMED)} END AS code,
            count(*), sum({money}), count_if({money} IS NULL)
        FROM {table} WHERE {where} GROUP BY code ORDER BY code"""
    ).fetchall()
    total = NOTHING
    for code, rows, summed, unreadable in sums:
        total += Tally(rows, {} if summed is None else {code: Decimal(summed)}, unreadable)
    return total


def quarantine_by_reason(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> tuple[Quarantined, ...]:
    """The reasons of ``judged``, most frequent first, each with its first place."""
    reasons = connection.sql(
        """SELECT reason, count(*) AS n, min((file_no, line_no)) AS at FROM judged
        WHERE reason IS NOT NULL GROUP BY reason ORDER BY n DESC, reason"""
    ).fetchall()
    return tuple(Quarantined(QuarantineReason(reason), rows, files[at[0] - 1], at[1]) for reason, rows, at in reasons)


def known_at_rules(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Known-at rule → accepted rows of ``judged`` it applies to."""
    return dict(
        connection.sql(
            "SELECT rule, count(*) FROM judged WHERE fate = 'accepted' GROUP BY rule ORDER BY rule"
        ).fetchall()
    )


def values_set_aside(connection: duckdb.DuckDBPyConnection, kind: str) -> dict[str, int]:
    """Optional column → good rows of ``judged`` with an unreadable value in it."""
    columns = may_be_set_aside(RECORD_TYPES[kind])
    if not columns:
        return {}
    counts = ", ".join(f"coalesce(sum((aside >> {bit}) & 1), 0)" for bit in range(len(columns)))
    row = connection.sql(f"SELECT {counts} FROM judged WHERE fate <> 'quarantined'").fetchall()[0]
    return {column.name: int(rows) for column, rows in zip(columns, row, strict=True) if rows}


def equal_rows(connection: duckdb.DuckDBPyConnection, raws: Sequence[RawRows]) -> int:
    """How many accepted rows of events repeat an earlier row of their file, in unused columns as well."""
    alike = """SELECT line_no, fate = 'accepted' AS is_new FROM good JOIN judged USING (file_no, line_no)
        WHERE file_no = {} AND NOT versioned QUALIFY count(*) OVER (PARTITION BY content) > 1 ORDER BY line_no"""
    equal = 0
    for file_no, raw in enumerate(raws, start=1):
        rows = connection.sql(alike.format(file_no)).to_arrow_table()
        places = np.searchsorted(raw.line_numbers.to_numpy(zero_copy_only=False), rows.column("line_no").to_numpy())
        columns = {f"c{at}": column for at, column in enumerate(raw.table.take(pa.array(places)).columns)}
        connection.register("alike", pa.table(columns | {name: rows.column(name) for name in rows.column_names}))
        again = f"row_number() OVER (PARTITION BY {', '.join(columns)} ORDER BY line_no) > 1"
        equal += connection.sql(f"SELECT * FROM alike QUALIFY {again} AND is_new").to_arrow_table().num_rows
        connection.unregister("alike")
    return equal


def rows_in_detail(connection: duckdb.DuckDBPyConnection, record_type: RecordType) -> tuple[int, int]:
    """Two counts of accepted rows of events: corrections, and rows replaced at their own instant.

    A correction differs from the version known before it, or, where it is the first known and came late, from the
    version after it.
    """
    key = ", ".join(record_type.relation.key)
    aliased = ", ".join(f"accepted.{name}" for name in record_type.relation.key)
    corrections = connection.sql(
        f"""SELECT count(*) FROM (
            SELECT is_new, content,
                row_number() OVER (PARTITION BY {key} ORDER BY row_id) > 1 AS is_another,
                coalesce(lag(content) OVER as_known, lead(content) OVER as_known) AS beside
            FROM (
                SELECT row_id, {key}, visible_from, content, false AS is_new FROM held WHERE versioned
                UNION ALL SELECT accepted.row_id, {aliased}, accepted.visible_from, content, true
                FROM accepted JOIN good USING (file_no, line_no) WHERE versioned)
            WINDOW as_known AS (PARTITION BY {key} ORDER BY visible_from, row_id))
        WHERE is_new AND is_another AND content <> beside"""
    ).fetchall()[0][0]
    unseen = connection.sql("SELECT count(*) FROM replaced WHERE never_seen").fetchall()[0][0]
    return corrections, unseen


def days_spanned(connection: duckdb.DuckDBPyConnection, record_type: RecordType) -> tuple[date | None, date | None]:
    """First and last day on which accepted rows happened; None where no row was accepted."""
    day = record_type.days.get(record_type.happened_at, record_type.happened_at)
    first, last = connection.sql(f"SELECT min({day}), max({day}) FROM accepted").fetchall()[0]
    return first, last


def rows_to_come(connection: duckdb.DuckDBPyConnection, record_type: RecordType, now: datetime) -> int:
    """How many accepted rows without a known-at of their own happen after ``now`` (UTC without a zone)."""
    later = f"{record_type.happened_at} > TIMESTAMP {literal(now.isoformat(sep=' '))}"
    query = f"SELECT count(*) FROM judged WHERE fate = 'accepted' AND rule <> 'column' AND {later}"
    return int(connection.sql(query).fetchall()[0][0])


def commitments(connection: duckdb.DuckDBPyConnection, record_type: RecordType) -> int:
    """How many accepted rows were known before they happened."""
    early = f"fate = 'accepted' AND rule = 'column' AND visible_from < {record_type.happened_at}"
    return int(connection.sql(f"SELECT count(*) FROM judged WHERE {early}").fetchall()[0][0])


def most_frequent_currency(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The currency of most good rows of ``checked``; None where no row is good."""
    currencies = connection.sql(
        "SELECT currency FROM checked WHERE reason IS NULL GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1"
    ).fetchall()
    return str(currencies[0][0]) if currencies else None


def columns_of(raws: Sequence[RawRows], matches: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Our name → the file's name (the first file decides), and the columns of the files that are not used."""
    used: dict[str, str] = {}
    unused: dict[str, None] = {}
    for raw, matched in zip(raws, matches, strict=True):
        used = dict(matched) | used
        unused |= dict.fromkeys(name for name in raw.table.column_names if name not in matched.values())
    return used, tuple(unused)
