"""Blanks around customer ids: those of the file's layout are removed, those of an id stay.

An id is kept as the company writes it: " a" and "a" are two customers. But in a layout of fixed width, or with a
blank after every comma, every value of a column carries blanks, and these are not part of the id.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from features.ledger.parsing.text import BLANKS
from features.ledger.schema.work_tables import WorkTable
from features.ledger.sql import literal, quoted

AS_WRITTEN = ("customer_id", "parent_id", "referred_by")
"""The columns that hold customer ids, which are kept as they are written."""


@dataclass(frozen=True)
class Padding:
    """How the values of a text column are padded; the padding of more rows can be added.

    Attributes:
        before, after: the fewest blanks that any value begins and ends with.
        shortest, longest: lengths with blanks.
        bare_shortest, bare_longest: lengths without blanks.
        first, last: the least and the greatest value without blanks; where they differ, there are several values.
    """

    before: int
    after: int
    shortest: int
    longest: int
    bare_shortest: int
    bare_longest: int
    first: str
    last: str

    def __add__(self, more: Padding) -> Padding:
        return Padding(
            min(self.before, more.before),
            min(self.after, more.after),
            min(self.shortest, more.shortest),
            max(self.longest, more.longest),
            min(self.bare_shortest, more.bare_shortest),
            max(self.bare_longest, more.bare_longest),
            min(self.first, more.first),
            max(self.last, more.last),
        )

    @property
    def may_be_layout(self) -> bool:
        """Whether the blanks so far could be the layout's; once False, no further row makes it True."""
        return bool(self.before or self.after or self.shortest == self.longest)

    @property
    def is_fixed_width(self) -> bool:
        """Whether blanks give all values one length: every value has some, or some have more than one."""
        one_length = self.shortest == self.longest
        return one_length and (self.bare_longest < self.longest or self.bare_longest - self.bare_shortest > 1)

    def without(self, name: str) -> str:
        """SQL: a value of the column without the layout's blanks; a single value stays as it is."""
        if self.first == self.last:
            return name
        if self.is_fixed_width:
            return f"trim({name}, {literal(BLANKS)})"
        if not self.before and not self.after:
            return name
        return f"substr({name}, {self.before + 1}, length({name}) - {self.before + self.after})"


NO_PADDING = Padding(0, 0, 0, 2**30, 0, 2**30, "", "\uffff")
"""The padding of values without blanks at either end."""


def padding_of(connection: duckdb.DuckDBPyConnection, name: str) -> Padding | None:
    """How the values of a column of ``texts`` are padded; None if it has no values."""
    column, blanks = quoted(name), literal(BLANKS)
    row = connection.sql(
        f"""SELECT min(length(v) - length(ltrim(v, {blanks}))), min(length(v) - length(rtrim(v, {blanks}))),
            min(length(v)), max(length(v)), min(length(b)), max(length(b)), min(b), max(b)
        FROM (SELECT {column} AS v, trim({column}, {blanks}) AS b FROM {WorkTable.TEXTS} WHERE {column} IS NOT NULL)"""
    ).fetchall()[0]
    return None if row[0] is None else Padding(*row)
