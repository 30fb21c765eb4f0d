"""Numbers with missing values, exact until they are divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Values:
    """One number per row.

    Attributes:
        numbers: whole numbers, or doubles.
        known: False where a row's number is missing; None: all are known.
        digits: decimal digits of whole numbers: 4 for money.
    """

    numbers: npt.NDArray[Any]
    known: Bools | None = None
    digits: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether the numbers are whole."""
        return bool(np.issubdtype(self.numbers.dtype, np.integer))

    @property
    def doubles(self) -> Floats:
        """The numbers in their own unit; NaN where unknown."""
        doubles = self.numbers.astype(np.float64)
        if self.digits:
            doubles /= 10.0**self.digits
        if self.known is not None:
            doubles[~self.known] = np.nan
        return doubles

    def take(self, rows: npt.NDArray[Any]) -> Values:
        """The numbers of some rows, by index or mask."""
        return Values(self.numbers[rows], None if self.known is None else self.known[rows], self.digits)

    def replaced(self, rows: npt.NDArray[Any], replacements: Values) -> Values:
        """These numbers, with replacements at some rows."""
        numbers = self.numbers.copy()
        numbers[rows] = replacements.numbers
        if self.known is None and replacements.known is None:
            return Values(numbers, None, self.digits)
        known = np.ones(len(numbers), bool) if self.known is None else self.known.copy()
        known[rows] = True if replacements.known is None else replacements.known
        return Values(numbers, known, self.digits)


def nothing_known(queries: int) -> Values:
    """Missing values for all queries, stored as one number."""
    return Values(np.broadcast_to(np.zeros(1, np.int64), queries), np.broadcast_to(np.zeros(1, bool), queries))


def both_known(first: Values, second: Values) -> Bools | None:
    """True where both are known; None: everywhere."""
    if first.known is None or second.known is None:
        return second.known if first.known is None else first.known
    return np.asarray(first.known & second.known)


def values_of(column: pa.ChunkedArray) -> Values:
    """The numbers of an Arrow column: money in ten-thousandths, days since 1970, texts as codes of equality."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    known = None if not array.null_count else np.asarray(array.is_valid())
    type_ = array.type
    if pa.types.is_decimal(type_):
        words = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)
        low = words[array.offset : array.offset + len(array), 0]  # 18 digits fit the lower word
        return Values(np.where(known, low, 0) if known is not None else low.copy(), known, type_.scale)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        array = array.dictionary_encode().indices
    elif pa.types.is_date32(type_):
        array = array.view(pa.int32())
    filled = array.fill_null(0) if known is not None else array
    return Values(np.asarray(filled), known)


def whole(values: Values) -> Ints:
    """The numbers as 64-bit integers."""
    return values.numbers.astype(np.int64, copy=False)
