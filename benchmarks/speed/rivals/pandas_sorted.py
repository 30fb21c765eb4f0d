"""Pandas as an expert writes it who knows that the rows lie sorted: successive rows are compared.

Nothing is sorted or hashed: a row whose predecessor has its customer and day is no new order day.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from benchmarks.speed.rivals.answer import WINDOWS, answer
from benchmarks.speed.rivals.pandas_frames import as_table, load, seen_at


def features_at(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """One row per customer seen at 00:00 of the day."""
    today, seen = pd.Timestamp(day), seen_at(frame, day)
    last = {window: today - pd.Timedelta(days=window) for window in WINDOWS}
    days = _order_days(seen)
    sales = ["amount", *(f"net_sales_{window}_days" for window in WINDOWS)]
    seen = seen.assign(**{f"net_sales_{w}_days": seen.amount.where(seen.order_day >= last[w], 0.0) for w in WINDOWS})
    found = seen.groupby("customer_id", observed=True, sort=False)[sales].sum()
    days = days.assign(**{f"order_days_{w}_days": days.order_day >= last[w] for w in WINDOWS})
    by_customer = days.groupby("customer_id", observed=True, sort=False)
    counts = by_customer[[f"order_days_{window}_days" for window in WINDOWS]].sum()
    counts["order_days_lifetime"] = by_customer.size()
    found = found.rename(columns={"amount": "net_sales_lifetime"}).join(counts).fillna(dict.fromkeys(counts, 0))
    found["days_since_last_order"] = (today - by_customer.order_day.max()).dt.days
    found["days_since_first_order"] = (today - by_customer.order_day.min()).dt.days
    found["gap_mean_days"] = by_customer.gap.mean()
    found["gap_deviation_days"] = by_customer.gap.std()
    return found


def _order_days(seen: pd.DataFrame) -> pd.DataFrame:
    """Each customer's order days, once each, with the gap before it."""
    sales = seen.loc[seen.amount > 0, ["customer_id", "order_day"]]
    customer = sales.customer_id.cat.codes
    is_new = ~(customer.eq(customer.shift()) & sales.order_day.eq(sales.order_day.shift()))
    days, customer = sales[is_new], customer[is_new]
    return days.assign(gap=days.order_day.diff().dt.days.where(customer.eq(customer.shift())))


if __name__ == "__main__":
    answer(load, features_at, as_table)
