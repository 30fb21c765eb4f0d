"""Made-up order ledgers of any size, streamed to Parquet as an export would bring them.

Example: python -m benchmarks.speed.big_ledger 1000000 benchmarks/.work/ledger-1000000

Rows stand in the order in which they became known. 2 % of the lines are known 1 to 30 days after they happened; 1 %
are corrected: a second row of the same order_id and line_id, known 1 to 30 days after the first, with another amount.
One month is in memory at a time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.atomic_write import atomic_write

STARTS_ON, ENDS_ON = date(2023, 1, 1), date(2026, 1, 1)  # order days, half-open
LINES_PER_CUSTOMER = 24
PRODUCTS = 3000
LATE_SHARE, CORRECTED_SHARE, RETURN_SHARE = 0.02, 0.01, 0.03
ORDER_SIZES = (0.6, 0.25, 0.15)  # chances of one, two, three lines
WEEKDAYS = (1.2, 1.1, 1.1, 1.1, 1.0, 0.3, 0.1)  # Monday to Sunday, of a wholesaler
MINUTE, DAY = 60, 86_400  # seconds
ROW_GROUP = 500_000

RAW = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("ordered_at", pa.timestamp("us")),
        pa.field("amount", pa.decimal128(18, 4)),
        pa.field("product_id", pa.string()),
        pa.field("order_id", pa.string()),
        pa.field("line_id", pa.string()),
        pa.field("known_at", pa.timestamp("us")),
    ]
)
"""The columns of the export."""

Whole = npt.NDArray[np.int64]


def write_big_ledger(lines: int, path: Path, *, seed: int) -> int:
    """Rows written: so many lines, and a second row of every corrected one; the same seed gives the same rows."""
    rows = 0
    with atomic_write(path) as unfinished, pq.ParquetWriter(unfinished, RAW, compression="zstd") as writer:
        for month in _months(lines, np.random.default_rng(seed)):
            table = _as_exported(month)
            writer.write_table(table, row_group_size=ROW_GROUP)
            rows += table.num_rows
    return rows


Month = dict[str, Whole]  # one array per column, as numbers; times in seconds since 1970


def _months(lines: int, draw: np.random.Generator) -> Iterator[Month]:
    """The rows that became known in each month, in that order; the last month brings all that is left."""
    starts = (
        np.arange(np.datetime64(STARTS_ON, "M"), np.datetime64(ENDS_ON, "M")).astype("datetime64[D]").astype(np.int64)
    )
    edges = [*starts[1:].tolist(), (ENDS_ON - date(1970, 1, 1)).days]
    weights = np.array([_weight(day) for day in range(starts[0], edges[-1])])
    lines_until = np.round(np.concatenate([[0.0], weights.cumsum()]) / weights.sum() * lines).astype(np.int64)
    waiting, order_no = _nothing(), 0
    for start, end in zip(starts.tolist(), edges, strict=True):
        count = int(lines_until[end - starts[0]] - lines_until[start - starts[0]])
        chances = weights[start - starts[0] : end - starts[0]]
        fresh = _lines_of(
            count, start, chances, customers=max(1, lines // LINES_PER_CUSTOMER), first_order=order_no, draw=draw
        )
        order_no += count
        together = _joined(waiting, fresh, _corrections_of(fresh, draw))
        is_now = together["known_at"] < (np.iinfo(np.int64).max if end == edges[-1] else end * DAY)
        waiting = _rows(together, ~is_now)
        now = _rows(together, is_now)
        yield _rows(now, np.argsort(now["known_at"], kind="stable"))


def _weight(day: int) -> float:
    return WEEKDAYS[(date(1970, 1, 1) + timedelta(days=day)).weekday()]


def _lines_of(
    count: int,
    start: int,
    chances: npt.NDArray[np.float64],
    *,
    customers: int,
    first_order: int,
    draw: np.random.Generator,
) -> Month:
    """New lines of one month; a few customers order much, most seldom (the first fifth brings 45 % of the lines)."""
    sizes = draw.choice(np.arange(1, len(ORDER_SIZES) + 1), count, p=ORDER_SIZES)
    order = np.repeat(np.arange(count), sizes)[:count]
    line = np.arange(count) - (np.cumsum(sizes) - sizes)[order] + 1
    days = start + draw.choice(len(chances), count, p=chances / chances.sum())
    ordered_at = days * DAY + draw.integers(7 * 60 * MINUTE, 19 * 60 * MINUTE, count)
    cents = np.maximum(1, np.round(draw.lognormal(3, 1, count) * 100)).astype(np.int64)
    is_late = draw.random(count) < LATE_SHARE
    delay = np.where(is_late, draw.integers(DAY, 30 * DAY + 1, count), 0)
    return {
        "customer": (draw.random(count) ** 2 * customers).astype(np.int64)[order],
        "ordered_at": ordered_at[order],
        "cents": np.where(draw.random(count) < RETURN_SHARE, -cents, cents),
        "product": (draw.random(count) ** 2 * PRODUCTS).astype(np.int64),
        "order": first_order + order,
        "line": line,
        "known_at": ordered_at[order] + delay,
    }


def _corrections_of(lines: Month, draw: np.random.Generator) -> Month:
    second = _rows(lines, draw.random(len(lines["cents"])) < CORRECTED_SHARE)
    count = len(second["cents"])
    further = np.sign(second["cents"]) * draw.integers(1, 1001, count)
    known_at = second["known_at"] + draw.integers(DAY, 30 * DAY + 1, count)
    return second | {"cents": second["cents"] + further, "known_at": known_at}


def _nothing() -> Month:
    names = ("customer", "ordered_at", "cents", "product", "order", "line", "known_at")
    return {name: np.empty(0, np.int64) for name in names}


def _joined(*months: Month) -> Month:
    return {name: np.concatenate([month[name] for month in months]) for name in months[0]}


def _rows(month: Month, which: npt.NDArray[np.generic]) -> Month:
    return {name: values[which] for name, values in month.items()}


def _as_exported(month: Month) -> pa.Table:
    columns = [
        _ids("c", month["customer"], 8),
        _moments(month["ordered_at"]),
        _money(month["cents"]),
        _ids("p", month["product"], 4),
        _ids("o", month["order"], 9),
        pa.array(month["line"]).cast(pa.string()),
        _moments(month["known_at"]),
    ]
    return pa.table(columns, schema=RAW)


def _ids(letter: str, numbers: Whole, digits: int) -> pa.Array:
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(pa.scalar(letter), padded, "")


def _moments(seconds: Whole) -> pa.Array:
    return pa.array(seconds * 1_000_000).cast(pa.timestamp("us"))


def _money(cents: Whole) -> pa.Array:
    """Cents as DECIMAL(18,4), exactly: 128 bits each, the upper half the sign."""
    halves = np.column_stack([cents * 100, cents >> 63])
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(cents), [None, pa.py_buffer(np.ascontiguousarray(halves))])


def main() -> None:
    """Write one ledger."""
    lines, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{write_big_ledger(lines, folder / 'raw.parquet', seed=7):,} rows: {folder / 'raw.parquet'}")


if __name__ == "__main__":
    main()
