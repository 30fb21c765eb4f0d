"""Numbers of a column: how they are written, their signs, and the SQL that reads them."""

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


def is_number(kind: pa.DataType) -> bool:
    """Whether a source's type is one of numbers that are read without their text."""
    return bool(pa.types.is_integer(kind) or pa.types.is_float64(kind) or pa.types.is_decimal(kind))


@dataclass(frozen=True)
class NumericColumn:
    """SQL for the numbers of one column: as text, or as they are; both ways give the same.

    Attributes:
        name: ours.
        kind: how ``texts`` has it.
        sign: what parts the decimals where it is text.
    """

    name: str
    kind: pa.DataType
    sign: DecimalSign

    @property
    def given(self) -> str:
        """Over ``texts``: whether there is anything."""
        nothing = f" AND NOT isnan({self.name})" if pa.types.is_float64(self.kind) else ""
        return f"{self.name} IS NOT NULL{nothing}"

    @property
    def said(self) -> str:
        """Over ``texts``: what it says, to stand in NAME_said; null where it is no number."""
        if pa.types.is_float64(self.kind):
            return f"CASE WHEN isfinite({self.name}) THEN {self.name} END"
        return self.name if is_number(self.kind) else number_text(self.name, self.sign)

    @property
    def wide(self) -> str:
        """Over the readings: DECIMAL(38,12); null where it does not fit."""
        said = f"{self.name}_said"
        return exact(text_of(said, self.kind) if pa.types.is_float64(self.kind) else quoted(said))

    @property
    def precise(self) -> str:
        """Over the readings: DECIMAL(24,12); null where it does not fit."""
        return precise(self.wide)

    @property
    def money(self) -> str:
        """Over the readings: DECIMAL(18,4), halves to the even neighbour; null where it does not fit."""
        said = f"{self.name}_said"
        if pa.types.is_float64(self.kind):
            no_more = f"abs({said}) < {MOST_EXACT} AND round({said} * 10000) / 10000 = {said}"
            return f"CASE WHEN {no_more} THEN CAST({said} AS DECIMAL(18,4)) ELSE {money(self.wide)} END"
        if pa.types.is_integer(self.kind) or (pa.types.is_decimal(self.kind) and self.kind.scale <= PLACES):
            return f"try_cast({said} AS DECIMAL(18,4))"
        return money(self.wide)


def sign_of(name: str) -> str:
    """SQL over ``texts``: the currency sign in a column of numbers; empty where there is none."""
    return rf"regexp_extract({name}, '\p{{Sc}}')"


def is_other_sign(name: str, signs: Sequence[str], currency: str) -> str:
    """SQL over the readings: whether NAME_sign is none of the row's currency; of no currency, not the most frequent.

    ``signs`` are those of the column, the most frequent first; ``currency`` is SQL.
    """
    others = [
        f"({name}_sign = {literal(sign)} AND {currency} NOT IN ({', '.join(map(literal, sorted(SIGNS[sign])))}))"
        for sign in signs
        if sign in SIGNS
    ]
    of_none = f"{name}_sign NOT IN ('', {literal(signs[0])})"
    return f"CASE WHEN {currency} = {literal(NO_CURRENCY)} THEN {of_none} ELSE {' OR '.join(others) or 'false'} END"


class DecimalSign(StrEnum):
    """What parts the decimals in the numbers of a column."""

    POINT = "."
    COMMA = ","
    UNKNOWN = "unknown"  # either, and rows depend on it: only whole numbers without any sign are read


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


def bare_number(column: str) -> str:
    """SQL: the number without currency sign and thousands' separators; in parentheses or minus behind: below 0.

    A space or apostrophe parts thousands only where three digits follow, so that "1 2 3" stays what it is: no number.
    """
    grouped = rf"regexp_replace({column}, '[\s{NARROW}''’]([0-9]{{3}})\b', '\1', 'g')"
    unsigned = rf"regexp_replace({grouped}, '[\s{NARROW}]*\p{{Sc}}[\s{NARROW}]*', '', 'g')"
    minus = rf"regexp_replace(replace({unsigned}, '−', '-'), '^([+-])[\s{NARROW}]+', '\1')"
    return rf"regexp_replace({minus}, '^(?:\([\s{NARROW}]*(.*?)[\s{NARROW}]*\)|([^-].*?)[\s{NARROW}]*-)$', '-\1\2')"
