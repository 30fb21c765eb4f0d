"""Here you find how text becomes money, dates and ids: DuckDB expressions, chosen per column from its evidence.

An expression is SQL over one column of a table; every one yields null, never an error, for what it cannot read.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import pyarrow as pa

BLANKS = " \t\r\n\v\f\u00a0\u202f\ufeff"
NARROW = r"\x{00A0}\x{2009}\x{202F}"  # spaces that regular expressions do not count as such
NULL_LIKE = ("", "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "nat", "\\n")
ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ].*)?$"
OFFSET = r":\d{2}([.,]\d+)?\s*(Z|z|UTC|[+-]\d{2}(:?\d{2})?)$"
DOTTED = r"^\d{1,2}\.\d{1,2}\.\d{4}( .*)?$"
SLASHED = r"^(\d{1,2})[/-](\d{1,2})[/-]\d{4}([, ].*)?$"
DIGITS = r"^\d{8}(\d{6})?$"
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
NAMED = ("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")


class DayOrder(StrEnum):
    """What the first number of a date like 3/4/2026 is."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    UNKNOWN = "unknown"  # no row with a number above 12 decides
    MIXED = "mixed"  # rows contradict each other


class DecimalSign(StrEnum):
    """What parts the decimals in the numbers of a column."""

    POINT = "."
    COMMA = ","


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def text_of(name: str, kind: pa.DataType, *, words: Collection[str] = ()) -> str:
    """The column as trimmed text; null where it is blank or says, in none of its own words, that there is nothing."""
    column = quoted(name)
    if pa.types.is_floating(kind):
        whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < 1e15"
        text = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return f"CASE WHEN NOT isnan({column}) THEN {text} END"
    if not pa.types.is_string(kind):
        return f"CAST({column} AS VARCHAR)"
    trimmed = f"trim({column}, {literal(BLANKS)})"
    return f"CASE WHEN lower({trimmed}) IN ({_nothing(words)}) THEN NULL ELSE {trimmed} END"


def tidy_text_of(name: str, *, words: Collection[str] = ()) -> str:
    """What :func:`text_of` gives for a column of texts that need no trimming; a look at their length spares most."""
    column = quoted(name)
    nothing = f"lower({column}) IN ({_nothing(words)})"
    return f"CASE WHEN strlen({column}) <= {max(map(len, NULL_LIKE))} AND {nothing} THEN NULL ELSE {column} END"


def _nothing(words: Collection[str]) -> str:
    return ", ".join(literal(text) for text in NULL_LIKE if text not in words)


def number_text(name: str, sign: DecimalSign) -> str:
    """The number of a column as SQL can read it: a decimal point, no separators; null where it is no number."""
    number = bare_number(quoted(name))
    if sign is DecimalSign.POINT:
        whole = r"^[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]*)?([eE][+-]?[0-9]{1,4})?$"
        plain = f"replace({number}, ',', '')"
    else:
        whole = r"^[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)?(,[0-9]*)?$"
        plain = f"replace(replace({number}, '.', ''), ',', '.')"
    readable = f"regexp_matches({number}, '{whole}') AND regexp_matches({number}, '[0-9]')"
    return f"CASE WHEN {readable} THEN {plain} END"


def exact(text: str) -> str:
    """A number's text as DECIMAL(38,12); null where it does not fit."""
    return f"try_cast({text} AS DECIMAL(38,12))"


def money(wide: str) -> str:
    """DECIMAL(18,4) of a wider decimal, halves to the even neighbour; null where it does not fit."""
    return f"try_cast(round_even({wide}, 4) AS DECIMAL(18,4))"


def precise(wide: str) -> str:
    """DECIMAL(24,12) of a wider decimal; null where it does not fit."""
    return f"try_cast({wide} AS DECIMAL(24,12))"


def instant_of(name: str, kind: pa.DataType, zone: str, order: DayOrder) -> str:
    """The column as an instant (UTC, TIMESTAMP); what names no zone is business time. Null where unreadable."""
    column = quoted(name)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        stamp = f"CAST({column} AS TIMESTAMP)" if pa.types.is_date(kind) or kind.tz is None else column
        sane = f"year({stamp}) BETWEEN 1 AND 9999"
        moment = f"timezone('UTC', {column})" if pa.types.is_timestamp(kind) and kind.tz else at_utc(stamp, zone)
        return f"CASE WHEN isfinite({stamp}) AND {sane} THEN {moment} END"
    with_offset = rf"replace(regexp_replace({column}, '\s+(Z|z|UTC|[+-])', '\1'), 'UTC', 'Z')"
    return (
        f"CASE WHEN regexp_matches({column}, '{ISO}') AND regexp_matches({column}, '{OFFSET}') "
        f"THEN timezone('UTC', try_cast({with_offset} AS TIMESTAMPTZ)) "
        f"ELSE {at_utc(_local_of(column, order), zone)} END"
    )


def day_of(instant: str, zone: str) -> str:
    """The business day (DATE) of an instant."""
    return (
        f"CAST({instant} AS DATE)"
        if zone == "UTC"
        else f"CAST(timezone({literal(zone)}, timezone('UTC', {instant})) AS DATE)"
    )


def at_utc(local: str, zone: str) -> str:
    """The instant (UTC) of a local time in business time."""
    return local if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {local}))"


def _local_of(column: str, order: DayOrder) -> str:
    first_two = {DayOrder.DAY_FIRST: "%d/%m", DayOrder.MONTH_FIRST: "%m/%d"}.get(order)
    slashed = _strptime(f"replace(replace({column}, '-', '/'), ',', '')", f"{first_two}/%Y") if first_two else "NULL"
    return (
        f"CASE WHEN regexp_matches({column}, '{ISO}') THEN try_cast({column} AS TIMESTAMP) "
        f"WHEN regexp_matches({column}, '{DIGITS}') THEN try_strptime({column}, ['%Y%m%d', '%Y%m%d%H%M%S']) "
        f"WHEN regexp_matches({column}, '{DOTTED}') THEN {_strptime(column, '%d.%m.%Y')} "
        f"WHEN regexp_matches({column}, '{SLASHED}') THEN {slashed} "
        f"WHEN regexp_matches({column}, '[A-Za-z]{{3}}.*[0-9]{{4}}$') THEN try_strptime({column}, {list(NAMED)}) END"
    )


def _strptime(column: str, day: str) -> str:
    return f"try_strptime({column}, {[day + clock for clock in CLOCKS]})"


def bare_number(column: str) -> str:
    """SQL: the number without currency sign and thousands' separators; in parentheses or minus behind: below 0.

    A space or apostrophe parts thousands only where three digits follow, so that "1 2 3" stays what it is: no number.
    """
    grouped = rf"regexp_replace({column}, '[\s{NARROW}''’]([0-9]{{3}})\b', '\1', 'g')"
    unsigned = rf"regexp_replace({grouped}, '[\s{NARROW}]*\p{{Sc}}[\s{NARROW}]*', '', 'g')"
    minus = rf"regexp_replace(replace({unsigned}, '−', '-'), '^([+-])[\s{NARROW}]+', '\1')"
    return rf"regexp_replace({minus}, '^(?:\([\s{NARROW}]*(.*?)[\s{NARROW}]*\)|([^-].*?)[\s{NARROW}]*-)$', '-\1\2')"
