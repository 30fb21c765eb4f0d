"""Here you find how the numbers and dates of a text column are written, told from its own rows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from features.ledger.columns import ColumnKind
from features.ledger.matching import ColumnsError
from features.ledger.parsing import SLASHED, DayOrder, DecimalSign, bare_number, quoted
from features.ledger.raw import DATES, LaidOut

NUMBERS = (ColumnKind.MONEY, ColumnKind.NUMBER)
CLEAR_MAJORITY = 20  # rows one way for each that contradicts; fewer: the column mixes both


class AmbiguousDatesError(ColumnsError):
    """A column of dates of which nobody can say whether day or month comes first."""

    def __init__(self, source: str, column: str, order: DayOrder, example: str) -> None:
        why = "some rows say one, some the other" if order is DayOrder.MIXED else "no row decides"
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be day/month or month/day, and {why}.",
            "Write its dates as 2026-08-31.",
        )


def decimal_signs(connection: duckdb.DuckDBPyConnection, laid_out: LaidOut) -> dict[str, DecimalSign]:
    """What parts the decimals in each column of numbers, by our name."""
    numbers = [name for name, column in laid_out.columns.items() if column.kind in NUMBERS]
    said = {name: money_evidence(connection, name) for name in numbers if laid_out.is_text(name)}
    together = sum(said.values(), Evidence(0, 0, 0))
    return {name: decimal_sign_of(said[name], together) if name in said else DecimalSign.POINT for name in numbers}


def day_orders(connection: duckdb.DuckDBPyConnection, laid_out: LaidOut) -> dict[str, DayOrder]:
    """What comes first in dates like 3/4/2026, for each column of dates by our name.

    Raises:
        AmbiguousDatesError: nobody can say, and rows depend on it.
    """
    dates = [name for name, column in laid_out.columns.items() if column.kind in DATES]
    said = {name: date_evidence(connection, name) for name in dates if laid_out.is_text(name)}
    together = sum(said.values(), Evidence(0, 0, 0))
    orders = dict.fromkeys(dates, DayOrder.UNKNOWN)
    for name, evidence in said.items():
        order = day_order_of(evidence, together)
        doubtful = order in (DayOrder.UNKNOWN, DayOrder.MIXED)
        if doubtful and evidence.undecided and laid_out.columns[name].kind is ColumnKind.INSTANT:
            example = _doubtful_date(connection, name)
            raise AmbiguousDatesError(laid_out.source, laid_out.names[name], order, example)
        orders[name] = DayOrder.DAY_FIRST if doubtful and not evidence.undecided else order
    return orders


def float_ids(connection: duckdb.DuckDBPyConnection, laid_out: LaidOut) -> frozenset[str]:
    """The id columns of which every value is a whole number written as 12345.0: an export took them for amounts."""
    ids = [name for name in laid_out.columns if name.endswith("_id") and laid_out.is_text(name)]
    if not ids:
        return frozenset()
    every = ", ".join(f"coalesce(bool_and(regexp_matches({name}, '^[0-9]+[.]0$')), false)" for name in ids)
    row = connection.sql(f"SELECT {every} FROM texts").fetchall()[0]
    return frozenset(name for name, is_float in zip(ids, row, strict=True) if is_float)


@dataclass(frozen=True)
class Evidence:
    """What the rows of one text column say about how it is written: votes for each way, and undecided rows."""

    one: int
    other: int
    undecided: int

    def __add__(self, more: Evidence) -> Evidence:
        return Evidence(self.one + more.one, self.other + more.other, self.undecided + more.undecided)


def money_evidence(connection: duckdb.DuckDBPyConnection, name: str) -> Evidence:
    """Votes for the decimal point (one) and the decimal comma (other) among the numbers of a text column."""
    number = bare_number(quoted(name))
    point = (
        r"regexp_matches(n, '^[+-]?[0-9]*\.[0-9]+$') AND NOT regexp_matches(n, '^[+-]?[0-9]{1,3}\.[0-9]{3}$') "
        r"OR regexp_matches(n, ',[0-9]{3}\.[0-9]*$') OR regexp_matches(n, ',[0-9]{3},')"
    )
    comma = (
        r"regexp_matches(n, '^[+-]?[0-9]*,[0-9]+$') AND NOT regexp_matches(n, '^[+-]?[0-9]{1,3},[0-9]{3}$') "
        r"OR regexp_matches(n, '\.[0-9]{3},[0-9]*$') OR regexp_matches(n, '\.[0-9]{3}\.')"
    )
    return _counted(
        connection, f"SELECT {number} AS n FROM texts", point, comma, "contains(n, ',') OR contains(n, '.')"
    )


def decimal_sign_of(own: Evidence, whole_file: Evidence) -> DecimalSign:
    """What most rows of the column say, else those of the whole file; the point where nothing tells."""
    for evidence in (own, whole_file):
        if evidence.one != evidence.other:
            return DecimalSign.POINT if evidence.one > evidence.other else DecimalSign.COMMA
    return DecimalSign.POINT


def date_evidence(connection: duckdb.DuckDBPyConnection, name: str) -> Evidence:
    """Votes for day first (one) and month first (other) among the dates like 3/4/2026 of a text column."""
    parts = (
        f"SELECT CAST(regexp_extract({quoted(name)}, '{SLASHED}', 1) AS INTEGER) AS a, "
        f"CAST(regexp_extract({quoted(name)}, '{SLASHED}', 2) AS INTEGER) AS b FROM texts "
        f"WHERE regexp_matches({quoted(name)}, '{SLASHED}')"
    )
    return _counted(connection, parts, "a > 12 AND b <= 12", "b > 12 AND a <= 12", "a <> b")


def day_order_of(own: Evidence, whole_file: Evidence) -> DayOrder:
    """What the rows of the column say, else those of the whole file."""
    for evidence in (own, whole_file):
        if evidence.one > evidence.other * CLEAR_MAJORITY:
            return DayOrder.DAY_FIRST
        if evidence.other > evidence.one * CLEAR_MAJORITY:
            return DayOrder.MONTH_FIRST
        if evidence.one or evidence.other:
            return DayOrder.MIXED
    return DayOrder.UNKNOWN


def _doubtful_date(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    row = connection.sql(
        f"SELECT {name} FROM texts WHERE regexp_matches({name}, '^(0?[1-9]|1[0-2])[/-](0?[1-9]|1[0-2])[/-]') LIMIT 1"
    ).fetchall()
    return str(row[0][0])


def _counted(connection: duckdb.DuckDBPyConnection, rows: str, one: str, other: str, any_way: str) -> Evidence:
    counts = f"SELECT count(*) FILTER ({one}), count(*) FILTER ({other}), count(*) FILTER ({any_way}) FROM ({rows})"
    for_one, for_other, all_of_them = connection.sql(counts).fetchall()[0]
    return Evidence(for_one, for_other, all_of_them - for_one - for_other)
