"""How text becomes numbers, money and ids: DuckDB expressions, chosen per column from its evidence.

An expression is SQL over one column of a table; every one yields null, never an error, for what it cannot read.
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


def text_of(name: str, kind: pa.DataType, *, words: Collection[str] = ()) -> str:
    """The column as trimmed text; null where it is blank or says, in none of its own words, that there is nothing."""
    column = quoted(name)
    if pa.types.is_floating(kind):
        whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < 1e15"
        text = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return f"CASE WHEN NOT isnan({column}) THEN {text} END"
    if not pa.types.is_string(kind):
        return f"CAST({column} AS VARCHAR)"
    trimmed = f"trim({column}, {literal(BLANKS)})"
    return f"CASE WHEN lower({trimmed}) IN ({_nothing(words)}) THEN NULL ELSE {trimmed} END"


def untrimmed_text_of(name: str) -> str:
    """The column as it is written; null where it is blank or says that there is nothing."""
    trimmed = f"trim({quoted(name)}, {literal(BLANKS)})"
    return f"CASE WHEN lower({trimmed}) NOT IN ({_nothing(())}) THEN {quoted(name)} END"


def tidy_text_of(name: str, *, words: Collection[str] = ()) -> str:
    """What :func:`text_of` gives for a column of texts that need no trimming; a look at their length spares most."""
    column = quoted(name)
    nothing = f"lower({column}) IN ({_nothing(words)})"
    return f"CASE WHEN strlen({column}) <= {max(map(len, NULL_LIKE))} AND {nothing} THEN NULL ELSE {column} END"


def _nothing(words: Collection[str]) -> str:
    return ", ".join(literal(text) for text in NULL_LIKE if text not in words)
