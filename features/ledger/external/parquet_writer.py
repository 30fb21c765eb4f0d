"""The mirror of a source read in place: Parquet files of whole customers, sorted within each file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.ledger.external.partitioning import WORKERS
from features.ledger.external.spill import Spill
from features.ledger.schema.arrow import ORDER_LINES
from features.progress import Progress

FEW_VALUES = ["customer_id", "line_id", "product_id", "category", "currency", "department", "manager_id"]
LARGEST = 2**63


def write_mirror(
    spill: Spill,
    folder: Path,
    lines_of: Callable[[pa.Table], pa.Table],
    *,
    row_group: int,
    progress: Progress,
) -> tuple[tuple[Path, ...], str]:
    """The files of the mirror and the SHA-256 over them; the spilled rows are deleted.

    ``lines_of``: the sorted ORDER_LINES of a spilled file; ``row_group``: rows.
    """

    def write(code: int) -> tuple[Path, str] | None:
        lines = lines_of(spill.take(code))
        if not len(lines):
            return None
        path = folder / f"{code:03d}.parquet"
        pq.write_table(lines, path, row_group_size=row_group, compression="zstd", use_dictionary=FEW_VALUES)
        return path, _sha256(path)

    folder.mkdir()
    codes = spill.codes
    with ThreadPoolExecutor(WORKERS) as workers:
        written = list(filter(None, _counted(workers.map(write, codes), len(codes), progress)))
    digest = hashlib.sha256("\n".join(sha256 for _, sha256 in written).encode()).hexdigest()
    return tuple(path for path, _ in written), digest


def _counted(
    files: Iterator[tuple[Path, str] | None], count: int, progress: Progress
) -> Iterator[tuple[Path, str] | None]:
    for done, file in enumerate(files):
        progress("Sorting rows by customer", done / count)
        yield file


def sorted_lines(rows: pa.Table) -> pa.Table:
    """ORDER_LINES of checked rows, by customer_id, ordered_at and row_id."""
    rows = rows.append_column("visible_from", pc.coalesce(rows.column("known_at"), rows.column("ordered_at")))
    rows = rows.combine_chunks().take(pa.array(_order(rows)))
    present = set(rows.column_names)
    columns = [
        rows.column(field.name).cast(field.type) if field.name in present else pa.nulls(len(rows), field.type)
        for field in ORDER_LINES
    ]
    return pa.Table.from_arrays(columns, schema=ORDER_LINES)


def _order(rows: pa.Table) -> npt.NDArray[np.int64]:
    """The places of rows (which are in order of row_id) sorted by customer_id, then ordered_at, then row_id."""
    ids = rows.column("customer_id").combine_chunks().dictionary_encode()
    rank = np.empty(len(ids.dictionary), np.int64)
    rank[pc.sort_indices(ids.dictionary).to_numpy()] = np.arange(len(ids.dictionary))
    customer = rank[ids.indices.to_numpy()]
    at = rows.column("ordered_at").cast(pa.int64()).to_numpy()
    if not len(at):
        return np.empty(0, np.int64)
    at = at - at.min()
    tick = 1_000_000 if not (at % 1_000_000).any() else 1
    span = int(at.max()) // tick + 1
    place = np.arange(len(at))
    if span * len(rank) * len(at) < LARGEST:  # one number holds all three: sorting it is several times faster
        ordered: npt.NDArray[np.int64] = np.sort((customer * span + at // tick) * len(at) + place) % len(at)
        return ordered
    return np.asarray(np.lexsort((place, at, customer)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
