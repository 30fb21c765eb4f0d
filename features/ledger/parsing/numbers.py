"""Numbers of a column: decimal signs, currency signs, and the SQL that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from features.ledger.parsing.text import text_of
from features.ledger.schema.currencies import NO_CURRENCY, SIGNS
from features.ledger.sql import literal, quoted

PLACES = 4  # of money
MOST_EXACT = "1e11"  # below it a double of at most four decimals has fewer than the 15 digits that tell doubles apart
INDIAN = "[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}"  # 12,34,567
NARROW = r"\x{00A0}\x{2009}\x{202F}"  # spaces that regular expressions do not count as such


def is_number(arrow_type: pa.DataType) -> bool:
    """Whether numbers of the type are read as they are, not by their text."""
    return bool(pa.types.is_integer(arrow_type) or pa.types.is_float64(arrow_type) or pa.types.is_decimal(arrow_type))


@dataclass(frozen=True)
class NumericColumn:
    """SQL for the numbers of one column, text or typed; both give the same values.

    Attributes:
        name: ours.
        arrow_type: its type in ``texts``.
        sign: the decimal sign where it is text.
    """

    name: str
    arrow_type: pa.DataType
    sign: DecimalSign

    @property
    def is_given(self) -> str:
        """Over ``texts``: whether there is a value."""
        not_nan = f" AND NOT isnan({self.name})" if pa.types.is_float64(self.arrow_type) else ""
        return f"{self.name} IS NOT NULL{not_nan}"

    @property
    def number(self) -> str:
        """Over ``texts``: the number, as kept in NAME_read; null where it is no number."""
        if pa.types.is_float64(self.arrow_type):
            return f"CASE WHEN isfinite({self.name}) THEN {self.name} END"
        return self.name if is_number(self.arrow_type) else number_text(self.name, self.sign)

    @property
    def wide(self) -> str:
        """Over the readings: DECIMAL(38,12); null where it does not fit."""
        reading = f"{self.name}_read"
        return exact(text_of(reading, self.arrow_type) if pa.types.is_float64(self.arrow_type) else quoted(reading))

    @property
    def precise(self) -> str:
        """Over the readings: DECIMAL(24,12); null where it does not fit."""
        return precise(self.wide)

    @property
    def money(self) -> str:
        """Over the readings: DECIMAL(18,4), halves to the even neighbour; null where it does not fit."""
        reading = f"{self.name}_read"
        if pa.types.is_float64(self.arrow_type):
            is_exact = f"abs({reading}) < {MOST_EXACT} AND round({reading} * 10000) / 10000 = {reading}"
            return f"CASE WHEN {is_exact} THEN CAST({reading} AS DECIMAL(18,4)) ELSE {money(self.wide)} END"
        if pa.types.is_integer(self.arrow_type) or (
            pa.types.is_decimal(self.arrow_type) and self.arrow_type.scale <= PLACES
        ):
            return f"try_cast({reading} AS DECIMAL(18,4))"
        return money(self.wide)


def sign_of(name: str) -> str:
    """SQL over ``texts``: the currency sign in a column of numbers; empty where there is none."""
    return rf"regexp_extract({name}, '\p{{Sc}}')"


def is_other_sign(name: str, signs: Sequence[str], currency: str) -> str:
    """SQL over the readings: whether NAME_sign contradicts the row's currency; without one, the most frequent sign.

    ``signs`` are those of the column, the most frequent first; ``currency`` is SQL.
    """
    contradicting = [
        f"({name}_sign = {literal(sign)} AND {currency} NOT IN ({', '.join(map(literal, sorted(SIGNS[sign])))}))"
        for sign in signs
        if sign in SIGNS
    ]
    is_rare = f"{name}_sign NOT IN ('', {literal(signs[0])})"
    return (
        f"CASE WHEN {currency} = {literal(NO_CURRENCY)} THEN {is_rare} ELSE {' OR '.join(contradicting) or 'false'} END"
    )


class DecimalSign(StrEnum):
    """The sign before the decimals in the numbers of a column."""

    POINT = "."
    COMMA = ","
    UNKNOWN = "unknown"  # either, and rows depend on it: only whole numbers without separators are read


def number_text(name: str, sign: DecimalSign) -> str:
    """SQL: the number with a decimal point and no separators; null where it is no number."""
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
    """SQL: a number's text as DECIMAL(38,12); null where it does not fit."""
    return f"try_cast({text} AS DECIMAL(38,12))"


def money(wide: str) -> str:
    """SQL: DECIMAL(18,4) of a wider decimal, halves to the even neighbour; null where it does not fit."""
    return f"try_cast(round_even({wide}, 4) AS DECIMAL(18,4))"


def precise(wide: str) -> str:
    """SQL: DECIMAL(24,12) of a wider decimal; null where it does not fit."""
    return f"try_cast({wide} AS DECIMAL(24,12))"


def bare_number(column: str) -> str:
    """SQL: the number without currency sign and thousands' separators; in parentheses or with minus behind: below 0.

    A space or apostrophe separates thousands only where three digits follow, so "1 2 3" stays no number.
    """
    grouped = rf"regexp_replace({column}, '[\s{NARROW}''’]([0-9]{{3}})\b', '\1', 'g')"
    unsigned = rf"regexp_replace({grouped}, '[\s{NARROW}]*\p{{Sc}}[\s{NARROW}]*', '', 'g')"
    minus = rf"regexp_replace(replace({unsigned}, '−', '-'), '^([+-])[\s{NARROW}]+', '\1')"
    return rf"regexp_replace({minus}, '^(?:\([\s{NARROW}]*(.*?)[\s{NARROW}]*\)|([^-].*?)[\s{NARROW}]*-)$', '-\1\2')"
