"""Here you find whether the currency sign inside an amount fits the row's currency."""

from __future__ import annotations

from collections.abc import Sequence

from features.ledger.parsing.text import literal
from features.ledger.schema.currencies import NO_CURRENCY, SIGNS


def sign_of(name: str) -> str:
    """SQL over ``texts``: the currency sign in a column of numbers; empty where there is none."""
    return rf"regexp_extract({name}, '\p{{Sc}}')"


def is_other_sign(name: str, signs: Sequence[str], currency: str) -> str:
    """SQL over the readings: whether NAME_sign is none of the row's currency; of no currency, not the most frequent.

    ``signs`` are those of the column, the most frequent first; ``currency`` is SQL.
    """
    others = [
        f"({name}_sign = {literal(sign)} AND {currency} NOT IN ({', '.join(map(literal, sorted(SIGNS[sign])))}))"
        for sign in signs
        if sign in SIGNS
    ]
    of_none = f"{name}_sign NOT IN ('', {literal(signs[0])})"
    return f"CASE WHEN {currency} = {literal(NO_CURRENCY)} THEN {of_none} ELSE {' OR '.join(others) or 'false'} END"
