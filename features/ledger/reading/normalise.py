"""Typed columns in few types, with valid text and possible dates only."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - Arrow tables carry UTC without a zone
MOST_DIGITS = 38  # of a decimal in DuckDB
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days since 1970
TICKS_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def plain_table(table: pa.Table) -> pa.Table:
    """The table with only numbers, booleans, dates, microsecond timestamps and valid text.

    Broken characters become U+FFFD. Nested columns stay as they are. A column of any other type becomes text as Python
    writes it, and so does a column of dates with one outside the years 1 to 9999, which is then unreadable.
    """
    for at, field in enumerate(table.schema):
        column = _plain(table.column(at))
        if column is not table.column(at):
            table = table.set_column(at, field.name, column)
    return table


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    arrow_type = column.type
    if pa.types.is_dictionary(arrow_type):
        return _plain(column.cast(arrow_type.value_type))
    if _is_plain(arrow_type) or is_nested(arrow_type):
        return column
    if pa.types.is_string(arrow_type) or pa.types.is_binary(arrow_type):
        return _valid_text(column)
    if pa.types.is_string_view(arrow_type):
        return _valid_text(column.cast(pa.binary_view()).cast(pa.binary()))
    if pa.types.is_large_string(arrow_type):
        return _valid_text(column.cast(pa.large_binary()).cast(pa.binary()))
    if (
        pa.types.is_large_binary(arrow_type)
        or pa.types.is_fixed_size_binary(arrow_type)
        or pa.types.is_binary_view(arrow_type)
    ):
        return _valid_text(column.cast(pa.binary()))
    if pa.types.is_float16(arrow_type):
        return column.cast(pa.float32())
    if pa.types.is_date(arrow_type) or pa.types.is_timestamp(arrow_type):
        return _sane_dates(column)
    return as_text(column)


def _is_plain(arrow_type: pa.DataType) -> bool:
    is_number = pa.types.is_integer(arrow_type) or pa.types.is_float32(arrow_type) or pa.types.is_float64(arrow_type)
    is_decimal = pa.types.is_decimal(arrow_type) and arrow_type.bit_width <= 128 and arrow_type.precision <= MOST_DIGITS
    return bool(is_number or is_decimal or pa.types.is_boolean(arrow_type) or pa.types.is_null(arrow_type))


def is_nested(arrow_type: pa.DataType) -> bool:
    """Whether the type is nested: a list, a struct or a map."""
    return bool(pa.types.is_nested(arrow_type))


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
    arrow_type = column.type
    if pa.types.is_date64(arrow_type):
        return _sane_dates(column.cast(pa.int64()).cast(pa.timestamp("ms")))
    ticks_per_day = TICKS_PER_DAY[arrow_type.unit] if pa.types.is_timestamp(arrow_type) else 1
    ticks = column.cast(pa.int32() if pa.types.is_date(arrow_type) else pa.int64())
    bounds = pc.min_max(ticks).as_py()
    if bounds["min"] is None or (
        bounds["min"] >= FIRST_DAY * ticks_per_day and bounds["max"] < (LAST_DAY + 1) * ticks_per_day
    ):
        return (
            column.cast(pa.timestamp("us", arrow_type.tz), safe=False) if pa.types.is_timestamp(arrow_type) else column
        )
    zone = "Z" if pa.types.is_timestamp(arrow_type) and arrow_type.tz else ""
    texts = [None if tick is None else _tick_text(tick, ticks_per_day, zone) for tick in ticks.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _tick_text(tick: int, ticks_per_day: int, zone: str) -> str:
    """The instant as ISO 8601; outside the years 1 to 9999 a text that is no date."""
    if not FIRST_DAY * ticks_per_day <= tick < (LAST_DAY + 1) * ticks_per_day:
        return f"{tick / ticks_per_day} days since 1970"
    return f"{EPOCH + timedelta(microseconds=tick * TICKS_PER_DAY['us'] // ticks_per_day)}{zone}"
