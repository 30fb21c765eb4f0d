"""Pandas, one pass over a frame per date, customers as a categorical."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.speed.rivals.answer import WINDOWS, answer


def load(folder: str) -> pd.DataFrame:
    """The rows as a frame."""
    table = pq.read_table(folder, partitioning=None, read_dictionary=["customer_id"])
    frame = table.unify_dictionaries().to_pandas()
    frame["order_day"] = frame.order_day.astype("datetime64[s]")
    return frame


def seen_at(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """The rows seen at 00:00 of the day."""
    at = pd.Timestamp(day)
    is_seen = (frame.ordered_at < at) & (frame.visible_from < at) & ~(frame.replaced_at < at)
    return frame.loc[is_seen, ["customer_id", "order_day", "amount"]]


def features_at(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """One row per customer seen at 00:00 of the day."""
    today, seen = pd.Timestamp(day), seen_at(frame, day)
    days = seen.loc[seen.amount > 0, ["customer_id", "order_day"]].drop_duplicates()
    days = days.sort_values(["customer_id", "order_day"])
    days["gap"] = days.groupby("customer_id", observed=True, sort=False).order_day.diff().dt.days
    by_customer = days.groupby("customer_id", observed=True, sort=False)
    rhythm = by_customer.agg(
        last=("order_day", "max"),
        first=("order_day", "min"),
        order_days_lifetime=("order_day", "size"),
        gap_mean_days=("gap", "mean"),
        gap_deviation_days=("gap", "std"),
    )
    sales = seen.groupby("customer_id", observed=True, sort=False).amount.sum()
    found = sales.to_frame("net_sales_lifetime").join(rhythm)
    found["days_since_last_order"] = (today - found.pop("last")).dt.days
    found["days_since_first_order"] = (today - found.pop("first")).dt.days
    for window in WINDOWS:
        edge = today - pd.Timedelta(days=window)
        inside, sold = days[days.order_day >= edge], seen[seen.order_day >= edge]
        found[f"order_days_{window}_days"] = inside.groupby("customer_id", observed=True, sort=False).size()
        found[f"net_sales_{window}_days"] = sold.groupby("customer_id", observed=True, sort=False).amount.sum()
    counted = [name for name in found if name.startswith(("order_days", "net_sales"))]
    return found.fillna(dict.fromkeys(counted, 0))


def as_table(features: pd.DataFrame) -> pa.Table:
    """The features as Arrow."""
    return pa.Table.from_pandas(features.reset_index(), preserve_index=False)


if __name__ == "__main__":
    answer(load, features_at, as_table)
