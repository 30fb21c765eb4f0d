"""Into which file of the mirror each row of a source read in place goes, by its customer."""

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
"""Rows of a group: a part of the ledger, a range of customers, reads whole groups at both of its ends."""
HASHED_GROUP = 1 << 13
"""Rows of a group where every part of the ledger lies in every file."""
MOST_HASHED_ROWS = 1_500_000  # of a file
BUCKETS = 16
SPLITS = (1, 4, 16)
BOUNDARY_LETTERS = 64


@dataclass(frozen=True)
class Division:
    """Into which file a row goes; the rows of one customer go into one.

    Attributes:
        number: SQL over customer_id, below MOST_FILES.
        row_group: rows of a group of such a file.
    """

    number: str
    row_group: int


def by_ranges(ids: pa.ChunkedArray, rows: int) -> Division:
    """Files of ranges of customers, ascending and about equally long where ``ids`` are a fair sample of so many rows.

    An unfair sample makes unequal files, nothing else.
    """
    files = min(MOST_FILES, max(WORKERS, -(-rows // FILE_ROWS)))
    ordered = ids.take(pc.sort_indices(ids))
    at = pa.array(np.arange(1, files) * len(ordered) // files)
    # the beginning of an id is a boundary as good as the id, and no longer than it need be
    boundaries = sorted({text[:BOUNDARY_LETTERS] for text in ordered.take(at).to_pylist()})
    return Division(f"CAST({_place_among(boundaries)} AS UTINYINT)", RANGE_GROUP)


def _place_among(boundaries: Sequence[str], before: int = 0) -> str:
    """SQL: how many of the boundaries, which ascend, a customer_id is not below; found by halving them."""
    if not boundaries:
        return str(before)
    middle = len(boundaries) // 2
    below = _place_among(boundaries[:middle], before)
    above = _place_among(boundaries[middle + 1 :], before + middle + 1)
    return f"CASE WHEN customer_id < {literal(boundaries[middle])} THEN {below} ELSE {above} END"


def by_hash(rows: int) -> Division:
    """Files of a hash of the customer: about equally long whatever the ids of so many rows are."""
    split = next((split for split in SPLITS if rows <= split * BUCKETS * MOST_HASHED_ROWS), SPLITS[-1])
    second = "strpos('0123456789abcdef', md5(customer_id)[2]) - 1"
    return Division(f"CAST(({BUCKET}) * {split} + ({second}) // {BUCKETS // split} AS UTINYINT)", HASHED_GROUP)
