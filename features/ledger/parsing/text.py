"""Trimmed text of a column, null where it says that there is no value: DuckDB expressions over one column.

Each expression yields null, never an error, for what it cannot read.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from features.ledger.sql import literal, quoted

BLANKS = " \t\r\n\v\f\u00a0\u202f\ufeff"
NULL_LIKE = (
    "", "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "nat", "\\n",
    "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!",
)  # fmt: skip


def text_of(name: str, arrow_type: pa.DataType, *, words: Collection[str] = ()) -> str:
    """SQL: the column as trimmed text; null where it is blank or null-like and not one of its own words."""
    column = quoted(name)
    if pa.types.is_floating(arrow_type):
        is_whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < 1e15"
        text = f"CASE WHEN {is_whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return f"CASE WHEN NOT isnan({column}) THEN {text} END"
    if not pa.types.is_string(arrow_type):
        return f"CAST({column} AS VARCHAR)"
    trimmed = f"trim({column}, {literal(BLANKS)})"
    return f"CASE WHEN lower({trimmed}) IN ({_null_likes(words)}) THEN NULL ELSE {trimmed} END"


def untrimmed_text_of(name: str) -> str:
    """SQL: the column as it is written; null where it is blank or null-like."""
    trimmed = f"trim({quoted(name)}, {literal(BLANKS)})"
    return f"CASE WHEN lower({trimmed}) NOT IN ({_null_likes(())}) THEN {quoted(name)} END"


def tidy_text_of(name: str, *, words: Collection[str] = ()) -> str:
    """SQL: :func:`text_of` of texts that need no trimming; most are passed by their length alone."""
    column = quoted(name)
    is_null_like = f"lower({column}) IN ({_null_likes(words)})"
    return f"CASE WHEN strlen({column}) <= {max(map(len, NULL_LIKE))} AND {is_null_like} THEN NULL ELSE {column} END"


def _null_likes(words: Collection[str]) -> str:
    return ", ".join(literal(text) for text in NULL_LIKE if text not in words)
