"""How a ledger is cut into parts that fit in memory: ranges of customers, each with all its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from features.catalog.row_sets import EventStream
from features.errors import CallfirstError
from features.ledger.customer_range import CustomerRange

UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
LEAST_MEMORY = 500 * 10**6
PROCESS_BYTES = 300 * 10**6  # Python, DuckDB and Arrow before the first row
ROW_BYTES = 700  # of a row while its sums are made, in the parts of few customers with many rows, which come first
ANSWER_BYTES = 14  # of a number in a snapshot, with what waits to be written (as a part of many customers takes)
DATABASE_SHARE = 0.25  # of the memory is DuckDB's own
SAMPLED_ROWS = 2_000_000


class MemoryTextError(CallfirstError):
    """An amount of memory that cannot be read, or is too little."""

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is no usable amount of memory.", "Write it like 4GB; the least is 500MB.")


@dataclass(frozen=True)
class Memory:
    """How much memory a snapshot may use, all in all.

    Attributes:
        total_bytes: of the whole process.
    """

    total_bytes: int

    @classmethod
    def parse(cls, text: str) -> Memory:
        """The memory a person wrote, as 4GB or 1500 MiB.

        Raises:
            MemoryTextError: it cannot be read, or is below 500MB.
        """
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]I?B)", text.strip().upper())
        size = int(float(found[1]) * UNITS[found[2]]) if found else 0
        if size < LEAST_MEMORY:
            raise MemoryTextError(text)
        return cls(size)

    @property
    def database_bytes(self) -> int:
        """DuckDB's share."""
        return int(self.total_bytes * DATABASE_SHARE)

    @property
    def part_bytes(self) -> int:
        """What is left for the parts at work."""
        return self.total_bytes - self.database_bytes - PROCESS_BYTES


def parts_of(
    connection: duckdb.DuckDBPyConnection, streams: Iterable[EventStream], *, numbers_per_customer: int, part_bytes: int
) -> list[CustomerRange]:
    """The ranges of at most ``part_bytes`` that the ledger is cut into, in ascending order.

    ``streams``: what is read of it, the order lines among them; ``numbers_per_customer``: how many answers are made for
    each, all instants together.
    """
    rows = connection.sql("SELECT count(*) FROM order_lines").fetchall()[0][0]
    every = rows // SAMPLED_ROWS + 1
    cuts: list[str] = []
    filled = 0
    for customer_id, held in connection.sql(_rows_by_customer(streams, every)).fetchall():
        size = every * (held * ROW_BYTES + numbers_per_customer * ANSWER_BYTES)
        if filled + size > part_bytes and filled:
            cuts.append(customer_id)
            filled = 0
        filled += size
    return [CustomerRange(low, high) for low, high in pairwise([None, *cuts, None])]


def _rows_by_customer(streams: Iterable[EventStream], every: int) -> str:
    """SQL: one in so many customers in ascending order, each with the rows of all streams; a view is read once."""
    held: dict[str, list[str]] = {"customers": []}
    for stream in streams:
        held.setdefault(stream.view, []).append(f"count(*) FILTER ({stream.where})")
    counted = " UNION ALL ".join(
        f"""SELECT customer_id, {" + ".join(counts) or "0"} AS held FROM {view}
        WHERE hash(customer_id) % {every} = 0 GROUP BY customer_id"""
        for view, counts in held.items()
    )
    return f"SELECT customer_id, CAST(sum(held) AS BIGINT) FROM ({counted}) GROUP BY customer_id ORDER BY customer_id"
