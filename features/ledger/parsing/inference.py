"""How the numbers and dates of a text column are written, told from its own rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from features.ledger.parsing.dates import DOTTED, NUMBER, RANGES, SLASHED, DateForm, DayOrder, NumberedDates, is_counted
from features.ledger.parsing.id_padding import AS_WRITTEN, NO_PADDING, Padding, padding_of
from features.ledger.parsing.layout import DATES, NUMBERS, RowLayout
from features.ledger.parsing.numbers import DecimalSign, bare_number
from features.ledger.parsing.text import BLANKS
from features.ledger.reading.header_matching import ColumnsError
from features.ledger.reading.raw_rows import SYSTEM_1904
from features.ledger.schema.record_types import ColumnKind
from features.ledger.sql import literal, quoted

CLEAR_MAJORITY = 20  # rows one way for each that contradicts; fewer: the column mixes both
AMOUNT_FROM = ("quantity", "unit_price")
DAY_FIRST = DayOrder.DAY_FIRST
DOUBTFUL = (DayOrder.UNKNOWN, DayOrder.MIXED)
DOUBTFUL_DATE = "^(0?[1-9]|1[0-2])[/.-](0?[1-9]|1[0-2])[/.-]"
EITHER_WAY = "^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"


class AmbiguousDatesError(ColumnsError):
    """A column of dates of which nobody can say whether day or month comes first."""

    def __init__(self, source: str, column: str, order: DayOrder, example: str) -> None:
        why = "some rows say one, some the other" if order is DayOrder.MIXED else "no row decides"
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be day/month or month/day, and {why}.",
            "Write its dates as 2026-08-31.",
        )


class AmbiguousNumbersError(ColumnsError):
    """A column of money of which nobody can say whether its commas and points part thousands or decimals."""

    def __init__(self, source: str, column: str, evidence: FormatVotes, example: str) -> None:
        why = "some rows say one, some the other" if evidence.one or evidence.other else "no row decides"
        number = re.sub(r"[.,]", "", example)
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be {number} or {number[:-3]}.{number[-3:]}, "
            f"and {why}.",
            "Write its amounts without thousands' separators and with two decimals, as 1234.00.",
        )


@dataclass(frozen=True)
class FormatVotes:
    """What the rows of one text column say about how it is written: votes for each way, and undecided rows."""

    one: int
    other: int
    undecided: int

    def __add__(self, more: FormatVotes) -> FormatVotes:
        return FormatVotes(self.one + more.one, self.other + more.other, self.undecided + more.undecided)


@dataclass(frozen=True)
class DialectVotes:
    """What rows say about how their text columns are written, by our name; votes of more rows can be added.

    Attributes:
        numbers: for the decimal point (one) and the decimal comma (other).
        dates: for day first (one) and month first (other) in dates like 3/4/2026.
        dotted: the same in dates like 3.4.2026.
        numbered: of columns of dates with numbers: rows that may count so, by what they count; "" for all rows.
        signs: of columns of numbers: rows by their currency sign.
        ids: whole numbers written as 12345.0 (one), and anything else (other).
        doubtful: a date that may be day/month or month/day, or a number that may be 1234 or 1.234, of columns that
            hold one.
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
            _together(self.numbers, more.numbers),
            _together(self.dates, more.dates),
            _together(self.dotted, more.dotted),
            _counts_together(self.numbered, more.numbered),
            _counts_together(self.signs, more.signs),
            _together(self.ids, more.ids),
            {**more.doubtful, **self.doubtful},
            {
                name: padding + more.paddings[name] if name in more.paddings else padding
                for name, padding in {**more.paddings, **self.paddings}.items()
            },
        )

    @property
    def more_rows_may_tell(self) -> bool:
        """Whether rows not yet asked could change what is decided; ids are decided by the first that is no 12345.0."""
        undecided_ids = any(not evidence.other for evidence in self.ids.values())
        padded = any(padding.may_be_layout for padding in self.paddings.values())
        return bool(self.numbers or self.dates or self.numbered) or undecided_ids or padded


NO_FORMAT_VOTES = FormatVotes(0, 0, 0)
NO_VOTES = DialectVotes({}, {}, {}, {}, {}, {}, {}, {})


@dataclass(frozen=True)
class Dialect:
    """How the columns of a source are written, told from all of its rows, by our name.

    Attributes:
        decimal_signs: of each column of numbers.
        date_forms: of each column of dates.
        signs: the currency signs in columns of numbers, the most frequent first.
        float_ids: id columns of which every value is a whole number written as 12345.0: an export took them for
            amounts.
        paddings: the blanks around customer ids.
        remarks: sentences about what was taken for granted.
    """

    decimal_signs: Mapping[str, DecimalSign]
    date_forms: Mapping[str, DateForm]
    signs: Mapping[str, tuple[str, ...]]
    float_ids: frozenset[str]
    paddings: Mapping[str, Padding]
    remarks: tuple[str, ...]


def votes_of(connection: duckdb.DuckDBPyConnection, laid_out: RowLayout) -> DialectVotes:
    """What the rows in ``texts`` say about how they are written."""
    texts = {name: column for name, column in laid_out.columns.items() if laid_out.is_text(name)}
    numbers = [name for name in texts if texts[name].kind in NUMBERS]
    dates = [name for name, column in laid_out.columns.items() if column.kind in DATES and laid_out.is_asked(name)]
    written = [name for name in dates if name in texts]
    said = {name: money_votes(connection, name) for name in numbers}
    slashed = {name: date_votes(connection, name, SLASHED) for name in written}
    dotted = {name: date_votes(connection, name, DOTTED) for name in written}
    doubtful_dates = [name for name in written if slashed[name].undecided or dotted[name].undecided]
    return DialectVotes(
        numbers=said,
        dates=slashed,
        dotted=dotted,
        numbered={name: counts for name in dates if (counts := _numbered(connection, name)) or name not in texts},
        signs={name: counts for name in numbers if (counts := _signs(connection, name, laid_out))},
        ids={name: id_votes(connection, name, laid_out) for name in texts if name.endswith("_id")},
        doubtful={
            **{name: _first(connection, name, DOUBTFUL_DATE) for name in doubtful_dates},
            **{name: _first(connection, name, EITHER_WAY) for name in numbers if said[name].undecided},
        },
        paddings=_paddings(connection, laid_out),
    )


def dialect_of(votes: DialectVotes, laid_out: RowLayout) -> Dialect:
    """What the votes of all rows of a source decide.

    Raises:
        AmbiguousDatesError: nobody can say what comes first in its dates, and rows depend on it.
        AmbiguousNumbersError: nobody can say what parts the decimals of its money, and rows depend on it.
    """
    forms = _date_forms(votes, laid_out)
    signs = {name: tuple(sorted(rows, key=lambda sign: (-rows[sign], sign))) for name, rows in votes.signs.items()}
    floats = frozenset(name for name, evidence in votes.ids.items() if evidence.one and not evidence.other)
    remarks = tuple(_remark(laid_out, name, form) for name, form in forms.items() if form.numbers)
    return Dialect(_decimal_signs(votes, laid_out), forms, signs, floats, votes.paddings, remarks)


def _paddings(connection: duckdb.DuckDBPyConnection, laid_out: RowLayout) -> dict[str, Padding]:
    ids = [name for name in AS_WRITTEN if name in laid_out.columns and laid_out.is_text(name)]
    found = {name: NO_PADDING if name in laid_out.tidy else padding_of(connection, name) for name in ids}
    return {name: padding for name, padding in found.items() if padding}


def _decimal_signs(votes: DialectVotes, laid_out: RowLayout) -> dict[str, DecimalSign]:
    together = sum(votes.numbers.values(), NO_FORMAT_VOTES)
    numbers = [name for name, column in laid_out.columns.items() if column.kind in NUMBERS]
    signs = dict.fromkeys(numbers, DecimalSign.POINT)
    for name, evidence in votes.numbers.items():
        signs[name] = decimal_sign_of(evidence, together)
        needed = laid_out.columns[name].required or ("amount" not in laid_out.columns and name in AMOUNT_FROM)
        if signs[name] is DecimalSign.UNKNOWN and needed:
            raise AmbiguousNumbersError(laid_out.source, laid_out.names[name], evidence, votes.doubtful[name])
    return signs


def _date_forms(votes: DialectVotes, laid_out: RowLayout) -> dict[str, DateForm]:
    together = sum(votes.dates.values(), NO_FORMAT_VOTES)
    forms: dict[str, DateForm] = {}
    for name in (name for name, column in laid_out.columns.items() if column.kind in DATES):
        slashed, dotted = votes.dates.get(name, NO_FORMAT_VOTES), votes.dotted.get(name, NO_FORMAT_VOTES)
        orders = (day_order_of(slashed, together), day_order_of(dotted, NO_FORMAT_VOTES) if dotted.other else DAY_FIRST)
        for order, evidence in zip(orders, (slashed, dotted), strict=True):
            if order in DOUBTFUL and evidence.undecided and laid_out.columns[name].kind is ColumnKind.INSTANT:
                raise AmbiguousDatesError(laid_out.source, laid_out.names[name], order, votes.doubtful[name])
        decided = [
            DAY_FIRST if order in DOUBTFUL and not evidence.undecided else order
            for order, evidence in zip(orders, (slashed, dotted), strict=True)
        ]
        numbers = _what_is_counted(votes.numbered.get(name, {}))
        forms[name] = DateForm(decided[0], decided[1], numbers, laid_out.serials_from)
    return forms


def _what_is_counted(rows: Mapping[str, int]) -> NumberedDates | None:
    """What the numbers of a column of dates count, where all but one in twenty rows may count so."""
    others = {each: rows.get("", 0) - rows.get(each, 0) for each in NumberedDates}
    return next((each for each in NumberedDates if rows.get(each, 0) > others[each] * CLEAR_MAJORITY), None)


def _remark(laid_out: RowLayout, name: str, form: DateForm) -> str:
    said = f"The column '{laid_out.names[name]}' holds {form.numbers}, which were read as dates"
    if form.numbers is not NumberedDates.SERIALS:
        return f"{said} (UTC)."
    if form.serials_from == SYSTEM_1904:
        return f"{said}, as the workbook says in its 1904 system."
    return f"{said} in its 1900 system; from a file of the 1904 system they would be four years and a day too early."


def _numbered(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    """How many rows of a column of dates may count what, and how many there are; nothing where none is a number."""
    first = (
        f"SELECT 1 FROM texts WHERE regexp_matches({name}, '{NUMBER}') AND NOT length({name}) IN (8, 12, 14) LIMIT 1"
    )
    if not connection.sql(first).fetchall():
        return {}
    counts = ", ".join(f"count(*) FILTER ({is_counted(name, each)})" for each in RANGES)
    row = connection.sql(f"SELECT count({name}), {counts} FROM texts").fetchall()[0]
    return dict(zip(("", *map(str, RANGES)), row, strict=True))


def _signs(connection: duckdb.DuckDBPyConnection, name: str, laid_out: RowLayout) -> dict[str, int]:
    """How many rows of a column of numbers carry which currency sign."""
    letters = "contains(n, '$')" if name in laid_out.tidy else r"regexp_matches(n, '\p{Sc}')"
    found = connection.sql(
        f"SELECT regexp_extract(n, '\\p{{Sc}}') AS sign, count(*) FROM (SELECT {name} AS n FROM texts) WHERE {letters} "
        "GROUP BY sign"
    ).fetchall()
    return dict(found)


def id_votes(connection: duckdb.DuckDBPyConnection, name: str, laid_out: RowLayout) -> FormatVotes:
    """Votes for whole numbers written as 12345.0 (one) and for anything else (other) in a text column of ids."""
    trimmed = name if name in laid_out.tidy else f"trim({name}, {literal(BLANKS)})"
    is_float = f"regexp_matches({trimmed}, '^[0-9]+[.]0$')"
    return _counted(connection, f"SELECT {name} FROM texts", is_float, f"NOT {is_float}", f"{name} IS NOT NULL")


def _together(some: Mapping[str, FormatVotes], more: Mapping[str, FormatVotes]) -> dict[str, FormatVotes]:
    return {name: some.get(name, NO_FORMAT_VOTES) + more.get(name, NO_FORMAT_VOTES) for name in {**some, **more}}


def _counts_together(
    some: Mapping[str, Mapping[str, int]], more: Mapping[str, Mapping[str, int]]
) -> dict[str, Mapping[str, int]]:
    return {name: dict(Counter(some.get(name, {})) + Counter(more.get(name, {}))) for name in {**some, **more}}


def money_votes(connection: duckdb.DuckDBPyConnection, name: str) -> FormatVotes:
    """Votes for the decimal point (one) and the decimal comma (other) among the numbers of a text column."""
    number = bare_number(quoted(name))
    point = (
        r"regexp_matches(n, '^[+-]?[0-9]*\.[0-9]+$') AND NOT regexp_matches(n, '^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$') "
        r"OR regexp_matches(n, ',[0-9]{3}\.[0-9]*$') OR regexp_matches(n, ',[0-9]{2,3},')"
    )
    comma = (
        r"regexp_matches(n, '^[+-]?[0-9]*,[0-9]+$') AND NOT regexp_matches(n, '^[+-]?[1-9][0-9]{0,2},[0-9]{3}$') "
        r"OR regexp_matches(n, '\.[0-9]{3},[0-9]*$') OR regexp_matches(n, '\.[0-9]{3}\.')"
    )
    either = rf"({point}) OR ({comma}) OR regexp_matches(n, '{EITHER_WAY}')"
    return _counted(connection, f"SELECT {number} AS n FROM texts", point, comma, either)


def decimal_sign_of(own: FormatVotes, whole_file: FormatVotes) -> DecimalSign:
    """What the rows of the column say, else those of the whole file; where rows depend on it, by a clear majority."""
    for evidence in (own, whole_file):
        most, least = max(evidence.one, evidence.other), min(evidence.one, evidence.other)
        if most > least * (CLEAR_MAJORITY if own.undecided else 1):
            return DecimalSign.POINT if evidence.one == most else DecimalSign.COMMA
        if own.undecided and most:
            break
    return DecimalSign.UNKNOWN if own.undecided else DecimalSign.POINT


def date_votes(connection: duckdb.DuckDBPyConnection, name: str, pattern: str) -> FormatVotes:
    """Votes for day first (one) and month first (other) among the dates of a pattern in a text column."""
    parts = (
        f"SELECT CAST(regexp_extract({quoted(name)}, '{pattern}', 1) AS INTEGER) AS a, "
        f"CAST(regexp_extract({quoted(name)}, '{pattern}', 2) AS INTEGER) AS b FROM texts "
        f"WHERE regexp_matches({quoted(name)}, '{pattern}')"
    )
    return _counted(connection, parts, "a > 12 AND b <= 12", "b > 12 AND a <= 12", "a <> b")


def day_order_of(own: FormatVotes, whole_file: FormatVotes) -> DayOrder:
    """What the rows of the column say, else those of the whole file."""
    for evidence in (own, whole_file):
        if evidence.one > evidence.other * CLEAR_MAJORITY:
            return DayOrder.DAY_FIRST
        if evidence.other > evidence.one * CLEAR_MAJORITY:
            return DayOrder.MONTH_FIRST
        if evidence.one or evidence.other:
            return DayOrder.MIXED
    return DayOrder.UNKNOWN


def _first(connection: duckdb.DuckDBPyConnection, name: str, pattern: str) -> str:
    """The first value of a pattern."""
    column = bare_number(quoted(name)) if pattern == EITHER_WAY else quoted(name)
    row = connection.sql(f"SELECT {column} FROM texts WHERE regexp_matches({column}, '{pattern}') LIMIT 1").fetchall()
    return str(row[0][0])


def _counted(connection: duckdb.DuckDBPyConnection, rows: str, one: str, other: str, any_way: str) -> FormatVotes:
    counts = f"SELECT count(*) FILTER ({one}), count(*) FILTER ({other}), count(*) FILTER ({any_way}) FROM ({rows})"
    for_one, for_other, all_of_them = connection.sql(counts).fetchall()[0]
    return FormatVotes(for_one, for_other, all_of_them - for_one - for_other)
