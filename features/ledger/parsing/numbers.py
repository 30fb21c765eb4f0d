"""Here you find how the numbers of a column are read: as text by how it is written, or as the numbers they are."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from features.ledger.parsing.text import DecimalSign, exact, money, number_text, precise, quoted, text_of

PLACES = 4  # of money
MOST_EXACT = "1e11"  # below it a double of at most four decimals has fewer than the 15 digits that tell doubles apart


def is_number(kind: pa.DataType) -> bool:
    """Whether a source's type is one of numbers that are read without their text."""
    return bool(pa.types.is_integer(kind) or pa.types.is_float64(kind) or pa.types.is_decimal(kind))


@dataclass(frozen=True)
class Number:
    """SQL for the numbers of one column: as text, or as they are; both ways give the same.

    Attributes:
        name: ours.
        kind: how ``texts`` has it.
        sign: what parts the decimals where it is text.
    """

    name: str
    kind: pa.DataType
    sign: DecimalSign

    @property
    def given(self) -> str:
        """Over ``texts``: whether there is anything."""
        nothing = f" AND NOT isnan({self.name})" if pa.types.is_float64(self.kind) else ""
        return f"{self.name} IS NOT NULL{nothing}"

    @property
    def said(self) -> str:
        """Over ``texts``: what it says, to stand in NAME_said; null where it is no number."""
        if pa.types.is_float64(self.kind):
            return f"CASE WHEN isfinite({self.name}) THEN {self.name} END"
        return self.name if is_number(self.kind) else number_text(self.name, self.sign)

    @property
    def wide(self) -> str:
        """Over the readings: DECIMAL(38,12); null where it does not fit."""
        said = f"{self.name}_said"
        return exact(text_of(said, self.kind) if pa.types.is_float64(self.kind) else quoted(said))

    @property
    def precise(self) -> str:
        """Over the readings: DECIMAL(24,12); null where it does not fit."""
        return precise(self.wide)

    @property
    def money(self) -> str:
        """Over the readings: DECIMAL(18,4), halves to the even neighbour; null where it does not fit."""
        said = f"{self.name}_said"
        if pa.types.is_float64(self.kind):
            no_more = f"abs({said}) < {MOST_EXACT} AND round({said} * 10000) / 10000 = {said}"
            return f"CASE WHEN {no_more} THEN CAST({said} AS DECIMAL(18,4)) ELSE {money(self.wide)} END"
        if pa.types.is_integer(self.kind) or (pa.types.is_decimal(self.kind) and self.kind.scale <= PLACES):
            return f"try_cast({said} AS DECIMAL(18,4))"
        return money(self.wide)
