"""Pymc-marketing's RFM summary: frequency, recency and T, over the sales that pandas says are seen."""

from __future__ import annotations

from datetime import date

import pandas as pd
from pymc_marketing.clv.utils import rfm_summary

from benchmarks.speed.rivals.answer import answer
from benchmarks.speed.rivals.lifetimes_summary import as_table
from benchmarks.speed.rivals.pandas_frames import load, seen_at


def features_at(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """One row per customer with a sale seen at 00:00 of the day."""
    seen = seen_at(frame, day)
    made: pd.DataFrame = rfm_summary(
        seen[seen.amount > 0], "customer_id", "order_day", "amount", observation_period_end=pd.Timestamp(day)
    )
    return made


if __name__ == "__main__":
    answer(load, features_at, as_table)
