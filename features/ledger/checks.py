"""Here you find the check of raw rows: each gets its values, or the reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from features.ledger.columns import KINDS, SQL_TYPES, Column, ColumnKind, ColumnsError
from features.ledger.currencies import CURRENCIES
from features.ledger.parsing import (
    DayOrder,
    DecimalSign,
    Evidence,
    date_evidence,
    day_of,
    day_order_of,
    decimal_sign_of,
    exact,
    instant_of,
    literal,
    money,
    money_evidence,
    number_text,
    quoted,
    text_of,
)
from features.ledger.reasons import Reason

LONGEST_ID = 200
DATES = (ColumnKind.DAY, ColumnKind.INSTANT)
NUMBERS = (ColumnKind.MONEY, ColumnKind.NUMBER)


@dataclass(frozen=True)
class RawRows:
    """The rows of one source as they were found, before any check.

    Attributes:
        name: of the file.
        table: its columns; text where the file knows only text.
        line_numbers: of each row in the file.
        misfits: lines with another number of fields than the header: line number, text.
    """

    name: str
    table: pa.Table
    line_numbers: pa.Array
    misfits: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows) + len(self.misfits)


class AmbiguousDatesError(ColumnsError):
    """A column of dates of which nobody can say whether day or month comes first."""

    def __init__(self, source: str, column: str, order: DayOrder, example: str) -> None:
        why = "some rows say one, some the other" if order is DayOrder.MIXED else "no row decides"
        super().__init__(
            f"{source}: '{example}' in the column '{column}' may be day/month or month/day, and {why}.",
            "Write its dates as 2026-08-31.",
        )


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
        AmbiguousDatesError: see there.
    """
    contract = {column.name: column for column in KINDS[kind] if column.name in matched}
    _lay_out_texts(connection, raw, contract, matched)
    signs = _decimal_signs(connection, raw, contract, matched)
    orders = _day_orders(connection, raw, contract, matched)
    steps: list[str] = ["line_no"]
    values: list[str] = ["line_no"]
    for name, column in contract.items():
        found = raw.table.schema.field(matched[name]).type
        match column.kind:
            case ColumnKind.TEXT:
                steps.append(f"upper({name}) AS {name}" if name == "currency" else name)
                values.append(name)
            case ColumnKind.MONEY | ColumnKind.NUMBER:
                text = number_text(name, signs[name])
                steps += [f"{name} IS NOT NULL AS {name}_given", f"{text} AS {name}_text"]
                values.append(f"{money(exact(f'{name}_text'))} AS {name}")
            case ColumnKind.DAY | ColumnKind.INSTANT:
                steps += [
                    f"{name} IS NOT NULL AS {name}_given",
                    f"{instant_of(name, found, zone, orders[name])} AS {name}_read",
                ]
                sane = f"CASE WHEN year({name}_read) BETWEEN 1900 AND 2200 THEN {name}_read END"
                values.append(f"{day_of(sane, zone) if column.kind is ColumnKind.DAY else sane} AS {name}")
    amount = _amount_from_price(contract)
    if amount:
        values.append(f"{money(amount)} AS amount")
    extra = ["line_no", *contract]
    if kind == "orders":
        extra = [name for name in extra if name not in ("currency", "amount")] + ["amount"]
        named = f"coalesce(currency, {literal(currency)})" if "currency" in contract else literal(currency)
        extra += [f"{named} AS currency", f"{day_of('ordered_at', zone)} AS order_day"]
    kept = [f"{name}_{suffix}" for name, column in contract.items() for suffix in _kept_of(column)]
    connection.execute(
        f"INSERT INTO checked BY NAME SELECT {file_no} AS file_no, {', '.join(extra)}, "
        f"{_reason(contract, amount)} AS reason, {_aside(kind, contract)} AS aside "
        f"FROM (SELECT {', '.join(values + kept)} FROM (SELECT {', '.join(steps)} FROM texts)) v"
    )
    connection.execute("DROP TABLE texts")
    if raw.misfits:
        lines = pa.table({"line_no": pa.array([line for line, _ in raw.misfits], pa.int64())})
        connection.register("misfits", lines)
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


def _lay_out_texts(
    connection: duckdb.DuckDBPyConnection, raw: RawRows, contract: Mapping[str, Column], matched: Mapping[str, str]
) -> None:
    """The table ``texts``: our columns under our names, as trimmed text; dates that are typed stay typed."""
    names = list(contract)
    table = raw.table.select([matched[name] for name in names]).rename_columns(names)
    connection.register("raw_rows", table.append_column("line_no", raw.line_numbers))
    columns = [
        quoted(name)
        if contract[name].kind in DATES and _is_date(table, name)
        else f"{text_of(name, table.schema.field(name).type)} AS {name}"
        for name in names
    ]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE texts AS SELECT line_no, {', '.join(columns)} FROM raw_rows")
    connection.unregister("raw_rows")


def _is_date(table: pa.Table, name: str) -> bool:
    kind = table.schema.field(name).type
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether the source knows only text for this column."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _decimal_signs(
    connection: duckdb.DuckDBPyConnection, raw: RawRows, contract: Mapping[str, Column], matched: Mapping[str, str]
) -> dict[str, DecimalSign]:
    numbers = [name for name, column in contract.items() if column.kind in NUMBERS]
    said = {
        name: money_evidence(connection, "texts", name)
        for name in numbers
        if is_text(raw.table.schema.field(matched[name]).type)
    }
    together = sum(said.values(), Evidence(0, 0, 0))
    return {name: decimal_sign_of(said[name], together) if name in said else DecimalSign.POINT for name in numbers}


def _day_orders(
    connection: duckdb.DuckDBPyConnection, raw: RawRows, contract: Mapping[str, Column], matched: Mapping[str, str]
) -> dict[str, DayOrder]:
    dates = [name for name, column in contract.items() if column.kind in DATES]
    texts = [name for name in dates if is_text(raw.table.schema.field(matched[name]).type)]
    said = {name: date_evidence(connection, "texts", name) for name in texts}
    together = sum(said.values(), Evidence(0, 0, 0))
    orders = dict.fromkeys(dates, DayOrder.UNKNOWN)
    for name, evidence in said.items():
        order = day_order_of(evidence, together)
        doubtful = order in (DayOrder.UNKNOWN, DayOrder.MIXED)
        if doubtful and evidence.undecided and contract[name].kind is ColumnKind.INSTANT:
            raise AmbiguousDatesError(raw.name, matched[name], order, _doubtful_date(connection, name))
        orders[name] = DayOrder.DAY_FIRST if doubtful and not evidence.undecided else order
    return orders


def _doubtful_date(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    row = connection.sql(
        f"SELECT {name} FROM texts WHERE regexp_matches({name}, '^(0?[1-9]|1[0-2])[/-](0?[1-9]|1[0-2])[/-]') LIMIT 1"
    ).fetchall()
    return str(row[0][0])


def _amount_from_price(contract: Mapping[str, Column]) -> str:
    if "amount" in contract or "unit_price" not in contract:
        return ""
    return (
        f"try_cast({exact('quantity_text')} AS DECIMAL(18,6)) * try_cast({exact('unit_price_text')} AS DECIMAL(20,8))"
    )


def _kept_of(column: Column) -> tuple[str, ...]:
    if column.kind in NUMBERS:
        return "given", "text"
    return ("given", "read") if column.kind in DATES else ()


def _reason(contract: Mapping[str, Column], amount_from_price: str) -> str:
    """SQL: the first thing that is wrong with a row, or null."""
    texts = [name for name, column in contract.items() if column.kind is ColumnKind.TEXT]
    broken = [f"contains({name}, chr(0)) OR contains({name}, chr(65533))" for name in texts]
    broken += [f"length({name}) > {LONGEST_ID}" for name in texts if name.endswith("_id")]
    wrong: list[tuple[str, Reason]] = [
        ("customer_id IS NULL", Reason.CUSTOMER),
        (" OR ".join(f"coalesce({test}, false)" for test in broken), Reason.TEXT),
    ]
    if "ordered_at" in contract:
        wrong += [("ordered_at_read IS NULL", Reason.WHEN), ("ordered_at IS NULL", Reason.WHEN_IMPOSSIBLE)]
        unread = "amount_text IS NULL"
        if amount_from_price:
            unread = "quantity_text IS NULL OR unit_price_text IS NULL"
        wrong += [(unread, Reason.AMOUNT), ("amount IS NULL", Reason.AMOUNT_LARGE)]
    if "currency" in contract:
        codes = ", ".join(map(literal, sorted(CURRENCIES)))
        wrong.append((f"currency NOT IN ({codes})", Reason.CURRENCY))
    if "known_at" in contract:
        wrong.append(("known_at_given AND known_at IS NULL", Reason.KNOWN_AT))
    return "CASE " + " ".join(f"WHEN {test} THEN {literal(reason)}" for test, reason in wrong) + " END"


def _aside(kind: str, contract: Mapping[str, Column]) -> str:
    bits = [
        f"(CASE WHEN {column.name}_given AND {column.name} IS NULL THEN {1 << bit} ELSE 0 END)"
        for bit, column in enumerate(may_be_set_aside(kind))
        if column.name in contract
    ]
    return " + ".join(bits) or "0"
