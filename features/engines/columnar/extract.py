"""The extract of a part of the ledger: rows selected by DuckDB, sorted and numbered by customer."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.catalog.primitives import Column, Primitive, Rows
from features.catalog.row_sets import ON_ORDER_DAYS, ORDER_LINES, SETS, EventStream
from features.engines.columnar.nullable import Values, values_of
from features.engines.columnar.sorted_rows import SortedRows, in_order
from features.engines.instants import Instants


@dataclass(frozen=True)
class NeededColumns:
    """The columns and sets of one stream that a catalogue needs."""

    stream: EventStream
    columns: frozenset[Column]
    sets: frozenset[Rows]


@dataclass(frozen=True)
class CustomerPart:
    """Some customers of the ledger, with all their rows.

    Attributes:
        customers: ids, ascending; a subject is an index here.
        streams: the rows of each stream, sorted.
        known_from: place of the first instant at which the customers file knew each customer.
    """

    customers: pa.Array
    streams: Mapping[EventStream, SortedRows]
    known_from: npt.NDArray[np.int64]


def needed_of(primitives: Iterable[Primitive]) -> tuple[NeededColumns, ...]:
    """The needs of primitives in each stream; order lines are always among them, since they define a customer."""
    columns: dict[EventStream, set[Column]] = {ORDER_LINES: set()}
    sets: dict[EventStream, set[Rows]] = {ORDER_LINES: set()}
    for primitive in primitives:
        on_order_days = primitive.rows in ON_ORDER_DAYS
        rows = {Rows.SALES, Rows.PURCHASES} if on_order_days else {primitive.rows}
        stream = ORDER_LINES if on_order_days else SETS[primitive.rows].stream
        sets.setdefault(stream, set()).update(rows)
        column = getattr(primitive, "column", None)
        if not on_order_days or column is Column.AMOUNT:
            columns.setdefault(stream, set()).update({column} if column else ())
    return tuple(NeededColumns(stream, frozenset(columns.get(stream, ())), frozenset(sets[stream])) for stream in sets)


def columns_read(needed: Iterable[NeededColumns]) -> dict[str, set[str]]:
    """The words in the SQL about each view; among them is every column that ``read_part`` reads."""
    columns: dict[str, set[str]] = {}
    for needs in needed:
        stream = needs.stream
        texts = [stream.day, stream.begins, stream.ends, stream.where]
        texts += [stream.columns[column] for column in needs.columns]
        texts += [SETS[rows].condition for rows in needs.sets]
        words = columns.setdefault(stream.view, {"customer_id", "row_id"})
        words.update(word for text in texts for word in re.findall(r"\w+", text))
    return columns


def read_part(
    connection: duckdb.DuckDBPyConnection,
    needed: Sequence[NeededColumns],
    instants: Instants,
    *,
    where: str = "TRUE",
    empty: Container[EventStream] = (),
) -> CustomerPart:
    """The rows of customers that satisfy ``where``, as far as any instant sees them.

    ``empty``: streams without any row, which are not read.
    """
    without_rows = [needs for needs in needed if needs.stream in empty]
    needed = [needs for needs in needed if needs.stream not in empty]
    tables = [connection.sql(_selection(needs, instants, where)).to_arrow_table() for needs in needed]
    versions = connection.sql(
        f"""SELECT customer_id, min({instants.reached_by("visible_from")}) AS known_from FROM customers
        WHERE {where} GROUP BY customer_id"""
    ).to_arrow_table()
    ids = [table.column("customer_id").combine_chunks().dictionary_encode() for table in tables]
    all_ids = pa.chunked_array([coded.dictionary for coded in ids] + [versions.column("customer_id").combine_chunks()])
    customers = all_ids.unique()
    customers = customers.take(pc.sort_indices(customers))
    known_from = np.full(len(customers), len(instants), np.int64)
    known_from[_places_in(customers, versions.column("customer_id"))] = versions.column("known_from").to_numpy()
    streams = {
        needs.stream: _sorted(needs, table, coded, customers, instants)
        for needs, table, coded in zip(needed, tables, ids, strict=True)
    }
    for needs in without_rows:
        streams[needs.stream] = SortedRows.none(len(customers), needs.columns)
    return CustomerPart(customers, streams, known_from)


def _selection(needed: NeededColumns, instants: Instants, where: str) -> str:
    """SQL of a stream's rows that some instant sees; with places only where days alone do not give them."""
    stream, places = needed.stream, len(instants)
    is_late = f"{stream.begins} > {stream.happened}"
    columns = "".join(f", {stream.columns[column]} AS value_{column}" for column in sorted(needed.columns))
    masks = "".join(f", {SETS[rows].condition} AS in_{rows}" for rows in sorted(needed.sets) if _is_partial(rows))
    order = "" if stream is ORDER_LINES else f" ORDER BY customer_id, {stream.happened}, row_id"
    place = "" if instants.are_midnights else f", {instants.reached_by(stream.happened)} AS place"
    return f"""SELECT customer_id, {stream.day} AS day{place},
        CASE WHEN {is_late} THEN {instants.reached_by(stream.begins)} END AS first,
        CASE WHEN {stream.ends} IS NOT NULL THEN {instants.reached_by(stream.ends)} - 1 END AS last{columns}{masks}
        FROM {stream.view} WHERE ({where}) AND ({stream.where})
        AND {stream.begins} < TIMESTAMP '{instants.naive[places - 1]}'{order}"""


def _sorted(
    needed: NeededColumns, table: pa.Table, coded: pa.DictionaryArray, customers: pa.Array, instants: Instants
) -> SortedRows:
    numbers = _places_in(customers, coded.dictionary).astype(np.int32)
    day = values_of(table.column("day")).numbers
    known_place = None if instants.are_midnights else values_of(table.column("place")).numbers.astype(np.int16)
    place = _places_of_days(day, instants) if known_place is None else known_place
    partial = [rows for rows in needed.sets if _is_partial(rows)]
    return in_order(
        SortedRows(
            subjects=len(customers),
            subject=numbers[np.asarray(coded.indices)],
            day=day,
            place=place,
            first=_where_known(values_of(table.column("first")), place),
            last=_where_known(values_of(table.column("last")), np.int16(len(instants) - 1)),
            columns={column: values_of(table.column(f"value_{column}")) for column in needed.columns},
            masks={rows: np.asarray(table.column(f"in_{rows}").combine_chunks().fill_null(False)) for rows in partial},
        )
    )


def _places_in(customers: pa.Array, ids: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The index of each id among the customers."""
    return np.asarray(pc.index_in(ids, value_set=customers)).astype(np.int64)


def _places_of_days(day: npt.NDArray[np.int32], instants: Instants) -> npt.NDArray[np.int16]:
    """The place of the first midnight after each day."""
    if not len(day):
        return np.zeros(0, np.int16)
    first = int(day.min())
    after = np.searchsorted(instants.days, np.arange(first, int(day.max()) + 1), side="right").astype(np.int16)
    return np.asarray(after[day - first])


def _where_known(values: Values, otherwise: npt.NDArray[np.int16] | np.int16) -> npt.NDArray[np.int16]:
    numbers = values.numbers.astype(np.int16)
    if values.known is None:
        return numbers
    return np.asarray(np.where(values.known, numbers, otherwise))


def _is_partial(rows: Rows) -> bool:
    return SETS[rows].condition != "TRUE"
