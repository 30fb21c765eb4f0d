"""Counts of a source's rows part by part, and its account at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

import duckdb

from features.ledger.errors import LedgerError
from features.ledger.reconciliation.report import Reconciliation
from features.ledger.reconciliation.tallies import NOTHING, UNNAMED, Quarantined, Tally
from features.ledger.schema.currencies import CURRENCIES
from features.ledger.schema.quarantine_reasons import EXPLANATIONS, QuarantineReason
from features.ledger.schema.record_types import ORDERS_TYPE
from features.ledger.sql import instant_literal, literal
from features.ledger.validation.row_reasons import may_be_set_aside


class NothingUsableError(LedgerError):
    """A source without a usable row."""

    def __init__(self, source: str, quarantine: Sequence[Quarantined]) -> None:
        reasons = ", ".join(f"{entry.reason} ({entry.rows:,}, first: line {entry.line})" for entry in quarantine)
        super().__init__(f"No row of {source} can be used: {reasons}.", EXPLANATIONS[quarantine[0].reason].hint)


@dataclass(frozen=True)
class RowCounts:
    """Rows that share a reason (or are good) and a currency.

    Attributes:
        tally: of all of them.
        returns: of products with an amount below 0.
        non_products: rows with a non-product code.
        first_line: the line of the first of them.
        known_at_given: number of rows with a known-at of their own.
        to_come: number of rows without a known-at and dated later than the command.
        commitments: number of rows known before they happen.
        first_on, last_on: first and last order day.
        set_aside: per optional column, values that could not be read.
    """

    tally: Tally
    returns: Tally
    non_products: Tally
    first_line: int
    known_at_given: int
    to_come: int
    commitments: int
    first_on: date | None
    last_on: date | None
    set_aside: tuple[int, ...]

    def __add__(self, more: RowCounts) -> RowCounts:
        return RowCounts(
            self.tally + more.tally,
            self.returns + more.returns,
            self.non_products + more.non_products,
            min(self.first_line, more.first_line),
            self.known_at_given + more.known_at_given,
            self.to_come + more.to_come,
            self.commitments + more.commitments,
            min(filter(None, (self.first_on, more.first_on)), default=None),
            max(filter(None, (self.last_on, more.last_on)), default=None),
            tuple(first + second for first, second in zip(self.set_aside, more.set_aside, strict=True)),
        )

    def without(self, some: RowCounts) -> RowCounts:
        """These counts less those of some of the rows; days and first line stay."""
        return replace(
            self,
            tally=_without(self.tally, some.tally),
            returns=_without(self.returns, some.returns),
            non_products=_without(self.non_products, some.non_products),
            known_at_given=self.known_at_given - some.known_at_given,
            to_come=self.to_come - some.to_come,
            commitments=self.commitments - some.commitments,
            set_aside=tuple(count - removed for count, removed in zip(self.set_aside, some.set_aside, strict=True)),
        )


def _without(tally: Tally, less: Tally) -> Tally:
    money = {code: amount - less.money.get(code, Decimal(0)) for code, amount in tally.money.items()}
    return Tally(tally.rows - less.rows, money, tally.unreadable - less.unreadable)


def counted_in(
    connection: duckdb.DuckDBPyConnection, table: str, *, product: str, now: datetime
) -> dict[tuple[QuarantineReason | None, str], RowCounts]:
    """The rows of a table of checked order lines by reason and currency.

    ``product``: SQL, whether a row is of a product; ``now``: UTC without a zone.
    """
    codes = ", ".join(map(literal, sorted(CURRENCIES)))
    aside = "".join(f", coalesce(sum((aside >> {bit}) & 1), 0)" for bit, _ in enumerate(may_be_set_aside(ORDERS_TYPE)))
    groups = connection.sql(
        f"""SELECT reason, CASE WHEN currency IN ({codes}) THEN currency ELSE {literal(UNNAMED)} END AS code,
            count(*), sum(amount), count(*) FILTER (amount IS NULL), count(*) FILTER ({product} AND amount < 0),
            sum(amount) FILTER ({product} AND amount < 0), count(*) FILTER (NOT {product}),
            sum(amount) FILTER (NOT {product}), min(line_no), count(known_at),
            count(*) FILTER (known_at IS NULL AND ordered_at > {instant_literal(now)}),
            count(*) FILTER (known_at < ordered_at),
            min(order_day), max(order_day){aside}
        FROM {table} GROUP BY reason, code"""
    ).fetchall()
    counts = {}
    for reason, code, rows, money, unread, returns, returned, non_products, non_product_money, *facts in groups:
        first_line, known_at_given, to_come, commitments, first_on, last_on, *set_aside = facts
        counts[QuarantineReason(reason) if reason else None, code] = RowCounts(
            _tally(rows, code, money, unread),
            _tally(returns, code, returned),
            _tally(non_products, code, non_product_money),
            first_line,
            known_at_given,
            to_come,
            commitments,
            first_on,
            last_on,
            tuple(map(int, set_aside)),
        )
    return counts


def _tally(rows: int, code: str, money: Decimal | None, unreadable: int = 0) -> Tally:
    return Tally(rows, {} if money is None else {code: Decimal(money)}, unreadable)


@dataclass
class CountsByReason:
    """The rows of a source counted so far, by reason and currency."""

    counts_of: dict[tuple[QuarantineReason | None, str], RowCounts] = field(default_factory=dict)

    def add(self, more: Mapping[tuple[QuarantineReason | None, str], RowCounts]) -> None:
        """Adds further counts."""
        for key, row_counts in more.items():
            self.counts_of[key] = self.counts_of[key] + row_counts if key in self.counts_of else row_counts

    @property
    def most_frequent_currency(self) -> str | None:
        """The most frequent currency of good rows; None where no row is good."""
        good = {code: row_counts.tally.rows for (reason, code), row_counts in self.counts_of.items() if reason is None}
        return min(good, key=lambda code: (-good[code], code), default=None)

    def settled(self, currency: str) -> CountsByReason:
        """The same counts; good rows of a currency other than the ledger's count as unusable."""
        settled = CountsByReason()
        for (reason, code), row_counts in self.counts_of.items():
            is_out = reason is None and code != currency
            settled.add({(QuarantineReason.RATE if is_out else reason, code): row_counts})
        return settled

    def colliding(self, currency: str, collided: Mapping[str, RowCounts]) -> CountsByReason:
        """The same settled counts; rows with a colliding order line (``collided``: by currency) count as unusable."""
        counts = CountsByReason(dict(self.counts_of))
        for code, row_counts in collided.items():
            key = (None if code == currency else QuarantineReason.RATE, code)
            rest = counts.counts_of.pop(key).without(row_counts)
            counts.add({(QuarantineReason.COLLISION, code): row_counts} | ({key: rest} if rest.tally.rows else {}))
        return counts

    @property
    def read(self) -> Tally:
        """Every row."""
        return sum((row_counts.tally for row_counts in self.counts_of.values()), NOTHING)

    @property
    def good(self) -> RowCounts | None:
        """The good rows, after settling of one currency; None: there are none."""
        return next((row_counts for (reason, _), row_counts in self.counts_of.items() if reason is None), None)

    @property
    def quarantined(self) -> Tally:
        """The unusable rows."""
        return sum((row_counts.tally for (reason, _), row_counts in self.counts_of.items() if reason), NOTHING)

    def quarantine(self, file: str) -> tuple[Quarantined, ...]:
        """The reasons, most frequent first, each with its first line."""
        rows: dict[QuarantineReason, tuple[int, int]] = {}
        for (reason, _), row_counts in self.counts_of.items():
            if reason is not None:
                count, first = rows.get(reason, (0, row_counts.first_line))
                rows[reason] = (count + row_counts.tally.rows, min(first, row_counts.first_line))
        ordered = sorted(rows, key=lambda reason: (-rows[reason][0], reason))
        return tuple(Quarantined(reason, rows[reason][0], file, rows[reason][1]) for reason in ordered)

    @property
    def set_aside(self) -> dict[str, int]:
        """Optional column → number of good rows with an unreadable value in it."""
        counts = self.good.set_aside if self.good else ()
        return {column.name: rows for column, rows in zip(may_be_set_aside(ORDERS_TYPE), counts, strict=False) if rows}


class SourceAccount(Reconciliation):
    """The account of a source read in place; nothing is stored."""

    def _headline(self) -> str:
        rows = f"{self.accepted.rows:,} of {self.read.rows:,} rows of {self.files[0]} are used"
        span = f", {self.first_on} to {self.last_on}" if self.first_on else ""
        hint = " To keep the originals of the others: callfirst ingest." if self.quarantined.rows else ""
        return f"{rows}{span}.{hint}"
