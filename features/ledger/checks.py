"""Here you find the check of raw rows: each gets its values, or the reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from features.ledger.columns import KINDS, SQL_TYPES, Column, ColumnKind
from features.ledger.currencies import CURRENCIES
from features.ledger.evidence import Writing, votes_of, writing_of
from features.ledger.numbers import Number
from features.ledger.parsing import day_of, instant_of, literal, money
from features.ledger.raw import NUMBERS, LaidOut, RawRows, lay_out
from features.ledger.reasons import Reason

LONGEST_ID = 200
FIRST_YEAR, LAST_YEAR = 1900, 2200


def open_checks() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection of its own, where times are UTC."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def create_checked(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """An empty table ``checked`` stands ready for the rows of a kind: every column of the contract, and a reason."""
    columns = ", ".join(f"{column.name} {SQL_TYPES[column.kind]}" for column in KINDS[kind])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE checked (file_no INTEGER, line_no BIGINT, {columns}, "
        "order_day DATE, reason VARCHAR, aside INTEGER)"
    )


def may_be_set_aside(kind: str) -> tuple[Column, ...]:
    """The optional columns whose unreadable values become null; column i is bit i of ``checked.aside``."""
    return tuple(
        column
        for column in KINDS[kind]
        if column.kind is not ColumnKind.TEXT and not column.required and column.name != "known_at"
    )


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    raw: RawRows,
    kind: str,
    *,
    matched: Mapping[str, str],
    file_no: int,
    zone: str,
    currency: str,
) -> None:
    """Every row of ``raw`` stands in ``checked``, with its values or with the reason why not.

    ``currency`` is that of rows that name none; times without a zone are times of ``zone``.

    Raises:
        AmbiguousDatesError: of a column of dates nobody can say what is day and what month.
    """
    laid_out = lay_out(connection, raw, kind, matched)
    writing = writing_of(votes_of(connection, laid_out), laid_out)
    check_laid_out(connection, laid_out, writing, file_no=file_no, zone=zone, currency=currency)
    if raw.misfits:
        check_misfits(connection, raw.misfits, file_no=file_no)


def check_laid_out(
    connection: duckdb.DuckDBPyConnection,
    laid_out: LaidOut,
    writing: Writing,
    *,
    file_no: int,
    zone: str,
    currency: str,
) -> None:
    """Every row of ``texts``, which is gone now, stands in ``checked``; see :func:`check_rows`."""
    numbers = _numbers(laid_out, writing)
    from_price = _amount_from_price(numbers)
    connection.execute(
        f"INSERT INTO checked BY NAME SELECT {file_no} AS file_no, {', '.join(_results(laid_out, zone, currency))}, "
        f"{_reason(laid_out, from_price)} AS reason, {_aside(laid_out)} AS aside "
        f"FROM (SELECT *, {', '.join(_values(laid_out, numbers, zone, from_price))} "
        f"FROM (SELECT line_no, {', '.join(_readings(laid_out, writing, numbers, zone))} FROM texts))"
    )
    connection.execute("DROP TABLE texts")


def check_misfits(connection: duckdb.DuckDBPyConnection, misfits: Sequence[tuple[int, str]], *, file_no: int) -> None:
    """Every line with another number of fields than its header stands in ``checked`` with that reason."""
    connection.register("misfits", pa.table({"line_no": pa.array([line for line, _ in misfits], pa.int64())}))
    connection.execute(
        f"INSERT INTO checked BY NAME SELECT {file_no} AS file_no, line_no, "
        f"{literal(Reason.FIELDS)} AS reason, 0 AS aside FROM misfits"
    )
    connection.unregister("misfits")


def refuse_other_currencies(connection: duckdb.DuckDBPyConnection, reporting: str) -> None:
    """Rows of another currency than the ledger's are out, as no exchange rate is known."""
    connection.execute(
        f"UPDATE checked SET reason = {literal(Reason.RATE)} WHERE reason IS NULL AND currency <> {literal(reporting)}"
    )


def _numbers(laid_out: LaidOut, writing: Writing) -> dict[str, Number]:
    return {
        name: Number(name, laid_out.types[name], writing.decimal_signs[name])
        for name, column in laid_out.columns.items()
        if column.kind in NUMBERS
    }


def _readings(laid_out: LaidOut, writing: Writing, numbers: Mapping[str, Number], zone: str) -> list[str]:
    """SQL over ``texts``: text as it is; of numbers and dates whether one is given, and what it says."""
    readings: list[str] = []
    for name, column in laid_out.columns.items():
        if name in numbers:
            readings += [f"{numbers[name].given} AS {name}_given", f"{numbers[name].said} AS {name}_said"]
        elif column.kind is ColumnKind.TEXT:
            text = _text(name, is_float_id=name in writing.float_ids, is_tidy=name in laid_out.tidy)
            readings.append(f"{text} AS {name}")
        else:
            read = instant_of(name, laid_out.types[name], zone, writing.day_orders[name])
            readings += [f"{name} IS NOT NULL AS {name}_given", f"{read} AS {name}_read"]
    return readings


def _text(name: str, *, is_float_id: bool, is_tidy: bool) -> str:
    """SQL: the text as it is kept; line breaks and other control characters within a name are a space."""
    if name == "currency":
        return f"upper({name})"
    if name.endswith("_id"):
        return f"regexp_replace({name}, '[.]0$', '')" if is_float_id else name
    if is_tidy:
        return name
    return f"regexp_replace({name}, '[\\x01-\\x1F\\x7F-\\x{{9F}}]+', ' ', 'g')"


def _values(laid_out: LaidOut, numbers: Mapping[str, Number], zone: str, amount_from_price: str) -> list[str]:
    """SQL over the readings: the values of numbers and dates, null where they are none."""
    values = [f"{money(amount_from_price)} AS amount"] if amount_from_price else []
    for name, column in laid_out.columns.items():
        sane = f"CASE WHEN year({name}_read) BETWEEN {FIRST_YEAR} AND {LAST_YEAR} THEN {name}_read END"
        match column.kind:
            case ColumnKind.MONEY | ColumnKind.NUMBER:
                values.append(f"{numbers[name].money} AS {name}")
            case ColumnKind.DAY:
                values.append(f"{day_of(sane, zone)} AS {name}")
            case ColumnKind.INSTANT:
                values.append(f"{sane} AS {name}")
    return values or ["NULL AS nothing"]


def _results(laid_out: LaidOut, zone: str, currency: str) -> list[str]:
    """SQL over the values: what stands in ``checked``."""
    if laid_out.kind != "orders":
        return ["line_no", *laid_out.columns]
    named = f"coalesce(currency, {literal(currency)})" if "currency" in laid_out.columns else literal(currency)
    plain = [name for name in laid_out.columns if name not in ("currency", "amount")]
    return ["line_no", *plain, "amount", f"{named} AS currency", f"{day_of('ordered_at', zone)} AS order_day"]


def _amount_from_price(numbers: Mapping[str, Number]) -> str:
    if "amount" in numbers or "unit_price" not in numbers:
        return ""
    quantity, price = numbers["quantity"].wide, numbers["unit_price"].wide
    return f"try_cast({quantity} AS DECIMAL(18,6)) * try_cast({price} AS DECIMAL(20,8))"


def _broken(laid_out: LaidOut) -> list[str]:
    """SQL: what makes texts unusable; of tidy ones only their length can."""
    texts = [name for name, column in laid_out.columns.items() if column.kind is ColumnKind.TEXT]
    ids = [name for name in texts if name.endswith("_id")]
    untidy = [name for name in texts if name not in laid_out.tidy]
    return [
        *(f"contains({name}, chr(0)) OR contains({name}, chr(65533))" for name in untidy),
        *(f"length({name}) > {LONGEST_ID}" for name in ids),
        *(f"regexp_matches({name}, '[[:cntrl:]\\x{{80}}-\\x{{9F}}]')" for name in ids if name in untidy),
    ]


def _reason(laid_out: LaidOut, amount_from_price: str) -> str:
    """SQL: the first thing that is wrong with a row, or null."""
    contract = laid_out.columns
    wrong: list[tuple[str, Reason]] = [
        ("customer_id IS NULL", Reason.CUSTOMER),
        (" OR ".join(f"coalesce({test}, false)" for test in _broken(laid_out)), Reason.TEXT),
    ]
    if "ordered_at" in contract:
        wrong += [("ordered_at_read IS NULL", Reason.WHEN), ("ordered_at IS NULL", Reason.WHEN_IMPOSSIBLE)]
        unread = "amount_said IS NULL"
        if amount_from_price:
            unread = "quantity_said IS NULL OR unit_price_said IS NULL"
        wrong += [(unread, Reason.AMOUNT), ("amount IS NULL", Reason.AMOUNT_LARGE)]
    if "currency" in contract:
        codes = ", ".join(map(literal, sorted(CURRENCIES)))
        wrong.append((f"currency NOT IN ({codes})", Reason.CURRENCY))
    if "known_at" in contract:
        wrong.append(("known_at_given AND known_at IS NULL", Reason.KNOWN_AT))
    return "CASE " + " ".join(f"WHEN {test} THEN {literal(reason)}" for test, reason in wrong) + " END"


def _aside(laid_out: LaidOut) -> str:
    """SQL: which optional values are given and cannot be read, as bits."""
    bits = [
        f"(CASE WHEN {column.name}_given AND {column.name} IS NULL THEN {1 << bit} ELSE 0 END)"
        for bit, column in enumerate(may_be_set_aside(laid_out.kind))
        if column.name in laid_out.columns
    ]
    return " + ".join(bits) or "0"
