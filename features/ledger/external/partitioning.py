"""The partition of a source read in place: the file of the mirror for each customer's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.ledger.mirror.parquet_mirror import BUCKET
from features.ledger.sql import literal

MOST_FILES = 256
WORKERS = 2  # sort files side by side
FILE_ROWS = 500_000  # of a range of customers: few enough to sort two files side by side in any memory
RANGE_GROUP = 1 << 15
"""Rows of a group: a part of the ledger (a range of customers) reads whole groups at both of its ends."""
HASHED_GROUP = 1 << 13
"""Rows of a group where every file holds rows of every part of the ledger."""
MOST_HASHED_ROWS = 1_500_000  # of a file
BUCKETS = 16
SPLITS = (1, 4, 16)
BOUNDARY_LETTERS = 64


@dataclass(frozen=True)
class Division:
    """The file of each row; all rows of one customer go into one file.

    Attributes:
        number: SQL over customer_id, below MOST_FILES.
        row_group: rows of a group of such a file.
    """

    number: str
    row_group: int


def by_ranges(ids: pa.ChunkedArray, rows: int) -> Division:
    """Files by ranges of customers, ascending and of about equal size where ``ids`` are a fair sample of the rows.

    An unfair sample makes files of unequal size, and has no other effect.
    """
    files = min(MOST_FILES, max(WORKERS, -(-rows // FILE_ROWS)))
    ordered = ids.take(pc.sort_indices(ids))
    at = pa.array(np.arange(1, files) * len(ordered) // files)
    # the beginning of an id is as good a boundary as the whole id, and shorter
    boundaries = sorted({text[:BOUNDARY_LETTERS] for text in ordered.take(at).to_pylist()})
    return Division(f"CAST({_place_among(boundaries)} AS UTINYINT)", RANGE_GROUP)


def _place_among(boundaries: Sequence[str], before: int = 0) -> str:
    """SQL: the number of boundaries (ascending) at or below a customer_id, by bisection."""
    if not boundaries:
        return str(before)
    middle = len(boundaries) // 2
    below = _place_among(boundaries[:middle], before)
    above = _place_among(boundaries[middle + 1 :], before + middle + 1)
    return f"CASE WHEN customer_id < {literal(boundaries[middle])} THEN {below} ELSE {above} END"


def by_hash(rows: int) -> Division:
    """Files by a hash of the customer: of about equal size whatever the ids are."""
    split = next((split for split in SPLITS if rows <= split * BUCKETS * MOST_HASHED_ROWS), SPLITS[-1])
    second = "strpos('0123456789abcdef', md5(customer_id)[2]) - 1"
    return Division(f"CAST(({BUCKET}) * {split} + ({second}) // {BUCKETS // split} AS UTINYINT)", HASHED_GROUP)
