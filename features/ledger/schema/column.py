"""What a column of the contract is: its name, what it holds, and how others call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    PRECISE = "precise number"  # a rate or a chance: twelve digits behind the point
    DAY = "day"
    INSTANT = "instant"
    YES_NO = "yes or no"
    WORD = "one of some words"
    WORDS = "some of some words"  # parted by ; , / or |


SQL_TYPES = {
    ColumnKind.TEXT: "VARCHAR",
    ColumnKind.MONEY: "DECIMAL(18,4)",
    ColumnKind.NUMBER: "DECIMAL(18,4)",
    ColumnKind.PRECISE: "DECIMAL(24,12)",
    ColumnKind.DAY: "DATE",
    ColumnKind.INSTANT: "TIMESTAMP",
    ColumnKind.YES_NO: "BOOLEAN",
    ColumnKind.WORD: "VARCHAR",
    ColumnKind.WORDS: "VARCHAR",
}
"""How DuckDB keeps a checked value of each kind."""

ARROW_TYPES = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.MONEY: pa.decimal128(18, 4),
    ColumnKind.NUMBER: pa.decimal128(18, 4),
    ColumnKind.PRECISE: pa.decimal128(24, 12),
    ColumnKind.DAY: pa.date32(),
    ColumnKind.INSTANT: pa.timestamp("us"),
    ColumnKind.YES_NO: pa.bool_(),
    ColumnKind.WORD: pa.string(),
    ColumnKind.WORDS: pa.string(),
}
"""How Arrow tables carry it; instants are UTC, written without a zone."""

YES = ("yes", "y", "true", "t", "1", "ja", "oui", "si", "sí", "да", "x")
NO = ("no", "n", "false", "f", "0", "nein", "non", "нет")


@dataclass(frozen=True)
class ColumnSpec:
    """One column of the contract.

    Attributes:
        name: ours.
        kind: what it holds.
        meaning: in plain words.
        usual_names: how others call it; case, spaces and punctuation do not matter.
        required: a file without it cannot be read, nor a row without a value in it.
        words: of a column of words: each of ours, and how others say it.
        day: of an instant: name of its business day, which stands beside it in the ledger.
        above, at_least, at_most: bounds of a number; empty: none.
        of: the column without which this one says nothing; its value is set aside then.
    """

    name: str
    kind: ColumnKind
    meaning: str
    usual_names: tuple[str, ...] = ()
    required: bool = False
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    day: str = ""
    above: str = ""
    at_least: str = ""
    at_most: str = ""
    of: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """Its names, ours included, as they are compared."""
        return frozenset(name_key(name) for name in (self.name, *self.usual_names))

    @property
    def may_be_set_aside(self) -> bool:
        """Whether a value that cannot be used becomes empty and is counted; else it keeps its row out."""
        return (self.kind is not TEXT or bool(self.of)) and not self.required and self.name != "known_at"


def name_key(name: str) -> str:
    """A column name as it is compared: letters and digits alone, lower case."""
    return re.sub(r"[\W_]+", "", name.casefold())


TEXT, MONEY, NUMBER, PRECISE, DAY, INSTANT, YES_NO, WORD, WORDS = ColumnKind
WORDLY = (YES_NO, WORD, WORDS)
"""The kinds whose values come from a closed set."""
