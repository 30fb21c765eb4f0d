"""Instants from text and numbers: DuckDB expressions, chosen per column by the votes of its rows.

Each expression is SQL over one column of a table; it yields null, never an error, for what it cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import pyarrow as pa

from features.ledger.sql import at_utc, quoted

OFFSET = r"[+-](0\d|1[0-4])(:?[0-5]\d)?"  # no place on earth is further from UTC than 14 hours
CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]+.*)?$"
ISO_LOCAL = rf"^\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}([T ]+{CLOCK})?$"
ISO_WITH_OFFSET = rf"^\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}[T ]+{CLOCK}\s*(Z|z|UTC|GMT|{OFFSET})$"
DOTTED = r"^(\d{1,2})\.(\d{1,2})\.\d{4}([, ].*)?$"
SLASHED = r"^(\d{1,2})[/-](\d{1,2})[/-]\d{4}([, ].*)?$"
DIGITS = r"^\d{8}(\d{4}(\d{2})?)?$"
WITH_MONTH_NAME = r"^[A-Za-z]{3,9} \d{1,2},? \d{4}( .*)?$|^\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{4}( .*)?$"
NUMBER = r"^[0-9]{5,19}([.][0-9]+)?$"
COMPACT = ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S")
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
MONTH_NAMED = ("%d-%b-%Y", "%d %b %Y", "%d-%B-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y")
MILLISECONDS_PER_DAY = 86_400_000


class DayOrder(StrEnum):
    """What the first number of a date like 3/4/2026 is."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    UNKNOWN = "unknown"  # no row with a number above 12 decides
    MIXED = "mixed"  # rows contradict each other


class NumberedDates(StrEnum):
    """What the numbers in a column of dates count."""

    SERIALS = "a spreadsheet's serial numbers"
    SECONDS = "seconds since 1970"
    MILLISECONDS = "milliseconds since 1970"
    MICROSECONDS = "microseconds since 1970"
    NANOSECONDS = "nanoseconds since 1970"


FIRST_SECOND, LAST_SECOND = 315_532_800, 4_102_444_799  # 1980 to 2099
MICROSECONDS_PER = {
    NumberedDates.SECONDS: 1_000_000.0,
    NumberedDates.MILLISECONDS: 1_000.0,
    NumberedDates.MICROSECONDS: 1.0,
    NumberedDates.NANOSECONDS: 0.001,
}
RANGES = {
    NumberedDates.SERIALS: (27_760, 73_050),  # 1976 to 2099 in the 1900 system, 1980 to 2103 in that of 1904
    **{
        unit: (FIRST_SECOND * 1_000_000 / microseconds, LAST_SECOND * 1_000_000 / microseconds)
        for unit, microseconds in MICROSECONDS_PER.items()
    },
}
"""The range of numbers that may be dates of each kind; the ranges do not overlap."""


@dataclass(frozen=True)
class DateForm:
    """How the dates of one column are written.

    Attributes:
        slashed: what comes first in 3/4/2026.
        dotted: what comes first in 3.4.2026.
        numbers: what its numbers count; None: only numbers of 8, 12 or 14 digits are dates (20260403).
        serials_from: day 0 of serial numbers.
    """

    slashed: DayOrder
    dotted: DayOrder
    numbers: NumberedDates | None
    serials_from: date


def instant_of(name: str, arrow_type: pa.DataType, zone: str, form: DateForm) -> str:
    """SQL: the column as an instant (UTC, TIMESTAMP), null where unreadable; without a zone it is business time."""
    column = quoted(name)
    if pa.types.is_timestamp(arrow_type) or pa.types.is_date(arrow_type):
        stamp = f"CAST({column} AS TIMESTAMP)" if pa.types.is_date(arrow_type) or arrow_type.tz is None else column
        is_sane = f"year({stamp}) BETWEEN 1 AND 9999"
        moment = (
            f"timezone('UTC', {column})" if pa.types.is_timestamp(arrow_type) and arrow_type.tz else at_utc(stamp, zone)
        )
        return f"CASE WHEN isfinite({stamp}) AND {is_sane} THEN {moment} END"
    with_offset = rf"replace(regexp_replace({column}, '\s+(Z|z|UTC|GMT|[+-])', '\1'), ',', '.')"
    zoned = rf"regexp_replace({with_offset}, '(UTC|GMT)$', 'Z')"
    number_case = (
        f"WHEN {is_counted(column, form.numbers)} THEN {_from_number(column, form, zone)} " if form.numbers else ""
    )
    return (
        f"CASE {number_case}WHEN regexp_matches({column}, '{ISO_WITH_OFFSET}') "
        f"THEN timezone('UTC', try_cast({zoned} AS TIMESTAMPTZ)) "
        f"ELSE {at_utc(_local_time(column, form), zone)} END"
    )


def is_counted(column: str, numbers: NumberedDates) -> str:
    """SQL: whether the text is a number in the range of the kind."""
    first, last = RANGES[numbers]
    return f"(regexp_matches({column}, '{NUMBER}') AND try_cast({column} AS DOUBLE) BETWEEN {first} AND {last})"


def _from_number(column: str, form: DateForm, zone: str) -> str:
    if form.numbers is NumberedDates.SERIALS or form.numbers is None:
        milliseconds = f"CAST(round(CAST({column} AS DOUBLE) * {MILLISECONDS_PER_DAY}) AS BIGINT)"
        origin = f"TIMESTAMP '{form.serials_from.isoformat()} 00:00:00'"
        return at_utc(f"({origin} + to_microseconds({milliseconds} * 1000))", zone)
    microseconds = MICROSECONDS_PER[form.numbers]
    product = f"CAST({column} AS DECIMAL(38,6)) * CAST({microseconds} AS DECIMAL(12,3))"
    return f"make_timestamp(CAST(floor({product}) AS BIGINT))"


def _local_time(column: str, form: DateForm) -> str:
    plain = f"replace({column}, ',', '')"
    dashed = f"replace({plain}, '-', '/')"
    iso_clock = _strptime(f"replace({dashed}, 'T', ' ')", "%Y/%m/%d")
    return (
        f"CASE WHEN regexp_matches({column}, '{ISO_LOCAL}') THEN try_cast(replace({column}, ',', '.') AS TIMESTAMP) "
        f"WHEN regexp_matches({column}, '{ISO}') THEN {iso_clock} "
        f"WHEN regexp_matches({column}, '{DIGITS}') THEN try_strptime({column}, {list(COMPACT)}) "
        f"WHEN regexp_matches({column}, '{DOTTED}') THEN {_ordered(plain, form.dotted, '.')} "
        f"WHEN regexp_matches({column}, '{SLASHED}') THEN {_ordered(dashed, form.slashed, '/')} "
        f"WHEN regexp_matches({column}, '{WITH_MONTH_NAME}') THEN {_with_month_name(column)} END"
    )


def _ordered(column: str, order: DayOrder, sign: str) -> str:
    first_two = {DayOrder.DAY_FIRST: "%d{0}%m", DayOrder.MONTH_FIRST: "%m{0}%d"}.get(order)
    return _strptime(column, f"{first_two.format(sign)}{sign}%Y") if first_two else "NULL"


def _strptime(column: str, day: str) -> str:
    return f"try_strptime({column}, {[day + clock for clock in CLOCKS]})"


def _with_month_name(column: str) -> str:
    return f"try_strptime({column}, {[day + clock for day in MONTH_NAMED for clock in CLOCKS]})"
