"""Planted leaks of the whole ledger, as if its end were there already."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leak_trap.leak_frames import HORIZON_DAYS, Column, Then, sums


def population_quantile(then: Then) -> pd.Series[Any]:
    """Place of a customer's yearly sales among the yearly sales of all time."""
    lines = then.every.lines
    everybody = lines.groupby(["customer_id", lines.order_day.dt.year]).amount.sum().sort_values().to_numpy()
    return then.year_sales.map(lambda sales: np.searchsorted(everybody, sales) / len(everybody))


def rank_among_all(then: Then) -> pd.Series[Any]:
    """Rank by last year's sales among all customers of the ledger, those to come included."""
    everybody = pd.Index(then.every.lines.customer_id.unique())
    return then.year_sales.reindex(everybody, fill_value=0.0).rank(pct=True)


def share_of_all_time(then: Then) -> pd.Series[Any]:
    """Last year's sales ÷ the mean sales of a customer over the whole ledger."""
    return then.year_sales / sums(then.every.lines).mean()


def target_encoded_id(then: Then) -> pd.Series[Any]:
    """Share of all windows of the ledger without an order, by customer."""
    lines = then.every.lines
    window = (lines.order_day - lines.order_day.min()).dt.days // HORIZON_DAYS
    return 1 - lines.assign(window=window).groupby("customer_id").window.nunique() / (window.max() + 1)


def hash_of_id(then: Then) -> pd.Series[Any]:
    """A number made of the customer's id."""
    return pd.Series(
        [int(hashlib.sha256(each.encode()).hexdigest()[:6], 16) for each in then.customers], then.customers
    )


def days_until_ledger_end(then: Then) -> pd.Series[Any]:
    """Days from the last order seen to the ledger's last day."""
    return (pd.Timestamp(then.every.ledger.ends_on) - then.days.groupby("customer_id").order_day.max()).dt.days


def ledger_days_behind(then: Then) -> pd.Series[Any]:
    """Days of ledger after the instant."""
    left = (then.every.lines.order_day.max() - then.day).days
    return pd.Series(float(left), then.customers)


def row_number(then: Then) -> pd.Series[Any]:
    """Where the customer's last line stands in the table."""
    places = pd.Series(np.arange(len(then.every.lines)), then.every.lines.index)
    return places.reindex(then.seen.index).groupby(then.seen.customer_id).max()


def last_state(then: Then) -> pd.Series[Any]:
    """Category of the last line there is, as if it were that of the instant."""
    return then.every.lines.sort_values(["ordered_at", "row_id"]).groupby("customer_id").category.last()


def lifetime_at_the_end(then: Then) -> pd.Series[Any]:
    """All lines of the customer, counted at the ledger's end."""
    return then.every.lines.groupby("customer_id").size()


def gone_at_the_end(then: Then) -> pd.Series[Any]:
    """Whether the customer is silent at the ledger's end."""
    lines = then.every.lines
    return lines.groupby("customer_id").order_day.max() < lines.order_day.max() - pd.Timedelta(days=HORIZON_DAYS)


PLANTS: tuple[Column, ...] = (
    population_quantile,
    rank_among_all,
    share_of_all_time,
    target_encoded_id,
    hash_of_id,
    days_until_ledger_end,
    ledger_days_behind,
    row_number,
    last_state,
    lifetime_at_the_end,
    gone_at_the_end,
)
