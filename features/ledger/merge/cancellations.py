"""Orders cancelled at once: a sale and a return of the same thing, minutes apart, that undo each other.

Pairs are formed in the order in which the lines became known. So no later row separates a pair, and a pair at an as-of
stays as it was then.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from features.ledger.sql import literal
from features.ledger.store.tables import ORDER_REPLACEMENTS

PAIRS = pa.schema([pa.field("row_id", pa.int64(), nullable=False), pa.field("by_row_id", pa.int64(), nullable=False)])
"""Lines and the lines that cancel them; a pair has two rows, one for each direction."""

MICROSECONDS = 60_000_000  # of a minute

_CANDIDATES = """
WITH lines AS (
    SELECT row_id, customer_id, product_id, currency, ordered_at, order_day, visible_from, amount > 0 AS is_sale,
        abs(amount) AS size, CASE WHEN amount > 0 THEN quantity ELSE -quantity END AS pieces
    FROM (SELECT {columns} FROM stored SEMI JOIN (SELECT customer_id FROM accepted) USING (customer_id)
          UNION ALL SELECT {columns} FROM accepted)
    WHERE amount <> 0),
returned AS (SELECT DISTINCT customer_id, product_id, currency, size, pieces FROM lines WHERE NOT is_sale),
near AS (
    SELECT l.*, max(ordered_at) FILTER (is_sale) OVER (of_thing ORDER BY ordered_at) AS last_sale,
        min(ordered_at) FILTER (NOT is_sale) OVER (of_thing ORDER BY ordered_at DESC) AS next_return
    FROM lines l JOIN returned r ON l.customer_id = r.customer_id AND l.size = r.size AND l.currency = r.currency
        AND l.product_id IS NOT DISTINCT FROM r.product_id AND l.pieces IS NOT DISTINCT FROM r.pieces
    WINDOW of_thing AS (PARTITION BY l.customer_id, l.product_id, l.currency, l.size, l.pieces)),
ends AS (
    SELECT row_id, min(replaced_at) AS replaced_at
    FROM (SELECT row_id, replaced_at FROM stored_replacements UNION ALL SELECT row_id, replaced_at FROM replaced)
    GROUP BY row_id)
SELECT dense_rank() OVER (ORDER BY customer_id, product_id, currency, size, pieces) AS thing, near.row_id, is_sale,
    epoch_us(ordered_at), epoch_us(greatest(ordered_at, visible_from)) AS known, epoch_us(replaced_at),
    ordered_at = {midnight} AS is_midnight
FROM near LEFT JOIN ends USING (row_id)
WHERE CASE WHEN is_sale THEN next_return - ordered_at ELSE ordered_at - last_sale END <= INTERVAL {minutes} MINUTE
ORDER BY thing, known, near.row_id
"""


@dataclass(frozen=True)
class _Line:
    """One line that can cancel or be cancelled; instants in microseconds.

    Attributes:
        known_at: from when on the line was visible.
        replaced_at: when a correction replaced the line; None: never.
        is_midnight: the time of day is 00:00, which mostly means that no time was recorded.
    """

    row_id: int
    is_sale: bool
    happened_at: int
    known_at: int
    replaced_at: int | None
    is_midnight: bool


@dataclass
class _Matching:
    """The lines of one thing as they become known: each pairs with the earliest free line that it undoes."""

    within: int
    free: dict[bool, list[tuple[int, int, _Line]]] = field(default_factory=lambda: {True: [], False: []})

    def pair(self, line: _Line) -> _Line | None:
        """The partner of a line, free no longer; None: no line fits, and the line itself becomes free.

        A line that is already replaced when it becomes known has no partner: its correction counts instead.
        """
        if line.replaced_at is not None and line.replaced_at <= line.known_at:
            return None
        candidates = self.free[not line.is_sale]
        first = line.happened_at if line.is_sale else line.happened_at - self.within
        last = first + self.within
        place = bisect_left(candidates, (first,))
        while place < len(candidates) and candidates[place][0] <= last:
            candidate = candidates[place][2]
            if candidate.replaced_at is not None and candidate.replaced_at <= line.known_at:
                del candidates[place]
            elif candidate.happened_at == line.happened_at and candidate.is_midnight:
                place += 1
            else:
                del candidates[place]
                return candidate
        insort(self.free[line.is_sale], (line.happened_at, line.row_id, line))
        return None


def cancel_at_once(connection: duckdb.DuckDBPyConnection, *, minutes: int, zone: str) -> None:
    """Adds lines that cancel each other within ``minutes`` to ``replaced``, from the instant both were known.

    Reads the tables of ``merge_events`` and ``stored_pairs`` (PAIRS). Writes the new pairs to ``cancelled`` (row_id of
    the sale, by_row_id of the return). Two lines are a pair if customer, product and currency agree, amount and
    quantity are exactly opposite, and the return comes 0 to ``minutes`` after the sale. Two lines at 00:00 of the same
    day are no pair: such times are days. Corrections of a cancelled line with the same content are cancelled too.
    """
    columns = "row_id, customer_id, product_id, currency, ordered_at, order_day, visible_from, amount, quantity"
    midnight = f"timezone('UTC', timezone({literal(zone)}, CAST(order_day AS TIMESTAMP)))"
    statement = _CANDIDATES.format(columns=columns, midnight=midnight, minutes=int(minutes))
    before: Mapping[int, int] = dict(connection.sql("SELECT by_row_id, row_id FROM replaced").fetchall())
    partner: dict[int, int] = dict(connection.sql("SELECT row_id, by_row_id FROM stored_pairs").fetchall())
    pairs = _pairs_of(connection.sql(statement).fetchall(), before, partner, minutes * MICROSECONDS)
    rows = pa.table([pa.array(column, pa.int64()) for column in (zip(*pairs, strict=True) if pairs else [()] * 3)],
        names=["row_id", "by_row_id", "replaced_at"])  # fmt: skip
    connection.register("found_pairs", rows)
    connection.execute("CREATE OR REPLACE TEMP TABLE cancelled AS SELECT row_id, by_row_id FROM found_pairs")
    connection.execute(
        """INSERT INTO replaced BY NAME
        SELECT row_id, by_row_id, make_timestamp(replaced_at) AS replaced_at, false AS never_seen FROM found_pairs
        UNION ALL SELECT by_row_id, row_id, make_timestamp(replaced_at), false FROM found_pairs"""
    )
    connection.unregister("found_pairs")


def _pairs_of(
    rows: Iterable[tuple[int, int, bool, int, int, int | None, bool]],
    before: Mapping[int, int],
    partner: dict[int, int],
    within: int,
) -> list[tuple[int, int, int]]:
    """(sale, return, instant) of every new pair, added to ``partner``; ``before``: the line that each line corrects."""
    pairs: list[tuple[int, int, int]] = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        matching = _Matching(within)
        lines = [_Line(*row[1:]) for row in group]
        row_ids = {line.row_id for line in lines}
        for line in lines:
            if line.row_id in partner:
                continue
            partner_id = partner.get(before.get(line.row_id, 0))
            if partner_id not in row_ids:
                match = matching.pair(line)
                partner_id = match.row_id if match else None
            if partner_id is None:
                continue
            partner[line.row_id] = partner_id
            partner.setdefault(partner_id, line.row_id)
            pairs.append((*((line.row_id, partner_id) if line.is_sale else (partner_id, line.row_id)), line.known_at))
    return pairs


def stored_pairs(database: Connection, where: str = "true", parameters: tuple[Any, ...] = ()) -> pa.Table:
    """PAIRS of the order lines in the database that meet a condition."""
    pairs = database.exec_driver_sql(
        f"""SELECT one.row_id, one.by_row_id FROM {ORDER_REPLACEMENTS.name} one
        JOIN {ORDER_REPLACEMENTS.name} other ON one.row_id = other.by_row_id AND one.by_row_id = other.row_id
        WHERE one.row_id IN (SELECT row_id FROM order_lines WHERE {where}) ORDER BY one.row_id""",
        parameters,
    ).fetchall()
    columns = zip(*pairs, strict=True) if pairs else ((), ())
    return pa.table([pa.array(column, pa.int64()) for column in columns], schema=PAIRS)
