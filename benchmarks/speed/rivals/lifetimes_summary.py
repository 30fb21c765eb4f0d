"""Lifetimes' summary of transactions: frequency, recency and T, over the sales pandas says are seen."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
from lifetimes.utils import summary_data_from_transaction_data

from benchmarks.speed.rivals.answer import answer
from benchmarks.speed.rivals.pandas_frames import load, seen_at


def features_at(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """One row per customer with a sale seen at 00:00 of the day."""
    seen = seen_at(frame, day)
    made: pd.DataFrame = summary_data_from_transaction_data(
        seen[seen.amount > 0], "customer_id", "order_day", "amount", observation_period_end=pd.Timestamp(day)
    )
    return made.reset_index()


def as_table(summary: pd.DataFrame) -> pa.Table:
    """Those of our features that follow from frequency (order days after the first), recency and T."""
    repeats = summary.frequency.where(summary.frequency > 0)
    features = {
        "customer_id": summary.customer_id.astype(str),
        "days_since_last_order": summary["T"] - summary.recency,
        "days_since_first_order": summary["T"],
        "gap_mean_days": summary.recency / repeats,
    }
    return pa.Table.from_pandas(pd.DataFrame(features), preserve_index=False)


if __name__ == "__main__":
    answer(load, features_at, as_table)
