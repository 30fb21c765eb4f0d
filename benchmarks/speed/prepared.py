"""One made-up ledger prepared for everybody: our mirror and replacements, and the rivals' one file.

Example: python -m benchmarks.speed.prepared 1000000

All start from the same rows, columnar, sorted by customer and instant, corrections resolved to when a row was seen.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.speed.big_ledger import ENDS_ON, STARTS_ON, write_big_ledger
from features.atomic_write import atomic_write
from features.ledger.ledger import Ledger
from features.ledger.mirror.parquet_mirror import BUCKET, ROW_GROUP
from features.ledger.schema.arrow import CUSTOMERS, ORDER_LINES, REPLACEMENTS

SEED = 7
BUCKETS = 16
WORK = Path(__file__).parents[1] / ".work"

_PARTED = f"""COPY (
    SELECT *, file_row_number + 1 AS row_id, {BUCKET} AS bucket FROM read_parquet('{{source}}', file_row_number = true)
) TO '{{parts}}' (FORMAT parquet, PARTITION_BY (bucket), OVERWRITE)"""
_BUCKET = """CREATE OR REPLACE TEMP TABLE bucket AS
SELECT row_id, customer_id, ordered_at, CAST(ordered_at AS DATE) AS order_day, known_at AS visible_from, amount,
       order_id, line_id, product_id, 'EUR' AS currency,
       lead(known_at) OVER (PARTITION BY order_id, line_id ORDER BY known_at) AS replaced_at
FROM read_parquet('{parts}/bucket={bucket}/*.parquet', hive_partitioning = false)"""
_IDS, _TIMES = (
    ("row_id", "customer_id", "order_id", "line_id", "product_id"),
    ("ordered_at", "order_day", "visible_from"),
)
_GIVEN = (*_IDS, *_TIMES, "amount", "currency")
_AS_OURS = ", ".join(name if name in _GIVEN else f"NULL AS {name}" for name in ORDER_LINES.names)
_ORDER = "ORDER BY customer_id, ordered_at, row_id"
_FILES = {
    "mirror": f"SELECT {_AS_OURS} FROM bucket {_ORDER}",
    "replacements": "SELECT row_id, replaced_at FROM bucket WHERE replaced_at IS NOT NULL ORDER BY row_id",
    "rivals": f"""SELECT customer_id, ordered_at, order_day, visible_from, replaced_at, CAST(amount AS DOUBLE) AS amount
        FROM bucket {_ORDER}""",
}
"""What lies in which folder. The rivals' amounts are doubles, which suits all of them best."""


@dataclass(frozen=True)
class BigLedger:
    """A made-up ledger of so many lines on disk; what is there already is not made again.

    Attributes:
        place: the folder it has a folder in.
    """

    lines: int
    place: Path = WORK

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.place / f"ledger-{self.lines}"

    @property
    def rivals(self) -> Path:
        """The rivals' Parquet files."""
        return self.folder / "rivals"

    @property
    def raw_path(self) -> Path:
        """Where the export lies once it is made."""
        return self.folder / "raw.parquet"

    def raw(self) -> Path:
        """The export, as somebody would bring it."""
        if not self.raw_path.exists():
            write_big_ledger(self.lines, self.raw_path, seed=SEED)
        return self.raw_path

    def prepare(self) -> BigLedger:
        """Itself, with mirror, replacements and the rivals' files beside the export."""
        done = self.folder / "prepared.json"
        if not done.exists():
            _prepare(self.raw(), self.folder)
            with atomic_write(done) as unfinished:
                unfinished.write_text(json.dumps({"seed": SEED}), encoding="utf-8")
        return self

    def ledger(self) -> Ledger:
        """Our ledger over the prepared files, as ``read_ledger`` gives it over a home's mirror."""
        return Ledger(
            order_lines=tuple(sorted((self.folder / "mirror").rglob("*.parquet"))),
            replacements=pq.read_table(self.folder / "replacements", partitioning=None).cast(REPLACEMENTS),
            customers=CUSTOMERS.empty_table(),
            starts_on=STARTS_ON,
            ends_on=ENDS_ON - timedelta(days=1),
            currency="EUR",
            digest=f"benchmark {self.lines} {SEED}",
            known_at_proven=True,
        )


def _prepare(source: Path, folder: Path) -> None:
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_PARTED.format(source=source, parts=folder / "parts"))
        for bucket in range(BUCKETS):
            connection.execute(_BUCKET.format(parts=folder / "parts", bucket=bucket))
            for name, query in _FILES.items():
                _write(connection.sql(query).to_arrow_table(), folder / name / f"bucket={bucket:02d}")
    shutil.rmtree(folder / "parts")


def _write(table: pa.Table, folder: Path) -> None:
    schema = {"mirror": ORDER_LINES, "replacements": REPLACEMENTS}.get(folder.parent.name, table.schema)
    with atomic_write(folder / "batch-000001.parquet") as unfinished:
        groups = ROW_GROUP if folder.parent.name == "mirror" else None
        pq.write_table(table.cast(schema), unfinished, compression="zstd", row_group_size=groups)


if __name__ == "__main__":
    BigLedger(int(sys.argv[1])).prepare()
