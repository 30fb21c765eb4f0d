"""Here you find the values a database driver hands over as columns: each of one type, or of text where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from features.ledger.reading.normalise import MOST_DIGITS

TYPES: tuple[tuple[frozenset[type], pa.DataType], ...] = (
    (frozenset({bool}), pa.bool_()),
    (frozenset({int}), pa.int64()),
    (frozenset({float}), pa.float64()),
    (frozenset({str}), pa.string()),
    (frozenset({date}), pa.date32()),
    (frozenset({bytes}), pa.binary()),
)


def column_of(values: Sequence[Any]) -> pa.Array:
    """The values as one column of their type; as text where they are of several, or of one that no column has."""
    values = [bytes(value) if isinstance(value, memoryview | bytearray) else value for value in values]
    kind = _type_of([value for value in values if value is not None])
    if kind is not None:
        try:
            return pa.array(values, kind)
        except (pa.ArrowException, OverflowError):  # a number too large for its type
            pass
    return _as_text(values)


def together(parts: Sequence[pa.Array]) -> pa.ChunkedArray:
    """Parts of one column as a whole: of their type, or of text where they differ."""
    kinds = {part.type for part in parts} - {pa.null()}
    if len(kinds) > 1 and all(pa.types.is_decimal(kind) for kind in kinds):
        kinds = {max(kinds, key=lambda kind: kind.scale)}
    if len(kinds) > 1:
        return pa.chunked_array([_as_text(part.to_pylist()) for part in parts], pa.string())
    (kind,) = kinds or {pa.null()}
    try:
        return pa.chunked_array([part.cast(kind) for part in parts], kind)
    except pa.ArrowException:
        return pa.chunked_array([_as_text(part.to_pylist()) for part in parts], pa.string())


def _type_of(values: Sequence[Any]) -> pa.DataType | None:
    kinds = {type(value) for value in values}
    if not kinds:
        return pa.null()
    if kinds == {Decimal}:
        return _decimal(values)
    if kinds == {datetime}:
        aware = {value.tzinfo is not None for value in values}
        return None if len(aware) > 1 else pa.timestamp("us", "UTC" if True in aware else None)
    return next((kind for types, kind in TYPES if kinds == types), None)


def _decimal(values: Iterable[Decimal]) -> pa.DataType | None:
    most_whole, most_places = 1, 0
    for value in values:
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):  # no finite number
            return None
        most_places = max(most_places, -exponent)
        most_whole = max(most_whole, len(digits) + exponent)
    return pa.decimal128(MOST_DIGITS, most_places) if most_whole + most_places <= MOST_DIGITS else None


def _as_text(values: Iterable[Any]) -> pa.Array:
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
