"""Partitions of a ledger that fit in memory: ranges of customers, with all rows of each."""

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
ROW_BYTES = 700  # of a row while it is aggregated; measured where few customers have many rows, the largest case
ANSWER_BYTES = 14  # of a number in a snapshot, with the tables that wait to be written
DATABASE_SHARE = 0.25  # of the memory, for DuckDB
SAMPLED_ROWS = 2_000_000


class MemoryTextError(CallfirstError):
    """An amount of memory that cannot be read, or is too small."""

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is not a usable amount of memory.", "Write it like 4GB; the minimum is 500MB.")


@dataclass(frozen=True)
class Memory:
    """How much memory a snapshot may use.

    Attributes:
        total_bytes: of the whole process.
    """

    total_bytes: int

    @classmethod
    def parse(cls, text: str) -> Memory:
        """The memory that a text names, as 4GB or 1500 MiB.

        Raises:
            MemoryTextError: the text cannot be read, or names less than 500MB.
        """
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]I?B)", text.strip().upper())
        size = int(float(match[1]) * UNITS[match[2]]) if match else 0
        if size < LEAST_MEMORY:
            raise MemoryTextError(text)
        return cls(size)

    @property
    def database_bytes(self) -> int:
        """DuckDB's share."""
        return int(self.total_bytes * DATABASE_SHARE)

    @property
    def part_bytes(self) -> int:
        """The memory left for the parts at work."""
        return self.total_bytes - self.database_bytes - PROCESS_BYTES


def parts_of(
    connection: duckdb.DuckDBPyConnection, streams: Iterable[EventStream], *, numbers_per_customer: int, part_bytes: int
) -> list[CustomerRange]:
    """Ranges of customers that take at most ``part_bytes`` each, in ascending order; together they are the ledger.

    Args:
        streams: the streams that are read, with the order lines.
        numbers_per_customer: how many numbers are computed for a customer, over all instants.
    """
    [(lines,)] = connection.sql("SELECT count(*) FROM order_lines").fetchall()
    step = lines // SAMPLED_ROWS + 1
    cuts: list[str] = []
    filled = 0
    for customer_id, rows in connection.sql(_rows_by_customer(streams, step)).fetchall():
        size = step * (rows * ROW_BYTES + numbers_per_customer * ANSWER_BYTES)
        if filled + size > part_bytes and filled:
            cuts.append(customer_id)
            filled = 0
        filled += size
    return [CustomerRange(low, high) for low, high in pairwise([None, *cuts, None])]


def _rows_by_customer(streams: Iterable[EventStream], step: int) -> str:
    """SQL: one in ``step`` customers, ascending, with the number of rows in all streams; every view is read once."""
    counts_of: dict[str, list[str]] = {"customers": []}
    for stream in streams:
        counts_of.setdefault(stream.view, []).append(f"count(*) FILTER ({stream.where})")
    counted = " UNION ALL ".join(
        f"""SELECT customer_id, {" + ".join(counts) or "0"} AS row_count FROM {view}
        WHERE hash(customer_id) % {step} = 0 GROUP BY customer_id"""
        for view, counts in counts_of.items()
    )
    return (
        f"SELECT customer_id, CAST(sum(row_count) AS BIGINT) FROM ({counted}) GROUP BY customer_id ORDER BY customer_id"
    )
