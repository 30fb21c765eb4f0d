"""A ledger read in place from a file or Parquet folder, through the same checks as ingest.

The source is read part by part: once to infer its formats (typed columns need no inference), once to check its rows,
which are spilled to disk by customer. Versions and equal lines are found by keys that are spilled too. So memory does
not grow with the source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from features.errors import first_line
from features.ledger.errors import EmptyLedgerError, LedgerError
from features.ledger.external.counts import CountsByReason, NothingUsableError, RowCounts, SourceAccount, counted_in
from features.ledger.external.parquet_writer import write_mirror
from features.ledger.external.partitioning import Division, by_hash, by_ranges
from features.ledger.external.resolve import Settling, Versions, key_of, resolve
from features.ledger.external.spill import KeySpill, Spill
from features.ledger.external.stream import FileStream, open_stream
from features.ledger.ledger import Ledger, digest_of_tables
from features.ledger.parsing.format_votes import NO_VOTES, votes_of
from features.ledger.parsing.inference import Dialect, dialect_of
from features.ledger.parsing.layout import RowLayout, lay_out
from features.ledger.reading.header_matching import match_columns
from features.ledger.reading.raw_rows import RawRows
from features.ledger.reconciliation.conversion import NO_CONVERSION
from features.ledger.reconciliation.look_alikes import NO_LOOK_ALIKES
from features.ledger.reconciliation.tallies import NOTHING
from features.ledger.schema.arrow import CUSTOMERS, REPLACEMENTS
from features.ledger.schema.currencies import NO_CURRENCY
from features.ledger.schema.record_types import ORDERS_TYPE
from features.ledger.sql import is_product
from features.ledger.validation.cross_row_checks import NOTHING_ABOVE, quarantine_totals
from features.ledger.validation.row_checks import check_laid_out, check_misfits, create_checked, open_checks
from features.policy import Policy
from features.progress import Progress

PART_ROWS = 1 << 20  # read, checked and spilled at a time
LITTLE_MEMORY = 2 * 10**9  # below it parts are a quarter of that
DATABASE_SHARE = 0.4  # of the memory, for DuckDB while rows are checked


class SourceSpaceError(LedgerError):
    """Memory or disk ran out while a source was read in place."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(
            f"{source} could not be read in place: {why}.",
            "Give it more --memory, and free disk space beside --out: about three times the file's size.",
        )


@dataclass(frozen=True)
class SourceLedger:
    """A ledger and, where its source was read in place, the account of the rows."""

    ledger: Ledger
    account: SourceAccount | None


def read_source_ledger(
    path: Path, policy: Policy, *, memory_bytes: int, folder: Path, now: datetime, progress: Progress
) -> SourceLedger:
    """The order lines of a file or of a folder of Parquet files as a ledger; nothing is stored.

    Unusable rows are left out and accounted for, as in an ingest; rows without a known-at count as known when they
    happened.

    Args:
        memory_bytes: of the whole process.
        folder: empty; for the ledger's files. Remove it after use.
        now: the instant of the command, aware; the account counts rows dated later.

    Raises:
        SourceError, ColumnsError: the file cannot be read, or lacks a required column.
        NothingUsableError: no row can be used.
        SourceSpaceError: memory or disk ran out.
    """
    stream = open_stream(path, part_rows=PART_ROWS if memory_bytes >= LITTLE_MEMORY else PART_ROWS // 4)
    matched = match_columns(stream.schema.names, ORDERS_TYPE.columns, {}, source=stream.name)
    try:
        with open_checks() as connection:
            connection.execute(f"SET memory_limit = '{int(memory_bytes * DATABASE_SHARE / 10**6)}MB'")
            connection.execute("SET temp_directory = ?", [str(folder / "duckdb")])
            now_utc = now.astimezone(UTC).replace(tzinfo=None)
            return _Reading(connection, stream, matched, policy, folder, now_utc, progress).ledger()
    except (duckdb.Error, pa.ArrowException) as error:
        raise SourceSpaceError(stream.name, first_line(error)) from None
    except OSError as error:
        raise SourceSpaceError(stream.name, error.strerror or str(error)) from None


@dataclass
class _Reading:
    """One source being read."""

    connection: duckdb.DuckDBPyConnection
    stream: FileStream
    matched: Mapping[str, str]
    policy: Policy
    folder: Path
    now: datetime
    progress: Progress
    counts: CountsByReason = field(default_factory=CountsByReason)
    remarks: list[str] = field(default_factory=list)

    def ledger(self) -> SourceLedger:
        dialect = self._dialect()
        self.remarks += dialect.remarks
        division = self._division()
        keys = KeySpill(self.folder / "keys")
        with Spill(self.folder / "rows") as spill:
            for rows in self._checked(dialect, division):
                part = rows.column("part").to_numpy()
                keys.add(rows.column("key").to_numpy(), rows.column("row_id").to_numpy())
                spill.add(rows.drop_columns(["part", "key"]), part)
        currency = self.policy.reporting_currency or self.counts.most_frequent_currency or NO_CURRENCY
        self.progress("Comparing versions", 0.0)
        versions = resolve(
            self.connection,
            spill,
            keys.shared(),
            self.folder / "shared",
            currency=currency,
            product=self._product,
            zone=self.policy.time_zone,
            now=self.now,
        )
        counts = self.counts.settled(currency).colliding(currency, versions.collided)
        if counts.good is None:
            raise NothingUsableError(self.stream.name, counts.quarantine(self.stream.name))
        settling = Settling(self.connection, versions, currency, self.policy)
        paths, digest = write_mirror(
            spill, self.folder / "orders", settling.lines, row_group=division.row_group, progress=self.progress
        )
        accepted = counts.good.without(versions.merged) if versions.merged else counts.good
        account = self._account(counts, accepted, versions, settling)
        return SourceLedger(self._ledger(paths, digest, settling.replaced, account, currency), account)

    @property
    def _product(self) -> str:
        return is_product(self.policy.non_product_codes)

    def _dialect(self) -> Dialect:
        """The formats of the columns, inferred from every row; typed columns need none."""
        with_types = self._laid_out(
            RawRows(self.stream.name, self.stream.schema.empty_table(), pa.array([], pa.int64()))
        )
        texts = {ours: theirs for ours, theirs in self.matched.items() if with_types.is_asked(ours)}
        votes = NO_VOTES
        if votes_of(self.connection, with_types).more_rows_may_tell:
            for raw in self._parts("Inferring formats", list(texts.values())):
                votes += votes_of(self.connection, lay_out(self.connection, raw, ORDERS_TYPE, texts))
                if not votes.more_rows_may_tell:
                    break
        return dialect_of(votes, with_types)

    def _division(self) -> Division:
        """Ranges of customers where a sample of ids can be read first, else a hash."""
        mapped = {"customer_id": self.matched["customer_id"]}
        ids = [pa.chunked_array([], pa.string())]
        for raw in self.stream.spread(mapped["customer_id"]):
            lay_out(self.connection, raw, ORDERS_TYPE, mapped)
            ids.append(self.connection.sql("SELECT customer_id FROM texts").to_arrow_table().column(0))
        sample = pa.chunked_array([chunk for part in ids for chunk in part.chunks], pa.string()).drop_null()
        return by_ranges(sample, self.stream.rows_about) if len(sample) else by_hash(self.stream.rows_about)

    def _laid_out(self, raw: RawRows) -> RowLayout:
        return lay_out(self.connection, raw, ORDERS_TYPE, self.matched)

    def _parts(self, step: str, names: list[str]) -> Iterator[RawRows]:
        done = 0
        for raw in self.stream.parts(names):
            self.progress(step, done / max(done, self.stream.rows_about, 1))
            done += len(raw)
            yield raw

    def _checked(self, dialect: Dialect, division: Division) -> Iterator[pa.Table]:
        """The good rows part by part in the order of the source, with key and part of the mirror."""
        currency = self.policy.reporting_currency or NO_CURRENCY
        present = [column.name for column in ORDERS_TYPE.columns if column.name in self.matched]
        columns = list(dict.fromkeys([*present, "amount", "currency", "order_day", "known_at"]))
        above = NOTHING_ABOVE
        for raw in self._parts("Checking rows", list(self.matched.values())):
            self.remarks += raw.remarks
            create_checked(self.connection, ORDERS_TYPE)
            laid_out = self._laid_out(raw)
            check_laid_out(self.connection, laid_out, dialect, file_no=1, policy=self.policy, currency=currency)
            if raw.misfits:
                check_misfits(self.connection, raw.misfits, file_no=1)
            totals, above = quarantine_totals(self.connection, file_no=1, source=raw.name, above=above)
            self.remarks += totals
            self.counts.add(counted_in(self.connection, "checked", product=self._product, now=self.now))
            yield self.connection.sql(
                f"""SELECT line_no AS row_id, {", ".join(columns)}, {division.number} AS part,
                    {key_of(columns)} AS key FROM checked WHERE reason IS NULL"""
            ).to_arrow_table()

    def _account(
        self, counts: CountsByReason, accepted: RowCounts, versions: Versions, settling: Settling
    ) -> SourceAccount:
        with_known_at = accepted.known_at_given
        rules = {"column": with_known_at, "history": accepted.tally.rows - with_known_at}
        return SourceAccount(
            kind="orders",
            files=(self.stream.name,),
            batch_id=None,
            read=counts.read,
            accepted=accepted.tally,
            merged=versions.merged.tally if versions.merged else NOTHING,
            quarantined=counts.quarantined,
            quarantine=counts.quarantine(self.stream.name),
            newly_quarantined=0,
            known_at={rule: rows for rule, rows in rules.items() if rows},
            returns=accepted.returns,
            non_products=accepted.non_products,
            equal_lines=versions.equal_lines,
            corrections=versions.corrections,
            never_seen=int(np.count_nonzero(versions.replaced.column("never_seen").to_numpy())),
            conversion=NO_CONVERSION,
            cancellations=settling.all_cancellations,
            to_come=accepted.to_come,
            commitments=accepted.commitments,
            alike=NO_LOOK_ALIKES,
            renamed=0,
            set_aside=counts.set_aside,
            remarks=tuple(self.remarks),
            columns=dict(self.matched),
            columns_unused=tuple(name for name in self.stream.schema.names if name not in self.matched.values()),
            first_on=settling.first_on,
            last_on=settling.last_on,
        )

    def _ledger(
        self, paths: tuple[Path, ...], digest: str, replaced: pa.Table, account: SourceAccount, currency: str
    ) -> Ledger:
        if account.first_on is None or account.last_on is None:
            raise EmptyLedgerError
        identity = f"{digest} {currency} {digest_of_tables(replaced)}"
        return Ledger(
            order_lines=paths,
            replacements=replaced.select(REPLACEMENTS.names).cast(REPLACEMENTS),
            customers=CUSTOMERS.empty_table(),
            starts_on=account.first_on,
            ends_on=account.last_on,
            currency=currency,
            digest=hashlib.sha256(identity.encode()).hexdigest(),
            known_at_proven=account.known_at.get("column") == account.accepted.rows,
            non_product_codes=self.policy.non_product_codes,
        )
