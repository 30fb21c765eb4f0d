"""Rows as their source has them, before any check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from features.ledger.schema.quarantine_reasons import QuarantineReason

SYSTEM_1900 = date(1899, 12, 30)
SYSTEM_1904 = date(1904, 1, 1)


class Misfit(NamedTuple):
    """A line that is no row: its number, its text, and why."""

    line: int
    text: str
    reason: QuarantineReason = QuarantineReason.FIELDS


@dataclass(frozen=True)
class RawRows:
    """The rows of one source, before any check.

    Attributes:
        name: of the file, and of the sheet where it has several.
        table: the columns; all text where the file is text.
        line_numbers: the line of each row in the file.
        misfits: lines that are no rows.
        remarks: sentences about what was assumed when reading.
        serials_from: day 0 of a spreadsheet's serial numbers.
    """

    name: str
    table: pa.Table
    line_numbers: pa.Array
    misfits: tuple[Misfit, ...] = ()
    remarks: tuple[str, ...] = ()
    serials_from: date = SYSTEM_1900

    def __len__(self) -> int:
        return int(self.table.num_rows) + len(self.misfits)
