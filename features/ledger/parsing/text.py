"""Here you find how text becomes numbers, money and ids: DuckDB expressions, chosen per column from its evidence.

An expression is SQL over one column of a table; every one yields null, never an error, for what it cannot read.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import pyarrow as pa

BLANKS = " \t\r\n\v\f\u00a0\u202f\ufeff"
INDIAN = "[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}"  # 12,34,567
NARROW = r"\x{00A0}\x{2009}\x{202F}"  # spaces that regular expressions do not count as such
NULL_LIKE = (
    "", "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "nat", "\\n",
    "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!",
)  # fmt: skip


class DecimalSign(StrEnum):
    """What parts the decimals in the numbers of a column."""

    POINT = "."
    COMMA = ","
    UNKNOWN = "unknown"  # either, and rows depend on it: only whole numbers without any sign are read


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


def untrimmed_text_of(name: str) -> str:
    """The column as it is written; null where it is blank or says that there is nothing."""
    trimmed = f"trim({quoted(name)}, {literal(BLANKS)})"
    return f"CASE WHEN lower({trimmed}) NOT IN ({_nothing(())}) THEN {quoted(name)} END"


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
    if sign is DecimalSign.UNKNOWN:
        return f"CASE WHEN regexp_matches({number}, '^[+-]?[0-9]+$') THEN {number} END"
    if sign is DecimalSign.POINT:
        whole = rf"^[+-]?([0-9]+|[0-9]{{1,3}}(,[0-9]{{3}})+|{INDIAN})?(\.[0-9]*)?([eE][+-]?[0-9]{{1,4}})?$"
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


def bare_number(column: str) -> str:
    """SQL: the number without currency sign and thousands' separators; in parentheses or minus behind: below 0.

    A space or apostrophe parts thousands only where three digits follow, so that "1 2 3" stays what it is: no number.
    """
    grouped = rf"regexp_replace({column}, '[\s{NARROW}''’]([0-9]{{3}})\b', '\1', 'g')"
    unsigned = rf"regexp_replace({grouped}, '[\s{NARROW}]*\p{{Sc}}[\s{NARROW}]*', '', 'g')"
    minus = rf"regexp_replace(replace({unsigned}, '−', '-'), '^([+-])[\s{NARROW}]+', '\1')"
    return rf"regexp_replace({minus}, '^(?:\([\s{NARROW}]*(.*?)[\s{NARROW}]*\)|([^-].*?)[\s{NARROW}]*-)$', '-\1\2')"
