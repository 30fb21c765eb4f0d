"""Pushed rows as OpenAPI shows them: one model per kind, made from the columns of its record type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AfterValidator, Field, create_model

from features.ledger.schema.record_types import RECORD_TYPES, ColumnKind, ColumnSpec
from serving.api.schemas import Identifier, Question

MOST_ROWS = 1_000
LONGEST_TEXT = 10_000
FIRST_YEAR, LAST_YEAR = 1900, 2200
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
EXACT = pa.decimal128(38, 12)


class PushedRow(Question):
    """One row of a kind; a field left out, or null, is unknown."""


def _plain(text: str) -> str:
    if re.search("[\x00\ud800-\udfff]", text):
        raise ValueError("has an invalid character")
    return text


def _in_the_calendar(text: str) -> str:
    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        raise ValueError("does not exist in the calendar") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return text


def _decimal(digits: int) -> Any:
    """A JSON number of at most 15 digits, which a double holds exactly, or a number written as text."""
    integer = Annotated[int, Field(gt=-(10**14), lt=10**14)]
    fraction = Annotated[float, Field(gt=-(10.0**11), lt=10.0**11, allow_inf_nan=False)]
    digits_text = Annotated[str, Field(pattern=rf"^-?[0-9]{{1,14}}(\.[0-9]{{1,{digits}}})?$", max_length=40)]
    return integer | fraction | digits_text


Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_plain)]
Moment = Annotated[str, Field(pattern=rf"^{DAY}({TIME})?$", max_length=40), AfterValidator(_in_the_calendar)]
Date = Annotated[str, Field(pattern=rf"^{DAY}$", max_length=10), AfterValidator(_in_the_calendar)]


def _type_of(column: ColumnSpec) -> Any:
    match column.kind:
        case ColumnKind.TEXT:
            return Identifier if column.name.endswith("_id") else Text
        case ColumnKind.MONEY | ColumnKind.NUMBER:
            return _decimal(4)
        case ColumnKind.PRECISE:
            return _decimal(12)
        case ColumnKind.DAY:
            return Date
        case ColumnKind.INSTANT:
            return Moment
        case ColumnKind.YES_NO:
            return bool
        case ColumnKind.WORD:
            return Literal[tuple(column.words)]
        case ColumnKind.WORDS:
            return Annotated[list[Literal[tuple(column.words)]], Field(max_length=len(column.words))]  # type: ignore[misc]  # made from data


def row_of(kind: str, *, without: Sequence[str] = ()) -> type[PushedRow]:
    """The model of a row of a kind: a field per column of its record type, except the columns named."""
    fields: dict[str, Any] = {
        column.name: (
            (_type_of(column), Field(description=column.meaning))
            if column.required
            else (_type_of(column) | None, Field(default=None, description=column.meaning))
        )
        for column in RECORD_TYPES[kind].columns
        if column.name not in without
    }
    name = f"{kind.removesuffix('s').capitalize()}Row"
    return create_model(name, __base__=PushedRow, __doc__=f"A row of {kind}.", **fields)


def table_of(kind: str, rows: Sequence[PushedRow], **constants: str) -> pa.Table:
    """The rows as raw columns: numbers exact, all else as text; ``constants`` are columns equal in all rows."""
    columns: dict[str, pa.Array] = {}
    for column in RECORD_TYPES[kind].columns:
        if column.name in constants:
            columns[column.name] = pa.array([constants[column.name]] * len(rows), pa.string())
            continue
        values = [getattr(row, column.name) for row in rows]
        if column.required or any(value is not None for value in values):
            columns[column.name] = _array(values, column)
    return pa.table(columns)


def _array(values: Sequence[Any], column: ColumnSpec) -> pa.Array:
    match column.kind:
        case ColumnKind.MONEY | ColumnKind.NUMBER | ColumnKind.PRECISE:
            numbers = [None if value is None else round(Decimal(str(value)), 12) for value in values]
            return pa.array(numbers, EXACT)
        case ColumnKind.YES_NO:
            return pa.array([None if value is None else ("yes" if value else "no") for value in values], pa.string())
        case ColumnKind.WORDS:
            return pa.array([None if value is None else ";".join(value) for value in values], pa.string())
    return pa.array(values, pa.string())
