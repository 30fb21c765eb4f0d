"""The check of raw rows: each gets its values, or the reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from features.ledger.parsing.categories import spoken, word_key
from features.ledger.parsing.dates import instant_of
from features.ledger.parsing.inference import Dialect, dialect_of, votes_of
from features.ledger.parsing.layout import NUMBERS, RowLayout, lay_out
from features.ledger.parsing.numbers import NumericColumn, is_other_sign, money, sign_of
from features.ledger.parsing.text import BLANKS
from features.ledger.reading.raw_rows import Misfit, RawRows
from features.ledger.schema.column import WORDLY
from features.ledger.schema.currencies import CURRENCIES
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import RECORD_TYPES, SQL_TYPES, ColumnKind, ColumnSpec, Order, RecordType
from features.ledger.sql import at_utc, day_of, literal
from features.ledger.validation.cross_row_checks import quarantine_collisions, quarantine_totals
from features.policy import Policy

LONGEST_ID = 200
CUT_SHORT = "^[0-9]([.,][0-9]+)?[eE][+][0-9]+$"  # as spreadsheets show numbers of too many digits
FIRST_YEAR, LAST_YEAR = 1901, 2199  # 1900-01-01 and 2200-01-01 stand for no date at all
MISSING = {
    "customer_id": QuarantineReason.CUSTOMER,
    "manager_id": QuarantineReason.MANAGER,
    "outcome": QuarantineReason.OUTCOME,
}
"""Why a row cannot be used that lacks a text it needs."""


def open_checks() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection of its own, where times are UTC."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def create_checked(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """An empty table ``checked`` stands ready for the rows of a kind: every column of the contract, and a reason."""
    contract = RECORD_TYPES[kind]
    columns = [f"{column.name} {SQL_TYPES[column.kind]}" for column in contract.columns]
    columns += [f"{day} DATE" for day in contract.days.values()]
    columns += [f"{column.name} {SQL_TYPES[column.kind]}" for column in contract.relation.originals]
    columns += ["rate_known_at TIMESTAMP"] if contract.converted else []
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE checked (file_no INTEGER, line_no BIGINT, {', '.join(columns)}, "
        "reason VARCHAR, aside INTEGER)"
    )


def may_be_set_aside(kind: str) -> tuple[ColumnSpec, ...]:
    """The optional columns whose unusable values become null; column i is bit i of ``checked.aside``."""
    return tuple(column for column in RECORD_TYPES[kind].columns if column.may_be_set_aside)


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    raw: RawRows,
    kind: str,
    *,
    matched: Mapping[str, str],
    file_no: int,
    policy: Policy,
    currency: str,
) -> tuple[str, ...]:
    """Remarks on the reading of ``raw``; every row of it stands in ``checked``, with its values or the reason why not.

    ``currency`` is that of rows that name none; times without a zone are business time.

    Raises:
        AmbiguousDatesError: of a column of dates nobody can say what is day and what month.
        AmbiguousNumbersError: of a column of money nobody can say what is the decimal sign.
    """
    laid_out = lay_out(connection, raw, kind, matched)
    writing = dialect_of(votes_of(connection, laid_out), laid_out)
    check_laid_out(connection, laid_out, writing, file_no=file_no, policy=policy, currency=currency)
    if raw.misfits:
        check_misfits(connection, raw.misfits, file_no=file_no)
    if not RECORD_TYPES[kind].is_sale:
        return writing.remarks
    totals, _ = quarantine_totals(connection, file_no=file_no, source=raw.name)
    quarantine_collisions(connection, file_no=file_no)
    return (*writing.remarks, *totals)


def check_laid_out(
    connection: duckdb.DuckDBPyConnection,
    laid_out: RowLayout,
    writing: Dialect,
    *,
    file_no: int,
    policy: Policy,
    currency: str,
) -> None:
    """Every row of ``texts``, which is gone now, stands in ``checked``; see :func:`check_rows`."""
    numbers, zone = _numbers(laid_out, writing), policy.time_zone
    from_price = _amount_from_price(numbers)
    connection.execute(
        f"INSERT INTO checked BY NAME SELECT {file_no} AS file_no, {', '.join(_results(laid_out, zone, currency))}, "
        f"{_reason(laid_out, writing, policy, from_price, currency)} AS reason, {_aside(laid_out)} AS aside "
        f"FROM (SELECT *, {', '.join(_values(laid_out, numbers, zone, from_price))} "
        f"FROM (SELECT line_no, {', '.join(_readings(laid_out, writing, numbers, zone))} FROM texts))"
    )
    connection.execute("DROP TABLE texts")


def check_misfits(connection: duckdb.DuckDBPyConnection, misfits: Sequence[Misfit], *, file_no: int) -> None:
    """Every line that is no row stands in ``checked`` with its reason."""
    lines = pa.array([misfit.line for misfit in misfits], pa.int64())
    reasons = pa.array([str(misfit.reason) for misfit in misfits], pa.string())
    connection.register("misfits", pa.table({"line_no": lines, "reason": reasons}))
    connection.execute(
        f"INSERT INTO checked BY NAME SELECT {file_no} AS file_no, line_no, reason, 0 AS aside FROM misfits"
    )
    connection.unregister("misfits")


def _numbers(laid_out: RowLayout, writing: Dialect) -> dict[str, NumericColumn]:
    return {
        name: NumericColumn(name, laid_out.types[name], writing.decimal_signs[name])
        for name, column in laid_out.columns.items()
        if column.kind in NUMBERS
    }


def _readings(laid_out: RowLayout, writing: Dialect, numbers: Mapping[str, NumericColumn], zone: str) -> list[str]:
    """SQL over ``texts``: text as it is; of numbers and dates whether one is given, and what it says."""
    readings: list[str] = []
    for name, column in laid_out.columns.items():
        if name in numbers:
            readings += [f"{numbers[name].given} AS {name}_given", f"{numbers[name].said} AS {name}_said"]
            readings += [f"{sign_of(name)} AS {name}_sign"] if name in writing.signs else []
        elif column.kind is ColumnKind.TEXT:
            text = _text(name, is_float_id=name in writing.float_ids, is_tidy=name in laid_out.tidy)
            if name in writing.paddings and name not in writing.float_ids:
                text = writing.paddings[name].without(name)
            readings.append(f"{text} AS {name}")
        elif column.kind in WORDLY:
            readings += [f"{name} IS NOT NULL AS {name}_given", f"{word_key(column)} AS {name}_word"]
        else:
            read = instant_of(name, laid_out.types[name], zone, writing.date_forms[name])
            readings += [f"{name} IS NOT NULL AS {name}_given", f"{read} AS {name}_read"]
    return readings


def _text(name: str, *, is_float_id: bool, is_tidy: bool) -> str:
    """SQL: the text as it is kept; line breaks and other control characters within a name are a space."""
    if name == "currency":
        return f"upper({name})"
    if name.endswith("_id"):
        return f"regexp_replace(trim({name}, {literal(BLANKS)}), '[.]0$', '')" if is_float_id else name
    if is_tidy:
        return name
    return f"regexp_replace({name}, '[\\x01-\\x1F\\x7F-\\x{{9F}}]+', ' ', 'g')"


def _values(laid_out: RowLayout, numbers: Mapping[str, NumericColumn], zone: str, amount_from_price: str) -> list[str]:
    """SQL over the readings: the values of numbers and dates, null where they are none."""
    values = [f"{money(amount_from_price)} AS amount"] if amount_from_price else []
    for name, column in laid_out.columns.items():
        sane = f"CASE WHEN year({name}_read) BETWEEN {FIRST_YEAR} AND {LAST_YEAR} THEN {name}_read END"
        match column.kind:
            case ColumnKind.MONEY | ColumnKind.NUMBER:
                values.append(f"{_within(column, numbers[name].money)} AS {name}")
            case ColumnKind.PRECISE:
                values.append(f"{_within(column, numbers[name].precise)} AS {name}")
            case ColumnKind.YES_NO | ColumnKind.WORD | ColumnKind.WORDS:
                values.append(f"{spoken(column, f'{name}_word')} AS {name}")
            case ColumnKind.DAY:
                values.append(f"{day_of(sane, zone)} AS {name}")
            case ColumnKind.INSTANT:
                values.append(f"{sane} AS {name}")
    return values or ["NULL AS nothing"]


def _within(column: ColumnSpec, value: str) -> str:
    """SQL: the number where it lies within the column's bounds, else null."""
    bounds = [f"value > {column.above}"] if column.above else []
    bounds += [f"value >= {column.at_least}"] if column.at_least else []
    bounds += [f"value <= {column.at_most}"] if column.at_most else []
    if not bounds:
        return value
    tests = " AND ".join(bound.replace("value", f"({value})", 1) for bound in bounds)
    return f"CASE WHEN {tests} THEN {value} END"


def _results(laid_out: RowLayout, zone: str, currency: str) -> list[str]:
    """SQL over the values: what stands in ``checked``."""
    contract = RECORD_TYPES[laid_out.kind]
    days = [f"{day_of(name, zone)} AS {day}" for name, day in contract.days.items() if name in laid_out.columns]
    plain = [
        f"CASE WHEN {_owner(laid_out, column)} THEN {name} END AS {name}" if column.of else name
        for name, column in laid_out.columns.items()
    ]
    if not contract.money:
        return ["line_no", *plain, *days]
    named = _named(laid_out, currency)
    plain = [name for name in plain if name not in ("currency", contract.money)]
    return ["line_no", *plain, contract.money, f"{named} AS currency", *days]


def _named(laid_out: RowLayout, currency: str) -> str:
    """SQL: the currency the row names, else that of rows that name none."""
    return f"coalesce(currency, {literal(currency)})" if "currency" in laid_out.columns else literal(currency)


def _owner(laid_out: RowLayout, column: ColumnSpec) -> str:
    """SQL: whether the row has what the column speaks of."""
    return f"{column.of} IS NOT NULL" if column.of in laid_out.columns else "false"


def _amount_from_price(numbers: Mapping[str, NumericColumn]) -> str:
    if "amount" in numbers or "unit_price" not in numbers:
        return ""
    quantity, price = numbers["quantity"].wide, numbers["unit_price"].wide
    return f"try_cast({quantity} AS DECIMAL(18,6)) * try_cast({price} AS DECIMAL(20,8))"


def _broken(laid_out: RowLayout) -> list[str]:
    """SQL: what makes texts unusable; of tidy ones only their length can."""
    texts = [name for name, column in laid_out.columns.items() if column.kind is ColumnKind.TEXT]
    ids = [name for name in texts if name.endswith("_id")]
    untidy = [name for name in texts if name not in laid_out.tidy]
    return [
        *(f"contains({name}, chr(0)) OR contains({name}, chr(65533))" for name in untidy),
        *(f"length({name}) > {LONGEST_ID}" for name in ids),
        *(f"regexp_matches({name}, '[[:cntrl:]\\x{{80}}-\\x{{9F}}]')" for name in ids if name in untidy),
    ]


def _reason(laid_out: RowLayout, writing: Dialect, policy: Policy, amount_from_price: str, currency: str) -> str:
    """SQL: the first thing that is wrong with a row, or null."""
    kind, there = RECORD_TYPES[laid_out.kind], laid_out.columns
    required = [column for column in kind.columns if column.required]
    wrong = [
        (f"{column.name} IS NULL", MISSING[column.name])
        for column in required
        if column.kind is ColumnKind.TEXT and column.name != "currency"
    ]
    if broken := _broken(laid_out):
        wrong.append((" OR ".join(f"coalesce({test}, false)" for test in broken), QuarantineReason.TEXT))
    ids = [name for name in there if name.endswith("_id")]
    cut_short = [f"contains(lower({name}), 'e+') AND regexp_matches({name}, '{CUT_SHORT}')" for name in ids]
    wrong.append((" OR ".join(f"coalesce({test}, false)" for test in cut_short) or "false", QuarantineReason.ID))
    for column in required:
        wrong += _wrong_value(column, amount_from_price)
    if kind.money:
        named = _named(laid_out, currency)
        wrong += [(is_other_sign(name, signs, named), QuarantineReason.SIGN) for name, signs in writing.signs.items()]
    if "currency" in there:
        codes = ", ".join(map(literal, sorted(CURRENCIES)))
        given = "" if kind.money else "currency IS NULL OR "
        wrong.append((f"{given}currency NOT IN ({codes})", QuarantineReason.CURRENCY))
    if "known_at" in there:
        wrong.append(("known_at_given AND known_at IS NULL", QuarantineReason.KNOWN_AT))
    if "score" in there:
        most = f"coalesce(score_max, {policy.survey_score_max})" if "score_max" in there else policy.survey_score_max
        wrong.append((f"score < 0 OR score > {most}", QuarantineReason.SCALE))
    wrong += [
        (_contradicts(kind, order, policy.time_zone), QuarantineReason.CONTRADICTION)
        for order in kind.in_order
        if order.earlier in there and order.later in there
    ]
    return "CASE " + " ".join(f"WHEN {test} THEN {literal(reason)}" for test, reason in wrong) + " END"


def _wrong_value(column: ColumnSpec, amount_from_price: str) -> list[tuple[str, QuarantineReason]]:
    """SQL tests of a required value that is no text, each with its reason."""
    name = column.name
    match column.kind:
        case ColumnKind.INSTANT | ColumnKind.DAY:
            return [
                (f"{name}_read IS NULL", QuarantineReason.WHEN),
                (f"{name} IS NULL", QuarantineReason.WHEN_IMPOSSIBLE),
            ]
        case ColumnKind.MONEY:
            unread = f"{name}_said IS NULL"
            if amount_from_price:
                unread = "quantity_said IS NULL OR unit_price_said IS NULL"
            return [(unread, QuarantineReason.AMOUNT), (f"{name} IS NULL", QuarantineReason.AMOUNT_LARGE)]
        case ColumnKind.NUMBER | ColumnKind.PRECISE:
            return [(f"{name} IS NULL", QuarantineReason.NUMBER)]
        case ColumnKind.WORD | ColumnKind.WORDS | ColumnKind.YES_NO:
            return [(f"{name} IS NULL", QuarantineReason.WORD)]
    return []


def _contradicts(kind: RecordType, order: Order, zone: str) -> str:
    """SQL: whether the later of two dates comes first; a date without a time is no earlier than its day."""
    days = {
        name: name if kind.column(name).kind is ColumnKind.DAY else day_of(name, zone)
        for name in (order.earlier, order.later)
    }
    if not order.may_be_one_day:
        return f"{days[order.later]} <= {days[order.earlier]}"
    before = f"{days[order.later]} < {days[order.earlier]}"
    if any(kind.column(name).kind is ColumnKind.DAY for name in days):
        return before
    has_time = f"{order.later} <> {at_utc(f'CAST({days[order.later]} AS TIMESTAMP)', zone)}"
    return f"{before} OR ({order.later} < {order.earlier} AND {has_time})"


def _aside(laid_out: RowLayout) -> str:
    """SQL: which optional values are given and cannot be used, as bits."""
    bits = []
    for bit, column in enumerate(may_be_set_aside(laid_out.kind)):
        if column.name not in laid_out.columns:
            continue
        given = column.name if column.kind is ColumnKind.TEXT else f"{column.name}_given"
        unusable = [] if column.kind is ColumnKind.TEXT else [f"{given} AND {column.name} IS NULL"]
        if column.of:
            told = f"{given} IS NOT NULL" if column.kind is ColumnKind.TEXT else given
            unusable.append(f"{told} AND NOT {_owner(laid_out, column)}")
        bits.append(f"(CASE WHEN {' OR '.join(unusable)} THEN {1 << bit} ELSE 0 END)")
    return " + ".join(bits) or "0"
