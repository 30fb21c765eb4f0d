"""Polars, asked two lazy queries per date over a frame it holds in memory, customers as a categorical."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import polars as pl
import pyarrow as pa

from benchmarks.speed.rivals.answer import WINDOWS, answer

COLUMNS = ["customer_id", "order_day", "ordered_at", "visible_from", "replaced_at", "amount"]
CUSTOMER, DAY = pl.col("customer_id"), pl.col("order_day")


def load(folder: str) -> pl.DataFrame:
    """The rows as a frame."""
    frame = pl.read_parquet(f"{folder}/*/*.parquet", columns=COLUMNS, hive_partitioning=False)
    return frame.with_columns(CUSTOMER.cast(pl.Categorical))


def features_at(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row per customer seen at 00:00 of the day; lines are added up by day first, which is twice as fast."""
    daily = _days_seen(frame, datetime.combine(day, time.min)).lazy()
    last = {days: day - timedelta(days) <= DAY for days in WINDOWS}
    sales = daily.group_by("customer_id").agg(
        pl.col("net").sum().alias("net_sales_lifetime"),
        *((pl.col("net") * inside).sum().alias(f"net_sales_{days}_days") for days, inside in last.items()),
    )
    gap = pl.when(CUSTOMER.shift() == CUSTOMER).then(DAY.diff().dt.total_days())
    rhythm = (
        daily.filter("is_ordered")
        .with_columns(gap=gap)
        .group_by("customer_id")
        .agg(
            (pl.lit(day) - DAY.max()).dt.total_days().alias("days_since_last_order"),
            (pl.lit(day) - DAY.min()).dt.total_days().alias("days_since_first_order"),
            pl.len().alias("order_days_lifetime"),
            *(inside.sum().alias(f"order_days_{days}_days") for days, inside in last.items()),
            pl.col("gap").mean().alias("gap_mean_days"),
            pl.col("gap").std().alias("gap_deviation_days"),
        )
    )
    counts = ["order_days_lifetime", *(f"order_days_{days}_days" for days in WINDOWS)]
    return sales.join(rhythm, on="customer_id", how="left").with_columns(pl.col(counts).fill_null(0)).collect()


def _days_seen(frame: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """What each customer bought on each day, as seen at the instant."""
    is_seen = (
        (pl.col("ordered_at") < at)
        & (pl.col("visible_from") < at)
        & (pl.col("replaced_at").is_null() | (pl.col("replaced_at") >= at))
    )
    amount = pl.col("amount")
    daily = frame.lazy().filter(is_seen).group_by("customer_id", "order_day")
    sums = daily.agg(amount.sum().alias("net"), (amount > 0).any().alias("is_ordered"))
    return sums.sort("customer_id", "order_day").collect()


def as_table(features: pl.DataFrame) -> pa.Table:
    """The features as Arrow."""
    return features.with_columns(CUSTOMER.cast(pl.String)).to_arrow()


if __name__ == "__main__":
    answer(load, features_at, as_table)
