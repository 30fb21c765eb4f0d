"""Rows of a source that share an order line or are equal, resolved as in an ingest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.ledger.external.counts import CountsByReason, RowCounts, counted_in
from features.ledger.external.parquet_writer import sorted_lines
from features.ledger.external.spill import Spill
from features.ledger.merge.cancellations import PAIRS, cancel_at_once
from features.ledger.merge.events import SINCE_EVER, merge_events
from features.ledger.reconciliation.cancellations import Cancellations, cancellations_of
from features.ledger.reconciliation.tallies import rows_in_detail
from features.ledger.schema.arrow import INSTANT, ORDER_LINES, REPLACEMENTS
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import ORDERS_TYPE
from features.ledger.sql import literal
from features.ledger.validation.cross_row_checks import quarantine_collisions
from features.ledger.validation.row_checks import create_checked
from features.policy import Policy

SPREAD = 0x9E3779B97F4A7C15 - 2**64  # odd, half of its bits set: sizes of different customers seldom collide
GROUP_ROWS = 1_000_000  # compared at a time
REPLACED = pa.schema(
    [("row_id", pa.int64()), ("replaced_at", INSTANT), ("by_row_id", pa.int64()), ("never_seen", pa.bool_())]
)


@dataclass(frozen=True)
class Versions:
    """The fates of rows of a source that share an order line or are equal.

    Attributes:
        out: row_id of repeated or unusable rows, ascending.
        replaced: REPLACED of rows with a later version.
        merged: counts of repeated rows; None where there are none.
        collided: counts of rows whose order line collides with another, by currency.
        equal_lines: number of lines that repeat another in every column.
        corrections: as in the reconciliation.
    """

    out: npt.NDArray[np.int64]
    replaced: pa.Table
    merged: RowCounts | None
    collided: Mapping[str, RowCounts]
    equal_lines: int
    corrections: int


def key_of(columns: list[str]) -> str:
    """SQL: a 64-bit key, equal for versions of one order line and for equal rows; hardly ever for other rows."""
    content = f"hash({', '.join(name for name in ORDERS_TYPE.relation.content if name in columns)})"
    if "order_id" not in columns or "line_id" not in columns:
        return content
    versioned = "order_id IS NOT NULL AND line_id IS NOT NULL"
    return f"CASE WHEN {versioned} THEN hash(order_id, line_id) ELSE {content} END"


def resolve(
    connection: duckdb.DuckDBPyConnection,
    spill: Spill,
    shared: npt.NDArray[np.void],
    folder: Path,
    *,
    currency: str,
    product: str,
    zone: str,
    now: datetime,
) -> Versions:
    """The fates of the rows with a ``shared`` key; rows of another currency are out.

    ``product``: SQL, whether a row is of a product. Rows of one key are compared together, some keys at a time.
    """
    groups = len(shared) // GROUP_ROWS + 1
    out, replaced = [np.empty(0, np.int64)], [REPLACED.empty_table()]
    counts = CountsByReason()
    equal_lines = corrections = 0
    with _regrouped(spill, shared, folder, groups) as regrouped:
        for group in regrouped.codes:
            _merge(connection, regrouped.take(group), currency, zone)
            connection.execute("CREATE OR REPLACE TEMP VIEW out AS FROM judged WHERE fate <> 'accepted'")
            out.append(connection.sql("SELECT line_no FROM out").fetchnumpy()["line_no"])
            replaced.append(_replaced(connection))
            counts.add(counted_in(connection, "out", product=product, now=now))
            equal_lines += _equal_lines(connection)
            corrections += rows_in_detail(connection, ORDERS_TYPE)[0]
    collided = {
        code: row_counts
        for (reason, code), row_counts in counts.counts_of.items()
        if reason is QuarantineReason.COLLISION
    }
    all_out = np.sort(np.concatenate(out))
    return Versions(all_out, pa.concat_tables(replaced), counts.good, collided, equal_lines, corrections)


def _regrouped(spill: Spill, shared: npt.NDArray[np.void], folder: Path, groups: int) -> Spill:
    """The rows with a shared key, all rows of one key in the same file."""
    regrouped = Spill(folder)
    for code in spill.codes if len(shared) else ():
        rows = spill.read(code)
        row_ids = rows.column("row_id").to_numpy()
        at = np.minimum(np.searchsorted(shared["row_id"], row_ids), len(shared) - 1)
        is_shared = shared["row_id"][at] == row_ids
        if is_shared.any():
            keys = shared["key"][at[is_shared]]
            regrouped.add(rows.filter(pa.array(is_shared)), (keys % np.uint64(groups)).astype(np.int64))
    regrouped.close()
    return regrouped


def _merge(connection: duckdb.DuckDBPyConnection, rows: pa.Table, currency: str, zone: str) -> None:
    create_checked(connection, ORDERS_TYPE)
    connection.register("spilled", rows)
    connection.execute(
        """INSERT INTO checked BY NAME SELECT 1 AS file_no, row_id AS line_no, 0 AS aside, * EXCLUDE (row_id)
        FROM spilled"""
    )
    connection.unregister("spilled")
    quarantine_collisions(connection, file_no=1)
    connection.execute(
        f"UPDATE checked SET reason = {literal(QuarantineReason.RATE)} "
        f"WHERE reason IS NULL AND currency <> {literal(currency)}"
    )
    connection.register("stored", ORDER_LINES.empty_table())
    connection.register("stored_replacements", REPLACEMENTS.empty_table())
    merge_events(connection, ORDERS_TYPE, history=True, ingested_at=SINCE_EVER, first_row_id=1, zone=zone)


def _equal_lines(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of lines of the merged group that repeat an earlier one in every column."""
    again = "row_number() OVER (PARTITION BY content, known_at ORDER BY line_no) > 1"
    repeated = f"SELECT line_no FROM good WHERE NOT versioned QUALIFY {again}"
    return int(connection.sql(repeated).to_arrow_table().num_rows)


def _replaced(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """REPLACED of the merged group, by the row_id in the source."""
    return (
        connection.sql(
            """SELECT line.line_no AS row_id, replaced_at, later.line_no AS by_row_id, never_seen
            FROM replaced JOIN accepted line USING (row_id) JOIN accepted later ON later.row_id = replaced.by_row_id"""
        )
        .to_arrow_table()
        .cast(REPLACED)
    )


@dataclass
class Settling:
    """The step from spilled rows to lines of the ledger: one file of customers at a time, in several threads.

    Attributes:
        cancelled: REPLACED of lines that cancel each other, so far.
        cancellations: the account of these lines so far, by the row_id of the largest pair of each file.
        days: first and last order day of each file.
    """

    connection: duckdb.DuckDBPyConnection
    versions: Versions
    currency: str
    policy: Policy
    cancelled: list[pa.Table] = field(default_factory=list)
    cancellations: dict[int, Cancellations] = field(default_factory=dict)
    days: list[dict[str, date | None]] = field(default_factory=list)

    def lines(self, rows: pa.Table) -> pa.Table:
        """The ORDER_LINES of some customers' spilled rows, by customer_id, ordered_at and row_id."""
        is_ours = pc.equal(rows.column("currency"), self.currency)
        is_out = _are_in(self.versions.out, rows.column("row_id").to_numpy())
        lines = sorted_lines(rows.filter(pc.and_not(is_ours, pa.array(is_out))))
        self.days.append(pc.min_max(lines.column("order_day")).as_py())
        may_cancel = lines_that_may_cancel(lines)
        if len(may_cancel):
            with self.connection.cursor() as connection:
                self._cancel(connection, may_cancel)
        return lines

    def _cancel(self, connection: duckdb.DuckDBPyConnection, lines: pa.Table) -> None:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in (
            ("accepted", lines),
            ("every_replaced", self.versions.replaced),
            ("stored", ORDER_LINES.empty_table()),
            ("stored_replacements", REPLACEMENTS.empty_table()),
            ("stored_pairs", PAIRS.empty_table()),
        ):
            connection.register(name, table)
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE replaced AS FROM every_replaced
            WHERE row_id IN (SELECT row_id FROM accepted) OR by_row_id IN (SELECT row_id FROM accepted)"""
        )
        connection.execute("CREATE OR REPLACE TEMP TABLE before AS FROM replaced")
        cancel_at_once(connection, minutes=self.policy.cancel_minutes, zone=self.policy.time_zone)
        news = connection.sql("FROM replaced EXCEPT ALL FROM before").to_arrow_table()
        self.cancelled.append(news.select(REPLACED.names).cast(REPLACED))
        largest = connection.sql(
            "SELECT row_id FROM cancelled JOIN accepted USING (row_id) ORDER BY amount DESC, row_id LIMIT 1"
        ).fetchall()
        if largest:
            self.cancellations[largest[0][0]] = cancellations_of(connection)

    @property
    def replaced(self) -> pa.Table:
        """REPLACED of corrected and of cancelled lines, by row_id."""
        return pa.concat_tables([self.versions.replaced, *self.cancelled]).sort_by(
            [("row_id", "ascending"), ("replaced_at", "ascending"), ("by_row_id", "ascending")]
        )

    @property
    def first_on(self) -> date | None:
        """The first order day."""
        return min((days["min"] for days in self.days if days["min"]), default=None)

    @property
    def last_on(self) -> date | None:
        """The last order day."""
        return max((days["max"] for days in self.days if days["max"]), default=None)

    @property
    def all_cancellations(self) -> Cancellations:
        """The account of all pairs."""
        cancelled = sorted(self.cancellations.items())
        largest = max(
            (account.largest for _, account in cancelled if account.largest), key=lambda pair: pair.amount, default=None
        )
        money = sum((account.money for _, account in cancelled), Decimal(0))
        return Cancellations(sum(account.pairs for _, account in cancelled), money, largest)


def _are_in(ascending: npt.NDArray[np.int64], row_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """True for row_ids among ``ascending``; without sorting both, which would repeat for many files."""
    if not len(ascending):
        return np.zeros(len(row_ids), np.bool_)
    at = np.minimum(np.searchsorted(ascending, row_ids), len(ascending) - 1)
    return np.asarray(ascending[at] == row_ids)


def lines_that_may_cancel(lines: pa.Table) -> pa.Table:
    """The lines with both a sale and a return of their customer and size, and a few more: far fewer than all."""
    amounts = np.frombuffer(lines.column("amount").combine_chunks().buffers()[1], np.int64)[: 2 * len(lines) : 2]
    customers = lines.column("customer_id").combine_chunks().dictionary_encode().indices.to_numpy()
    sizes = customers.astype(np.int64) * SPREAD + np.abs(amounts)  # a collision only adds a line to look at
    undone = np.intersect1d(sizes[amounts < 0], sizes[amounts > 0])
    return lines.filter(pa.array(np.isin(sizes, undone)))
