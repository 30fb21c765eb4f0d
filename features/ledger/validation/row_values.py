"""SQL that turns raw rows into values: readings of the text, the values they stand for, and their business days."""

from __future__ import annotations

from collections.abc import Mapping

from features.ledger.parsing.categories import known_word, word_key
from features.ledger.parsing.dates import instant_of
from features.ledger.parsing.inference import Dialect
from features.ledger.parsing.layout import NUMBERS, RowLayout
from features.ledger.parsing.numbers import NumericColumn, money, sign_of
from features.ledger.parsing.text import BLANKS
from features.ledger.schema.column import WORDLY
from features.ledger.schema.record_types import ColumnKind, ColumnSpec
from features.ledger.sql import day_of, literal

FIRST_YEAR, LAST_YEAR = 1901, 2199  # 1900-01-01 and 2200-01-01 stand for no date at all


def numeric_columns(layout: RowLayout, dialect: Dialect) -> dict[str, NumericColumn]:
    """The columns of numbers of a source, by our name."""
    return {
        name: NumericColumn(name, layout.types[name], dialect.decimal_signs[name])
        for name, column in layout.columns.items()
        if column.kind in NUMBERS
    }


def amount_from_price(numbers: Mapping[str, NumericColumn]) -> str:
    """SQL over the readings: quantity times unit price where no column holds the amount, else an empty string."""
    if "amount" in numbers or "unit_price" not in numbers:
        return ""
    quantity, price = numbers["quantity"].wide, numbers["unit_price"].wide
    return f"try_cast({quantity} AS DECIMAL(18,6)) * try_cast({price} AS DECIMAL(20,8))"


def readings_of(layout: RowLayout, dialect: Dialect, numbers: Mapping[str, NumericColumn], zone: str) -> list[str]:
    """SQL over ``texts``: the text itself; for other kinds, whether a value is given and how it reads."""
    readings: list[str] = []
    for name, column in layout.columns.items():
        if name in numbers:
            readings += [f"{numbers[name].is_given} AS {name}_given", f"{numbers[name].number} AS {name}_read"]
            readings += [f"{sign_of(name)} AS {name}_sign"] if name in dialect.signs else []
        elif column.kind is ColumnKind.TEXT:
            text = _text(name, is_float_id=name in dialect.float_ids, is_tidy=name in layout.tidy)
            if name in dialect.paddings and name not in dialect.float_ids:
                text = dialect.paddings[name].without(name)
            readings.append(f"{text} AS {name}")
        elif column.kind in WORDLY:
            readings += [f"{name} IS NOT NULL AS {name}_given", f"{word_key(column)} AS {name}_word"]
        else:
            instant = instant_of(name, layout.types[name], zone, dialect.date_forms[name])
            readings += [f"{name} IS NOT NULL AS {name}_given", f"{instant} AS {name}_read"]
    return readings


def _text(name: str, *, is_float_id: bool, is_tidy: bool) -> str:
    """SQL: the text as it is kept; line breaks and other control characters outside ids become a space."""
    if name == "currency":
        return f"upper({name})"
    if name.endswith("_id"):
        return f"regexp_replace(trim({name}, {literal(BLANKS)}), '[.]0$', '')" if is_float_id else name
    if is_tidy:
        return name
    return f"regexp_replace({name}, '[\\x01-\\x1F\\x7F-\\x{{9F}}]+', ' ', 'g')"


def values_of(layout: RowLayout, numbers: Mapping[str, NumericColumn], zone: str, from_price: str) -> list[str]:
    """SQL over the readings: the values of numbers, dates and words, null where they are unusable."""
    values = [f"{money(from_price)} AS amount"] if from_price else []
    for name, column in layout.columns.items():
        plausible = f"CASE WHEN year({name}_read) BETWEEN {FIRST_YEAR} AND {LAST_YEAR} THEN {name}_read END"
        match column.kind:
            case ColumnKind.MONEY | ColumnKind.NUMBER:
                values.append(f"{_within(column, numbers[name].money)} AS {name}")
            case ColumnKind.PRECISE:
                values.append(f"{_within(column, numbers[name].precise)} AS {name}")
            case ColumnKind.YES_NO | ColumnKind.WORD | ColumnKind.WORDS:
                values.append(f"{known_word(column, f'{name}_word')} AS {name}")
            case ColumnKind.DAY:
                values.append(f"{day_of(plausible, zone)} AS {name}")
            case ColumnKind.INSTANT:
                values.append(f"{plausible} AS {name}")
    return values or ["NULL AS nothing"]


def _within(column: ColumnSpec, value: str) -> str:
    """SQL: the number if it lies within the column's bounds, else null."""
    bounds = [f"value > {column.above}"] if column.above else []
    bounds += [f"value >= {column.at_least}"] if column.at_least else []
    bounds += [f"value <= {column.at_most}"] if column.at_most else []
    if not bounds:
        return value
    tests = " AND ".join(bound.replace("value", f"({value})", 1) for bound in bounds)
    return f"CASE WHEN {tests} THEN {value} END"


def results_of(layout: RowLayout, zone: str, currency: str) -> list[str]:
    """SQL over the values: the columns of ``checked``."""
    record_type = layout.record_type
    days = [f"{day_of(name, zone)} AS {day}" for name, day in record_type.days.items() if name in layout.columns]
    plain = [
        f"CASE WHEN {has_owner(layout, column)} THEN {name} END AS {name}" if column.of else name
        for name, column in layout.columns.items()
    ]
    if not record_type.money:
        return ["line_no", *plain, *days]
    plain = [name for name in plain if name not in ("currency", record_type.money)]
    return ["line_no", *plain, record_type.money, f"{named_currency(layout, currency)} AS currency", *days]


def named_currency(layout: RowLayout, currency: str) -> str:
    """SQL: the currency the row names, else ``currency``."""
    return f"coalesce(currency, {literal(currency)})" if "currency" in layout.columns else literal(currency)


def has_owner(layout: RowLayout, column: ColumnSpec) -> str:
    """SQL: whether the row has a value in the column without which this one says nothing."""
    return f"{column.of} IS NOT NULL" if column.of in layout.columns else "false"
