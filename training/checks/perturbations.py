"""Perturbations: ledgers that are equal at an instant and differ in rows that were unknown then.

A feature as of the instant must be the same in all of them. Where a ledger holds few late or corrected rows,
``added_rows`` adds some for every customer, so that a leak shows at once and not in one row of a thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.clock import AsOf
from features.ledger.schema.arrow import INSTANT
from training.checks.ledger_rows import (
    CUSTOMER_COLUMNS,
    LAYERS,
    Layer,
    LedgerRows,
    Mask,
    at_or_after,
    flags,
    handed_on,
    is_of,
    is_visible,
    known_customers,
    newest_of,
    relabelled,
    scaled,
    stacked,
    with_column,
    with_row_ids,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERY = 4  # one line in this many is corrected later, and each customer's newest line

Selected: TypeAlias = Callable[[Layer, pa.Table, AsOf], Mask]
Perturb: TypeAlias = Callable[[LedgerRows, AsOf, ZoneInfo], LedgerRows]


def known_later(layer: Layer, table: pa.Table, as_of: AsOf) -> Mask:  # noqa: ARG001  a Selected
    """Rows that were not known at the instant."""
    return at_or_after(table, "visible_from", as_of)


def happened_later(layer: Layer, table: pa.Table, as_of: AsOf) -> Mask:
    """Unknown rows that had not happened either; a row known before it happens is a commitment."""
    if not layer.happened:
        return np.zeros(table.num_rows, dtype=np.bool_)
    return at_or_after(table, "visible_from", as_of) & at_or_after(table, layer.happened, as_of)


def happened_before(layer: Layer, table: pa.Table, as_of: AsOf) -> Mask:
    """Unknown rows that had happened, and later versions of customers."""
    return known_later(layer, table, as_of) & ~happened_later(layer, table, as_of)


def one_half(customers: Sequence[str | None]) -> Mask:
    """Half of the customers, by their ids alone."""
    return np.array(
        [hashlib.sha256(str(customer).encode()).digest()[0] % 2 == 0 for customer in customers], dtype=np.bool_
    )


def without(selected: Selected) -> Perturb:
    """The ledger without the selected rows."""

    def perturb(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
        return each_table(ledger_rows, lambda layer, table: table.filter(pa.array(~selected(layer, table, as_of))))

    return perturb


def inflated(selected: Selected) -> Perturb:
    """The ledger with the selected rows a thousand times as large, of other goods and of another customer."""

    def perturb(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
        def change(layer: Layer, table: pa.Table) -> pa.Table:
            chosen = selected(layer, table, as_of)
            others = handed_on(relabelled(layer, scaled(table.filter(pa.array(chosen)), 1000.0)))
            return stacked([table.filter(pa.array(~chosen)), others]).sort_by("row_id")

        return each_table(ledger_rows, change)

    return perturb


def without_one_half(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
    """The ledger without the later rows of one half of the customers."""

    def of_half(layer: Layer, table: pa.Table, at: AsOf) -> Mask:
        if "customer_id" not in table.column_names:
            return np.zeros(table.num_rows, dtype=np.bool_)
        return known_later(layer, table, at) & one_half(table.column("customer_id").to_pylist())

    return without(of_half)(ledger_rows, as_of, zone)


def without_strangers(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
    """The ledger without customers that were unknown at the instant."""
    known = known_customers(ledger_rows, as_of)
    return each_table(ledger_rows, lambda _, table: table.filter(pa.array(is_of(table, known))))


def cut(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:
    """The ledger as it was at the instant: it ends there."""
    return never_corrected(without(known_later)(ledger_rows, as_of, zone), as_of, zone)


def never_corrected(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
    """The ledger without later corrections: nothing is replaced later, and no replacement came."""

    def undo(layer: Layer, table: pa.Table) -> pa.Table:
        kept = table.filter(pa.array(~_later_versions(layer, table, as_of)))
        replaced = pc.if_else(pa.array(at_or_after(kept, "replaced_at", as_of)), None, kept.column("replaced_at"))
        return with_column(kept, "replaced_at", replaced)

    return each_table(ledger_rows, undo)


def corrected(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
    """The ledger with many visible rows corrected at the instant or a day later: half cancelled, half replaced."""

    def change(layer: Layer, table: pa.Table) -> pa.Table:
        places = np.flatnonzero(_to_correct(layer, table, as_of))
        when = np.where(np.arange(len(places)) % 4 < 2, np.datetime64(as_of.naive), np.datetime64(as_of.naive + DAY))
        replaced = table.column("replaced_at").to_numpy().astype("datetime64[us]").copy()
        replaced[places] = when
        old = with_column(table, "replaced_at", pa.array(replaced, INSTANT))
        every = 1 if not layer.happened else 2
        new = relabelled(layer, scaled(table.take(pa.array(places[::every])), 5.0))
        new = with_column(new, "visible_from", pa.array(when[::every], INSTANT))
        new = with_column(new, "replaced_at", pa.nulls(new.num_rows, INSTANT))
        return stacked([old, with_row_ids(new, after=table)])

    return each_table(ledger_rows, change)


def inner_dates(days: int | None) -> Perturb:
    """The ledger with open dates filled in never (None), or a number of days after the instant."""

    def perturb(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
        moment = pa.scalar(None if days is None else as_of.naive + days * DAY, INSTANT)

        def change(layer: Layer, table: pa.Table) -> pa.Table:
            for name, day in layer.inner.items():
                still_open = pa.array(at_or_after(table, name, as_of) | flags(pc.is_null(table.column(name))))
                for column in filter(None, (name, day)):
                    value = moment.cast(table.schema.field(column).type, safe=False)
                    table = with_column(table, column, pc.if_else(still_open, value, table.column(column)))
            return table

        return each_table(ledger_rows, change)

    return perturb


def uncalled(ledger_rows: LedgerRows, as_of: AsOf, zone: ZoneInfo) -> LedgerRows:  # noqa: ARG001
    """The ledger without lists: no calls, no outcomes, no contacts that a list began."""
    contacts = ledger_rows.rows["contacts"]
    unlisted = {name: ledger_rows.rows[name].slice(0, 0) for name in ("calls", "outcomes")}
    unlisted["contacts"] = contacts.filter(pc.is_null(contacts.column("listed_on")))
    return replace(ledger_rows, rows={**ledger_rows.rows, **unlisted})


def renamed(ledger_rows: LedgerRows) -> tuple[LedgerRows, dict[str, str]]:
    """The ledger with another id for every customer, and new id → true id."""
    ids: set[str] = set()
    for table in ledger_rows.rows.values():
        for name in CUSTOMER_COLUMNS:
            if name in table.column_names:
                ids |= {customer for customer in pc.unique(table.column(name)).to_pylist() if customer}
    new_id = {
        customer: "k" + hashlib.sha256(f"another {customer}".encode()).hexdigest()[:11] for customer in sorted(ids)
    }

    def change(layer: Layer, table: pa.Table) -> pa.Table:  # noqa: ARG001
        for name in CUSTOMER_COLUMNS:
            if name in table.column_names:
                named = [new_id.get(customer, customer) for customer in table.column(name).to_pylist()]
                table = with_column(table, name, pa.array(named, pa.string()))
        return table

    return each_table(ledger_rows, change), {new: old for old, new in new_id.items()}


def shuffled(ledger_rows: LedgerRows) -> LedgerRows:
    """The same rows in another order, with other row ids that ascend with their arrival as before."""
    draws = np.random.default_rng(7)

    def change(layer: Layer, table: pa.Table) -> pa.Table:  # noqa: ARG001
        numbers = table.column("row_id").to_numpy() * 3 + 1_000_017
        table = with_column(table, "row_id", pa.array(numbers))
        return table.take(pa.array(draws.permutation(table.num_rows)))

    return each_table(ledger_rows, change)


def each_table(ledger_rows: LedgerRows, change: Callable[[Layer, pa.Table], pa.Table]) -> LedgerRows:
    """The ledger with every table changed."""
    return replace(ledger_rows, rows={name: change(LAYERS[name], table) for name, table in ledger_rows.rows.items()})


def _later_versions(layer: Layer, table: pa.Table, as_of: AsOf) -> Mask:
    """Rows known later that replace a row visible at the instant."""
    later = known_later(layer, table, as_of)
    if not layer.happened:
        return later
    if not layer.own_ids:
        return np.zeros(table.num_rows, dtype=np.bool_)
    keys = pc.binary_join_element_wise(*(pc.fill_null(table.column(name), "-") for name in layer.own_ids), "\x00")
    corrected_keys = keys.filter(pa.array(is_visible(layer, table, as_of) & at_or_after(table, "replaced_at", as_of)))
    return np.asarray(later & flags(pc.is_in(keys, corrected_keys.combine_chunks())), dtype=np.bool_)


def _to_correct(layer: Layer, table: pa.Table, as_of: AsOf) -> Mask:
    visible = is_visible(layer, table, as_of)
    if not layer.happened or "customer_id" not in table.column_names:
        return visible
    chosen: Mask = visible & (np.arange(table.num_rows) % EVERY == 0)
    customers = [customer for customer in pc.unique(table.column("customer_id")).to_pylist() if customer]
    newest = newest_of(layer, table, as_of, customers)
    chosen[newest[newest >= 0]] = True
    return chosen


def with_hindsight(ledger_rows: LedgerRows) -> LedgerRows:
    """The ledger of today: every row in its last version and known when it happened."""

    def change(layer: Layer, table: pa.Table) -> pa.Table:
        last = table.filter(pc.is_null(table.column("replaced_at")))
        if not layer.happened:
            return last
        happened = last.column(layer.happened).cast(pa.timestamp("us"))
        return with_column(last, "visible_from", pc.min_element_wise(last.column("visible_from"), happened))

    return each_table(ledger_rows, change)
