"""Votes of rows on how their text columns are written: decimal sign, order of day and month, currency signs, ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from features.ledger.parsing.dates import DOTTED, NUMBER, RANGES, SLASHED, is_counted
from features.ledger.parsing.id_padding import AS_WRITTEN, NO_PADDING, Padding, padding_of
from features.ledger.parsing.layout import DATES, NUMBERS, RowLayout
from features.ledger.parsing.numbers import bare_number
from features.ledger.parsing.text import BLANKS
from features.ledger.schema.work_tables import WorkTable
from features.ledger.sql import literal, quoted

DOUBTFUL_DATE = "^(0?[1-9]|1[0-2])[/.-](0?[1-9]|1[0-2])[/.-]"
EITHER_WAY = "^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
POINT = (
    r"regexp_matches(n, '^[+-]?[0-9]*\.[0-9]+$') AND NOT regexp_matches(n, '^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$') "
    r"OR regexp_matches(n, ',[0-9]{3}\.[0-9]*$') OR regexp_matches(n, ',[0-9]{2,3},')"
)
COMMA = (
    r"regexp_matches(n, '^[+-]?[0-9]*,[0-9]+$') AND NOT regexp_matches(n, '^[+-]?[1-9][0-9]{0,2},[0-9]{3}$') "
    r"OR regexp_matches(n, '\.[0-9]{3},[0-9]*$') OR regexp_matches(n, '\.[0-9]{3}\.')"
)
"""SQL over a bare number: only a decimal point, or only a decimal comma, explains how it is written."""


@dataclass(frozen=True)
class FormatVotes:
    """Votes of the rows of one text column for each of two formats, and the rows that fit both."""

    one: int
    other: int
    undecided: int

    def __add__(self, more: FormatVotes) -> FormatVotes:
        return FormatVotes(self.one + more.one, self.other + more.other, self.undecided + more.undecided)


NO_FORMAT_VOTES = FormatVotes(0, 0, 0)


@dataclass(frozen=True)
class DialectVotes:
    """Votes of rows on how each text column is written, by our name; the votes of more rows can be added.

    Attributes:
        numbers: for the decimal point (one) and the decimal comma (other).
        dates: for day first (one) and month first (other) in dates like 3/4/2026.
        dotted: the same in dates like 3.4.2026.
        numbered: of date columns that hold numbers: rows by what their number may count; "" for all rows.
        signs: of columns of numbers: rows by their currency sign.
        ids: for whole numbers written as 12345.0 (one) and for anything else (other).
        doubtful: an example of a date that may be day/month or month/day, or of a number that may be 1234 or 1.234.
        paddings: the blanks around customer ids.
    """

    numbers: Mapping[str, FormatVotes]
    dates: Mapping[str, FormatVotes]
    dotted: Mapping[str, FormatVotes]
    numbered: Mapping[str, Mapping[str, int]]
    signs: Mapping[str, Mapping[str, int]]
    ids: Mapping[str, FormatVotes]
    doubtful: Mapping[str, str]
    paddings: Mapping[str, Padding]

    def __add__(self, more: DialectVotes) -> DialectVotes:
        return DialectVotes(
            _add_votes(self.numbers, more.numbers),
            _add_votes(self.dates, more.dates),
            _add_votes(self.dotted, more.dotted),
            _add_counts(self.numbered, more.numbered),
            _add_counts(self.signs, more.signs),
            _add_votes(self.ids, more.ids),
            {**more.doubtful, **self.doubtful},
            {
                name: padding + more.paddings[name] if name in more.paddings else padding
                for name, padding in {**more.paddings, **self.paddings}.items()
            },
        )

    @property
    def more_rows_may_tell(self) -> bool:
        """Whether more rows could change the decision; the first id that is no 12345.0 decides the ids."""
        undecided_ids = any(not votes.other for votes in self.ids.values())
        padded = any(padding.may_be_layout for padding in self.paddings.values())
        return bool(self.numbers or self.dates or self.numbered) or undecided_ids or padded


NO_VOTES = DialectVotes({}, {}, {}, {}, {}, {}, {}, {})


def _add_votes(some: Mapping[str, FormatVotes], more: Mapping[str, FormatVotes]) -> dict[str, FormatVotes]:
    return {name: some.get(name, NO_FORMAT_VOTES) + more.get(name, NO_FORMAT_VOTES) for name in {**some, **more}}


def _add_counts(
    some: Mapping[str, Mapping[str, int]], more: Mapping[str, Mapping[str, int]]
) -> dict[str, Mapping[str, int]]:
    return {name: dict(Counter(some.get(name, {})) + Counter(more.get(name, {}))) for name in {**some, **more}}


def votes_of(connection: duckdb.DuckDBPyConnection, layout: RowLayout) -> DialectVotes:
    """Votes of the rows in ``texts`` on how they are written."""
    texts = {name: column for name, column in layout.columns.items() if layout.is_text(name)}
    numbers = [name for name in texts if texts[name].kind in NUMBERS]
    dates = [name for name, column in layout.columns.items() if column.kind in DATES and layout.is_asked(name)]
    text_dates = [name for name in dates if name in texts]
    decimals = {name: money_votes(connection, name) for name in numbers}
    slashed = {name: date_votes(connection, name, SLASHED) for name in text_dates}
    dotted = {name: date_votes(connection, name, DOTTED) for name in text_dates}
    doubtful_dates = [name for name in text_dates if slashed[name].undecided or dotted[name].undecided]
    return DialectVotes(
        numbers=decimals,
        dates=slashed,
        dotted=dotted,
        numbered={name: counts for name in dates if (counts := _numbered_dates(connection, name)) or name not in texts},
        signs={name: counts for name in numbers if (counts := _currency_signs(connection, name, layout))},
        ids={name: id_votes(connection, name, layout) for name in texts if name.endswith("_id")},
        doubtful={
            **{name: _first_value(connection, name, DOUBTFUL_DATE) for name in doubtful_dates},
            **{name: _first_value(connection, name, EITHER_WAY) for name in numbers if decimals[name].undecided},
        },
        paddings=_paddings(connection, layout),
    )


def money_votes(connection: duckdb.DuckDBPyConnection, name: str) -> FormatVotes:
    """Votes for the decimal point (one) and the decimal comma (other) among the numbers of a text column."""
    either = rf"({POINT}) OR ({COMMA}) OR regexp_matches(n, '{EITHER_WAY}')"
    numbers = f"SELECT {bare_number(quoted(name))} AS n FROM {WorkTable.TEXTS}"
    return _count_votes(connection, numbers, one=POINT, other=COMMA, either=either)


def date_votes(connection: duckdb.DuckDBPyConnection, name: str, pattern: str) -> FormatVotes:
    """Votes for day first (one) and month first (other) among the dates of a pattern in a text column."""
    parts = (
        f"SELECT CAST(regexp_extract({quoted(name)}, '{pattern}', 1) AS INTEGER) AS a, "
        f"CAST(regexp_extract({quoted(name)}, '{pattern}', 2) AS INTEGER) AS b FROM {WorkTable.TEXTS} "
        f"WHERE regexp_matches({quoted(name)}, '{pattern}')"
    )
    return _count_votes(connection, parts, one="a > 12 AND b <= 12", other="b > 12 AND a <= 12", either="a <> b")


def id_votes(connection: duckdb.DuckDBPyConnection, name: str, layout: RowLayout) -> FormatVotes:
    """Votes for whole numbers written as 12345.0 (one) and for anything else (other) in a text column of ids."""
    trimmed = name if name in layout.tidy else f"trim({name}, {literal(BLANKS)})"
    is_float = f"regexp_matches({trimmed}, '^[0-9]+[.]0$')"
    ids = f"SELECT {name} FROM {WorkTable.TEXTS}"
    return _count_votes(connection, ids, one=is_float, other=f"NOT {is_float}", either=f"{name} IS NOT NULL")


def _count_votes(connection: duckdb.DuckDBPyConnection, rows: str, *, one: str, other: str, either: str) -> FormatVotes:
    counts = f"SELECT count(*) FILTER ({one}), count(*) FILTER ({other}), count(*) FILTER ({either}) FROM ({rows})"
    for_one, for_other, all_votes = connection.sql(counts).fetchall()[0]
    return FormatVotes(for_one, for_other, all_votes - for_one - for_other)


def _numbered_dates(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    """Rows of a date column by what their number may count, and "" for all rows; empty where no row is a number."""
    a_number = (
        f"SELECT 1 FROM {WorkTable.TEXTS} WHERE regexp_matches({name}, '{NUMBER}') "
        f"AND NOT length({name}) IN (8, 12, 14) LIMIT 1"
    )
    if not connection.sql(a_number).fetchall():
        return {}
    counts = ", ".join(f"count(*) FILTER ({is_counted(name, unit)})" for unit in RANGES)
    row = connection.sql(f"SELECT count({name}), {counts} FROM {WorkTable.TEXTS}").fetchall()[0]
    return dict(zip(("", *map(str, RANGES)), row, strict=True))


def _currency_signs(connection: duckdb.DuckDBPyConnection, name: str, layout: RowLayout) -> dict[str, int]:
    """Rows of a column of numbers by their currency sign."""
    has_sign = "contains(n, '$')" if name in layout.tidy else r"regexp_matches(n, '\p{Sc}')"
    rows = connection.sql(
        f"SELECT regexp_extract(n, '\\p{{Sc}}') AS sign, count(*) FROM (SELECT {name} AS n FROM {WorkTable.TEXTS}) "
        f"WHERE {has_sign} GROUP BY sign"
    ).fetchall()
    return dict(rows)


def _first_value(connection: duckdb.DuckDBPyConnection, name: str, pattern: str) -> str:
    """The first value of a pattern."""
    column = bare_number(quoted(name)) if pattern == EITHER_WAY else quoted(name)
    first = f"SELECT {column} FROM {WorkTable.TEXTS} WHERE regexp_matches({column}, '{pattern}') LIMIT 1"
    return str(connection.sql(first).fetchall()[0][0])


def _paddings(connection: duckdb.DuckDBPyConnection, layout: RowLayout) -> dict[str, Padding]:
    ids = [name for name in AS_WRITTEN if name in layout.columns and layout.is_text(name)]
    paddings = {name: NO_PADDING if name in layout.tidy else padding_of(connection, name) for name in ids}
    return {name: padding for name, padding in paddings.items() if padding}
