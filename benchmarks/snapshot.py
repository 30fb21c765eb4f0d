"""Here you find how fast a snapshot of many instants is against a pandas loop over them, in one run.

Example: python -m benchmarks.snapshot --lines 1000000 --instants 12 --repeats 5

The rival makes recency, tenure, gap mean and deviation, and frequency and money over 30, 90, 180 and 365 days and
lifetime, and honours visibility too; ours makes the whole catalogue. The two are interleaved.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from features.clock import AsOf
from features.ledger.ledger import CUSTOMERS, ORDER_LINES, REPLACEMENTS, Ledger
from features.policy import Policy
from features.snapshot import take_snapshot

POLICY = Policy()
ENDS_ON = date(2026, 1, 1)
DAYS = 1095
WINDOWS = (30, 90, 180, 365)


def made_up_ledger(lines: int, seed: int) -> Ledger:
    """Order lines of lines/25 customers over three years; 2 % are known 1 to 30 days late."""
    draw = np.random.default_rng(seed)
    starts = ENDS_ON - timedelta(days=DAYS)
    days = draw.integers(0, DAYS, lines)
    late = np.where(draw.random(lines) < 0.02, draw.integers(1, 31, lines), 0)
    moments = np.datetime64(starts, "us") + days.astype("timedelta64[D]") + np.timedelta64(9, "h")
    columns = {
        "row_id": np.arange(lines),
        "customer_id": np.char.mod("c%07d", draw.integers(0, lines // 25, lines)),
        "ordered_at": moments,
        "order_day": moments.astype("datetime64[D]"),
        "visible_from": moments + late.astype("timedelta64[D]"),
        "amount": pa.array(np.round(draw.lognormal(3, 1, lines), 2)).cast(pa.decimal128(18, 4), safe=False),
        "product_id": np.char.mod("p%04d", draw.integers(0, 3000, lines)),
        "currency": np.full(lines, "EUR"),
    }
    arrays = [
        pa.array(columns[field.name]).cast(field.type) if field.name in columns else pa.nulls(lines, field.type)
        for field in ORDER_LINES
    ]
    return Ledger(
        order_lines=pa.table(arrays, schema=ORDER_LINES),
        replacements=REPLACEMENTS.empty_table(),
        customers=CUSTOMERS.empty_table(),
        starts_on=starts,
        ends_on=ENDS_ON,
        currency="EUR",
        digest=f"benchmark {lines} {seed}",
        known_at_proven=True,
    )


def pandas_loop(frame: pd.DataFrame, as_ofs: list[AsOf]) -> pd.DataFrame:
    """The rival: one pass of pandas per instant."""
    return pd.concat([_pandas_at(frame, as_of) for as_of in as_ofs])


def _pandas_at(frame: pd.DataFrame, as_of: AsOf) -> pd.DataFrame:
    seen = frame[(frame.ordered_at < as_of.naive) & (frame.visible_from < as_of.naive)]
    today = pd.Timestamp(as_of.day)
    days = seen[["customer_id", "order_day"]].drop_duplicates().sort_values(["customer_id", "order_day"])
    gaps = days.groupby("customer_id").order_day.diff().dt.days
    by_customer = days.groupby("customer_id").order_day
    found = pd.DataFrame(
        {
            "recency": (today - by_customer.max()).dt.days,
            "tenure": (today - by_customer.min()).dt.days,
            "order_days": by_customer.count(),
            "net_sales": seen.groupby("customer_id").amount.sum(),
            "gap_mean": gaps.groupby(days.customer_id).mean(),
            "gap_deviation": gaps.groupby(days.customer_id).std(),
        }
    )
    for window in WINDOWS:
        edge = today - pd.Timedelta(days=window)
        found[f"order_days_{window}"] = days[days.order_day >= edge].groupby("customer_id").order_day.count()
        found[f"net_sales_{window}"] = seen[seen.order_day >= edge].groupby("customer_id").amount.sum()
    return found.fillna({name: 0 for name in found if name.startswith(("order_days", "net_sales"))})


def main() -> None:
    """Print the seconds of both, interleaved, and their ratio."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--lines", type=int, default=1_000_000)
    ask.add_argument("--instants", type=int, default=12)
    ask.add_argument("--repeats", type=int, default=5)
    ask.add_argument("--seed", type=int, default=7)
    given = ask.parse_args()
    ledger = made_up_ledger(given.lines, given.seed)
    assert isinstance(ledger.order_lines, pa.Table)
    frame = ledger.order_lines.select(["customer_id", "ordered_at", "order_day", "visible_from", "amount"]).to_pandas()
    frame["order_day"] = pd.to_datetime(frame.order_day)
    frame["amount"] = frame.amount.astype(float)
    as_ofs = [AsOf.of_day(ENDS_ON, POLICY.zone).shifted(-30 * place, POLICY.zone) for place in range(given.instants)]
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(given.repeats):
        ours.append(_seconds(lambda: len(take_snapshot(ledger, as_ofs, POLICY))))
        theirs.append(_seconds(lambda: len(pandas_loop(frame, as_ofs))))
    ratio = statistics.median(their / our for our, their in zip(ours, theirs, strict=True))
    print(f"{given.lines:,} lines, {given.instants} instants, {given.repeats} repeats, medians")
    print(f"callfirst, whole catalogue: {statistics.median(ours):.2f} s")
    print(f"pandas loop, part of it:    {statistics.median(theirs):.2f} s")
    print(f"ratio: {ratio:.2f}")


def _seconds(work: object) -> float:
    began = time.perf_counter()
    assert callable(work) and work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
