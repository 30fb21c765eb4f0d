"""How the numbers and dates of a source are written, decided by the votes of all its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from features.ledger.parsing.dates import DateForm, DayOrder, NumberedDates
from features.ledger.parsing.format_votes import NO_FORMAT_VOTES, DialectVotes, FormatVotes
from features.ledger.parsing.id_padding import Padding
from features.ledger.parsing.layout import DATES, NUMBERS, RowLayout
from features.ledger.parsing.numbers import DecimalSign
from features.ledger.reading.header_matching import ColumnsError
from features.ledger.reading.raw_rows import SYSTEM_1904
from features.ledger.schema.record_types import ColumnKind

CLEAR_MAJORITY = 20  # rows for one format per row against it; fewer: the column mixes both
AMOUNT_FROM = ("quantity", "unit_price")
DOUBTFUL = (DayOrder.UNKNOWN, DayOrder.MIXED)


class AmbiguousDatesError(ColumnsError):
    """A column of dates may be day first or month first."""

    def __init__(self, source: str, column: str, order: DayOrder, example: str) -> None:
        why = "the rows contradict each other" if order is DayOrder.MIXED else "no row decides"
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be day/month or month/day, and {why}.",
            "Write its dates as 2026-08-31.",
        )


class AmbiguousNumbersError(ColumnsError):
    """Commas and points in a column of money may separate thousands or decimals."""

    def __init__(self, source: str, column: str, votes: FormatVotes, example: str) -> None:
        why = "the rows contradict each other" if votes.one or votes.other else "no row decides"
        number = re.sub(r"[.,]", "", example)
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be {number} or {number[:-3]}.{number[-3:]}, "
            f"and {why}.",
            "Write its amounts without thousands' separators and with two decimals, as 1234.00.",
        )


@dataclass(frozen=True)
class Dialect:
    """How the columns of a source are written, decided by all of its rows, by our name.

    Attributes:
        decimal_signs: of each column of numbers.
        date_forms: of each column of dates.
        signs: the currency signs in columns of numbers, the most frequent first.
        float_ids: id columns in which every value is a whole number written as 12345.0, as an export does that took
            them for amounts.
        paddings: the blanks around customer ids.
        remarks: sentences about what was assumed.
    """

    decimal_signs: Mapping[str, DecimalSign]
    date_forms: Mapping[str, DateForm]
    signs: Mapping[str, tuple[str, ...]]
    float_ids: frozenset[str]
    paddings: Mapping[str, Padding]
    remarks: tuple[str, ...]


def dialect_of(votes: DialectVotes, layout: RowLayout) -> Dialect:
    """The dialect that the votes of all rows of a source decide.

    Raises:
        AmbiguousDatesError: its dates may be day first or month first, and rows depend on it.
        AmbiguousNumbersError: its money may have a decimal point or a decimal comma, and rows depend on it.
    """
    forms = _date_forms(votes, layout)
    signs = {name: tuple(sorted(rows, key=lambda sign: (-rows[sign], sign))) for name, rows in votes.signs.items()}
    float_ids = frozenset(name for name, id_votes in votes.ids.items() if id_votes.one and not id_votes.other)
    remarks = tuple(_numbered_dates_remark(layout, name, form) for name, form in forms.items() if form.numbers)
    return Dialect(_decimal_signs(votes, layout), forms, signs, float_ids, votes.paddings, remarks)


def _decimal_signs(votes: DialectVotes, layout: RowLayout) -> dict[str, DecimalSign]:
    whole_file = sum(votes.numbers.values(), NO_FORMAT_VOTES)
    numbers = [name for name, column in layout.columns.items() if column.kind in NUMBERS]
    signs = dict.fromkeys(numbers, DecimalSign.POINT)
    for name, own in votes.numbers.items():
        signs[name] = decimal_sign_of(own, whole_file)
        is_needed = layout.columns[name].required or ("amount" not in layout.columns and name in AMOUNT_FROM)
        if signs[name] is DecimalSign.UNKNOWN and is_needed:
            raise AmbiguousNumbersError(layout.source, layout.names[name], own, votes.doubtful[name])
    return signs


def decimal_sign_of(own: FormatVotes, whole_file: FormatVotes) -> DecimalSign:
    """The decimal sign by the column's votes, else by the whole file's; undecided rows need a clear majority."""
    for votes in (own, whole_file):
        most, least = max(votes.one, votes.other), min(votes.one, votes.other)
        if most > least * (CLEAR_MAJORITY if own.undecided else 1):
            return DecimalSign.POINT if votes.one == most else DecimalSign.COMMA
        if own.undecided and most:
            break
    return DecimalSign.UNKNOWN if own.undecided else DecimalSign.POINT


def _date_forms(votes: DialectVotes, layout: RowLayout) -> dict[str, DateForm]:
    whole_file = sum(votes.dates.values(), NO_FORMAT_VOTES)
    forms: dict[str, DateForm] = {}
    for name in (name for name, column in layout.columns.items() if column.kind in DATES):
        slashed, dotted = votes.dates.get(name, NO_FORMAT_VOTES), votes.dotted.get(name, NO_FORMAT_VOTES)
        dotted_order = day_order_of(dotted, NO_FORMAT_VOTES) if dotted.other else DayOrder.DAY_FIRST
        decided: list[DayOrder] = []
        for order, own in ((day_order_of(slashed, whole_file), slashed), (dotted_order, dotted)):
            if order in DOUBTFUL and own.undecided and layout.columns[name].kind is ColumnKind.INSTANT:
                raise AmbiguousDatesError(layout.source, layout.names[name], order, votes.doubtful[name])
            decided.append(DayOrder.DAY_FIRST if order in DOUBTFUL and not own.undecided else order)
        numbers = _what_is_counted(votes.numbered.get(name, {}))
        forms[name] = DateForm(decided[0], decided[1], numbers, layout.serials_from)
    return forms


def day_order_of(own: FormatVotes, whole_file: FormatVotes) -> DayOrder:
    """Day first or month first by the column's votes, else by the whole file's."""
    for votes in (own, whole_file):
        if votes.one > votes.other * CLEAR_MAJORITY:
            return DayOrder.DAY_FIRST
        if votes.other > votes.one * CLEAR_MAJORITY:
            return DayOrder.MONTH_FIRST
        if votes.one or votes.other:
            return DayOrder.MIXED
    return DayOrder.UNKNOWN


def _what_is_counted(rows: Mapping[str, int]) -> NumberedDates | None:
    """What the numbers of a date column count, where fewer than one row in twenty cannot be counted so."""
    against = {unit: rows.get("", 0) - rows.get(unit, 0) for unit in NumberedDates}
    return next((unit for unit in NumberedDates if rows.get(unit, 0) > against[unit] * CLEAR_MAJORITY), None)


def _numbered_dates_remark(layout: RowLayout, name: str, form: DateForm) -> str:
    remark = f"The column '{layout.names[name]}' holds {form.numbers}, which were read as dates"
    if form.numbers is not NumberedDates.SERIALS:
        return f"{remark} (UTC)."
    if form.serials_from == SYSTEM_1904:
        return f"{remark}, as the workbook says in its 1904 system."
    return f"{remark} in its 1900 system; from a file of the 1904 system they would be four years and a day too early."
