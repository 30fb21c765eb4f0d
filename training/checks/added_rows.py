"""Perturbations that add rows: for every known customer, for one half of them, or for unknown customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.clock import AsOf
from training.checks.ledger_rows import (
    LAYERS,
    Layer,
    LedgerRows,
    arrived,
    known_customers,
    moved,
    new_rows,
    scaled,
    stacked,
    with_column,
)
from training.checks.perturbations import DAY, HOUR, Perturb, each_table, one_half

BEHIND_THE_END = 400 * DAY


@dataclass(frozen=True)
class RowTest:
    """A row to add for every customer: its happened-at and known-at relative to the instant, and its size."""

    happens: timedelta
    known: timedelta
    times: int


LATER = tuple(
    RowTest(days * DAY + 5 * HOUR, days * DAY + 5 * HOUR, times) for days, times in ((1, 7), (8, 13), (40, -2))
)
ON_THE_EDGE = tuple(RowTest(hours * HOUR, hours * HOUR, 11) for hours in (0, 1, 5, 13, 23))
JUST_KNOWN = (RowTest(-HOUR, 0 * HOUR, 7), RowTest(-2 * DAY, 0 * HOUR, 11), RowTest(-2 * DAY, 2 * HOUR, 5))
LATE = (
    RowTest(-3 * DAY, 2 * DAY, 7),
    RowTest(-45 * DAY, 30 * DAY, 13),
    RowTest(-400 * DAY, 9 * DAY, 5),
    RowTest(-4 * DAY, DAY, -3),
)
FAR = (RowTest(BEHIND_THE_END, BEHIND_THE_END, 1),)
CALLED = (RowTest(-10 * DAY, -10 * DAY, 1), RowTest(-DAY, -DAY, 1))
OPEN = (RowTest(-10 * DAY, -10 * DAY, 1), RowTest(-40 * DAY, -40 * DAY, 2))
BOOKED = (RowTest(5 * DAY, -DAY, 3),)
ORDERED = (RowTest(-DAY, -DAY, 3),)


def adding(rows: Sequence[RowTest]) -> Perturb:
    """The ledger with rows of every kind added for every known customer."""

    def perturb(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
        return _adding(ledger_rows, known_customers(ledger_rows, as_of), rows, as_of, zone)

    return perturb


def ordering(rows: Sequence[RowTest]) -> Perturb:
    """The ledger with order lines added for every known customer."""

    def perturb(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
        customers, lines = known_customers(ledger_rows, as_of), ledger_rows.rows["order_lines"]
        added = _with_rows(LAYERS["order_lines"], lines, customers, rows, as_of, zone)
        return replace(ledger_rows, rows={**ledger_rows.rows, "order_lines": added})

    return perturb


def for_one_half(rows: Sequence[RowTest]) -> Perturb:
    """The ledger with rows of every kind added for one half of the customers."""

    def perturb(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
        known = known_customers(ledger_rows, as_of)
        chosen = [customer for customer, is_chosen in zip(known, one_half(known), strict=True) if is_chosen]
        return _adding(ledger_rows, chosen, rows, as_of, zone)

    return perturb


def with_strangers(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
    """The ledger with as many customers again that were unknown at the instant."""
    count = len(known_customers(ledger_rows, as_of))
    strangers = [f"{'0' if place % 2 else 'zz'} known later {place}" for place in range(count)]
    grown = _adding(ledger_rows, strangers, (*LATER, *LATE), as_of, zone)
    table = _with_rows(LAYERS["customers"], grown.rows["customers"], strangers, [RowTest(DAY, DAY, 1)], as_of, zone)
    return replace(grown, rows={**grown.rows, "customers": table})


def outlasting(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
    """The ledger extended far beyond both ends, by rows of one unknown customer."""
    grown = _adding(ledger_rows, ["zz at the end"], FAR, as_of, zone)
    first = RowTest(timedelta(days=(ledger_rows.origin.starts_on - as_of.day).days - 30), DAY, 1)
    return _adding(grown, ["zz at the end"], (first,), as_of, zone)


def called(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
    """The ledger in which every customer was called from a list, with outcomes."""
    customers = known_customers(ledger_rows, as_of)
    rows = dict(ledger_rows.rows)
    for name in ("calls", "outcomes", "contacts"):
        rows[name] = _with_rows(LAYERS[name], rows[name].slice(0, 0), customers, CALLED, as_of, zone)
        if "listed_on" in rows[name].column_names:
            listed = pa.array([as_of.day - 11 * DAY] * rows[name].num_rows, pa.date32())
            rows[name] = with_column(rows[name], "listed_on", listed)
        rows[name] = stacked([ledger_rows.rows[name], arrived(LAYERS[name], rows[name], after=ledger_rows.rows[name])])
    return replace(ledger_rows, rows=rows)


def _adding(
    ledger_rows: LedgerRows, customers: Sequence[str], rows: Sequence[RowTest], as_of: AsOf, zone: ZoneInfo
) -> LedgerRows:
    def change(layer: Layer, table: pa.Table) -> pa.Table:
        return _with_rows(layer, table, customers, rows, as_of, zone) if layer.happened else table

    return each_table(ledger_rows, change)


def _with_rows(
    layer: Layer, table: pa.Table, customers: Sequence[str], rows: Sequence[RowTest], as_of: AsOf, zone: ZoneInfo
) -> pa.Table:
    new = new_rows(layer, table, customers if "customer_id" in table.column_names else ["nobody"], as_of)
    moments = [(as_of.naive + row.happens, as_of.naive + row.known) for row in rows]
    parts = [
        scaled(moved(layer, new, happens=happens, known=known, zone=zone), float(row.times))
        for row, (happens, known) in zip(rows, moments, strict=True)
    ]
    return stacked([table, arrived(layer, stacked(parts), after=table)])
