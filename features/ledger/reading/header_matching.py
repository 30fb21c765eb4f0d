"""Columns of a file matched with the columns of the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from features.ledger.errors import LedgerError
from features.ledger.schema.record_types import ColumnSpec, name_key

MOST_NAMES, LONGEST_NAME = 30, 60
VALUE = re.compile(r"[+-]?\d+[.,]\d+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")  # a number with decimals, or a date


class ColumnsError(LedgerError):
    """Columns that do not fit the contract: one is missing, or two match one column of ours."""


def match_columns(
    names: Sequence[str], contract: Sequence[ColumnSpec], mapping: Mapping[str, str], *, source: str
) -> dict[str, str]:
    """The columns of the source by our names: ours → theirs.

    ``mapping`` goes first, then an exact name of the contract, then a usual name.

    Raises:
        ColumnsError: a required column is missing, two columns match one of ours, or the mapping names a column
            that does not exist.
    """
    matched = {ours: _mapped(ours, theirs, names, contract, source) for ours, theirs in mapping.items()}
    free = [name for name in names if name not in matched.values()]
    for column in contract:
        if column.name in matched:
            continue
        candidates = [name for name in free if name_key(name) in column.keys]
        exact = [name for name in candidates if name == column.name] or [
            name for name in candidates if name_key(name) == name_key(column.name)
        ]
        candidates = exact or candidates
        if len(candidates) > 1:
            raise ColumnsError(
                f"{source}: the columns {_quoted(candidates)} could each be {column.name} ({column.meaning}).",
                f'Say which one: --map "{column.name}={candidates[0]}".',
            )
        if candidates:
            matched[column.name] = candidates[0]
    _refuse_missing(names, matched, contract, source)
    return matched


def _mapped(ours: str, theirs: str, names: Sequence[str], contract: Sequence[ColumnSpec], source: str) -> str:
    if ours not in {column.name for column in contract}:
        raise ColumnsError(
            f"--map names '{ours}', which is not one of our columns.",
            f"Our columns are: {', '.join(column.name for column in contract)}.",
        )
    same = [name for name in names if name == theirs] or [name for name in names if name_key(name) == name_key(theirs)]
    if len(same) != 1:
        raise ColumnsError(
            f"{source} has {'no' if not same else 'more than one'} column '{theirs}' for {ours}.",
            f"Its columns are: {_quoted(names)}.",
        )
    return same[0]


def _refuse_missing(
    names: Sequence[str], matched: Mapping[str, str], contract: Sequence[ColumnSpec], source: str
) -> None:
    missing = [column for column in contract if column.required and column.name not in matched]
    if missing and (value := next((name for name in names if VALUE.fullmatch(name.strip())), None)):
        raise ColumnsError(
            f"{source} has no header: its first line holds the value '{value}'.",
            f"Write the names of the columns above it, for example: {','.join(column.name for column in missing)}.",
        )
    if "quantity" in matched and "unit_price" in matched:
        missing = [column for column in missing if column.name != "amount"]
    if not missing:
        return
    unused = [name for name in names if name not in matched.values()] or ["THEIR COLUMN"]
    taken = {column.name: name for column in missing for name in names if name_key(name) in column.keys}
    example = ",".join(
        f"{column.name}={taken.get(column.name) or unused[min(at, len(unused) - 1)]}"
        for at, column in enumerate(missing)
    )
    raise ColumnsError(
        f"{source} has no column for {' and '.join(f'{column.name} ({column.meaning})' for column in missing)}; "
        f"it has: {_quoted(names)}.",
        f'Say which one it is, for example: --map "{example}".',
    )


def listed(names: Sequence[str]) -> str:
    """The names in one line, shortened to what fits."""
    shown = ", ".join(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…" for name in names[:MOST_NAMES])
    return shown + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")


def _quoted(names: Sequence[str]) -> str:
    return listed([f"'{name}'" for name in names])


def parse_mapping(text: str) -> dict[str, str]:
    """The mapping in ``--map OURS=THEIRS,…``: ours → theirs.

    Raises:
        ColumnsError: a part is not OURS=THEIRS, or one of ours is named twice.
    """
    mapping: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        ours, _, theirs = map(str.strip, part.partition("="))
        if not ours or not theirs or ours in mapping:
            raise ColumnsError(
                f"Cannot read '{part}' in --map.", 'Write it like: --map "amount=Net Sales,ordered_at=Day".'
            )
        mapping[ours] = theirs
    return mapping
