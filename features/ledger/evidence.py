"""Here you find how the numbers and dates of a text column are written, told from its own rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from features.ledger.columns import ColumnKind
from features.ledger.matching import ColumnsError
from features.ledger.parsing import SLASHED, DayOrder, DecimalSign, bare_number, quoted
from features.ledger.raw import DATES, NUMBERS, LaidOut

CLEAR_MAJORITY = 20  # rows one way for each that contradicts; fewer: the column mixes both


class AmbiguousDatesError(ColumnsError):
    """A column of dates of which nobody can say whether day or month comes first."""

    def __init__(self, source: str, column: str, order: DayOrder, example: str) -> None:
        why = "some rows say one, some the other" if order is DayOrder.MIXED else "no row decides"
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be day/month or month/day, and {why}.",
            "Write its dates as 2026-08-31.",
        )


@dataclass(frozen=True)
class Evidence:
    """What the rows of one text column say about how it is written: votes for each way, and undecided rows."""

    one: int
    other: int
    undecided: int

    def __add__(self, more: Evidence) -> Evidence:
        return Evidence(self.one + more.one, self.other + more.other, self.undecided + more.undecided)


@dataclass(frozen=True)
class Votes:
    """What rows say about how their text columns are written, by our name; votes of more rows can be added.

    Attributes:
        numbers: for the decimal point (one) and the decimal comma (other).
        dates: for day first (one) and month first (other) in dates like 3/4/2026.
        ids: whole numbers written as 12345.0 (one), and anything else (other).
        doubtful: a date that may be day/month or month/day, of columns that hold one.
    """

    numbers: Mapping[str, Evidence]
    dates: Mapping[str, Evidence]
    ids: Mapping[str, Evidence]
    doubtful: Mapping[str, str]

    def __add__(self, more: Votes) -> Votes:
        return Votes(
            _together(self.numbers, more.numbers),
            _together(self.dates, more.dates),
            _together(self.ids, more.ids),
            {**more.doubtful, **self.doubtful},
        )

    @property
    def more_rows_may_tell(self) -> bool:
        """Whether rows not yet asked could change what is decided; ids are decided by the first that is no 12345.0."""
        return bool(self.numbers or self.dates) or any(not evidence.other for evidence in self.ids.values())


NO_VOTES = Votes({}, {}, {}, {})


@dataclass(frozen=True)
class Writing:
    """How the columns of a source are written, told from all of its rows, by our name.

    Attributes:
        decimal_signs: of each column of numbers.
        day_orders: of each column of dates.
        float_ids: id columns of which every value is a whole number written as 12345.0: an export took them for
            amounts.
    """

    decimal_signs: Mapping[str, DecimalSign]
    day_orders: Mapping[str, DayOrder]
    float_ids: frozenset[str]


def votes_of(connection: duckdb.DuckDBPyConnection, laid_out: LaidOut) -> Votes:
    """What the rows in ``texts`` say about how they are written."""
    texts = {name: column for name, column in laid_out.columns.items() if laid_out.is_text(name)}
    dates = [name for name, column in texts.items() if column.kind in DATES]
    said = {name: date_evidence(connection, name) for name in dates}
    return Votes(
        numbers={name: money_evidence(connection, name) for name in texts if texts[name].kind in NUMBERS},
        dates=said,
        ids={name: id_evidence(connection, name) for name in texts if name.endswith("_id")},
        doubtful={name: _doubtful_date(connection, name) for name in dates if said[name].undecided},
    )


def writing_of(votes: Votes, laid_out: LaidOut) -> Writing:
    """What the votes of all rows of a source decide.

    Raises:
        AmbiguousDatesError: nobody can say what comes first in its dates, and rows depend on it.
    """
    numbers = [name for name, column in laid_out.columns.items() if column.kind in NUMBERS]
    together = sum(votes.numbers.values(), Evidence(0, 0, 0))
    signs = {
        name: decimal_sign_of(votes.numbers[name], together) if name in votes.numbers else DecimalSign.POINT
        for name in numbers
    }
    floats = frozenset(name for name, evidence in votes.ids.items() if evidence.one and not evidence.other)
    return Writing(signs, _day_orders(votes, laid_out), floats)


def _day_orders(votes: Votes, laid_out: LaidOut) -> dict[str, DayOrder]:
    together = sum(votes.dates.values(), Evidence(0, 0, 0))
    dates = [name for name, column in laid_out.columns.items() if column.kind in DATES]
    orders = dict.fromkeys(dates, DayOrder.UNKNOWN)
    for name, evidence in votes.dates.items():
        order = day_order_of(evidence, together)
        doubtful = order in (DayOrder.UNKNOWN, DayOrder.MIXED)
        if doubtful and evidence.undecided and laid_out.columns[name].kind is ColumnKind.INSTANT:
            raise AmbiguousDatesError(laid_out.source, laid_out.names[name], order, votes.doubtful[name])
        orders[name] = DayOrder.DAY_FIRST if doubtful and not evidence.undecided else order
    return orders


def id_evidence(connection: duckdb.DuckDBPyConnection, name: str) -> Evidence:
    """Votes for whole numbers written as 12345.0 (one) and for anything else (other) in a text column of ids."""
    is_float = f"regexp_matches({name}, '^[0-9]+[.]0$')"
    return _counted(connection, f"SELECT {name} FROM texts", is_float, f"NOT {is_float}", f"{name} IS NOT NULL")


def _together(some: Mapping[str, Evidence], more: Mapping[str, Evidence]) -> dict[str, Evidence]:
    none = Evidence(0, 0, 0)
    return {name: some.get(name, none) + more.get(name, none) for name in {**some, **more}}


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
