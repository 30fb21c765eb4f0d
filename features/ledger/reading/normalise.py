"""Typed columns made plain: few types, valid text, and no date that cannot be one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - frames carry UTC without a zone
MOST_DIGITS = 38  # of a decimal in DuckDB
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days since 1970
TICKS_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def plain_table(table: pa.Table) -> pa.Table:
    """The table with numbers, booleans, dates, microsecond timestamps and valid text alone.

    Broken characters become U+FFFD. Nested columns stay what they are; one of any other type becomes text as Python
    writes it, and so does one of dates where one lies outside the years 1 to 9999, which then is no date.
    """
    for at, field in enumerate(table.schema):
        column = _plain(table.column(at))
        if column is not table.column(at):
            table = table.set_column(at, field.name, column)
    return table


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if _is_plain(kind) or is_nested(kind):
        return column
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _valid_text(column)
    if pa.types.is_string_view(kind):
        return _valid_text(column.cast(pa.binary_view()).cast(pa.binary()))
    if pa.types.is_large_string(kind):
        return _valid_text(column.cast(pa.large_binary()).cast(pa.binary()))
    if pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind):
        return _valid_text(column.cast(pa.binary()))
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _sane_dates(column)
    return as_text(column)


def _is_plain(kind: pa.DataType) -> bool:
    is_number = pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind)
    is_decimal = pa.types.is_decimal(kind) and kind.bit_width <= 128 and kind.precision <= MOST_DIGITS
    return bool(is_number or is_decimal or pa.types.is_boolean(kind) or pa.types.is_null(kind))


def is_nested(kind: pa.DataType) -> bool:
    """Whether a value of the type is several: a list, a struct, a map."""
    return bool(pa.types.is_nested(kind))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as Python writes them."""
    values = [None if value is None else str(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string())])


def _valid_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        if pa.types.is_binary(column.type):
            return column.cast(pa.string())
        column.validate(full=True)
    except pa.ArrowInvalid:
        values = column.cast(pa.binary()).to_pylist()
        texts = [None if value is None else value.decode("utf-8", errors="replace") for value in values]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column


def _sane_dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_date64(kind):
        return _sane_dates(column.cast(pa.int64()).cast(pa.timestamp("ms")))
    in_a_day = TICKS_PER_DAY[kind.unit] if pa.types.is_timestamp(kind) else 1
    ticks = column.cast(pa.int32() if pa.types.is_date(kind) else pa.int64())
    reach = pc.min_max(ticks).as_py()
    if reach["min"] is None or (reach["min"] >= FIRST_DAY * in_a_day and reach["max"] < (LAST_DAY + 1) * in_a_day):
        return column.cast(pa.timestamp("us", kind.tz), safe=False) if pa.types.is_timestamp(kind) else column
    zone = "Z" if pa.types.is_timestamp(kind) and kind.tz else ""
    texts = [None if tick is None else _tick_text(tick, in_a_day, zone) for tick in ticks.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _tick_text(tick: int, in_a_day: int, zone: str) -> str:
    """The instant as ISO 8601; where no calendar has it, a text that is no date."""
    if not FIRST_DAY * in_a_day <= tick < (LAST_DAY + 1) * in_a_day:
        return f"{tick / in_a_day} days since 1970"
    return f"{EPOCH + timedelta(microseconds=tick * TICKS_PER_DAY['us'] // in_a_day)}{zone}"
