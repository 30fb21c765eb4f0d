"""Planted leaks of states, prices and bookings of another time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks.leak_trap.leak_frames import HORIZON_DAYS, Column, Then, sums


def delivered_early(then: Then) -> pd.Series[Any]:
    """Mean days from order to delivery, of orders that are still on their way too."""
    lines = then.seen
    return (lines.delivered_on - lines.order_day).dt.days.groupby(lines.customer_id).mean()


def parent_of_today(then: Then) -> pd.Series[Any]:
    """Yearly sales of the account group, as groups stand today."""
    newest = then.every.versions.sort_values(["visible_from", "row_id"]).drop_duplicates("customer_id", keep="last")
    group = newest.set_index("customer_id").parent_id.reindex(then.customers)
    group = group.fillna(pd.Series(then.customers, then.customers))
    sales = then.year_sales.reindex(then.customers).fillna(0.0)
    return group.map(sales.groupby(group).sum())


def future_price(then: Then) -> pd.Series[Any]:
    """Pieces of the year at the mean price of all time."""
    price = then.every.lines.groupby("product_id").unit_price.mean()
    lines = then.back(365)
    return (lines.quantity * lines.product_id.map(price)).groupby(lines.customer_id).sum()


def season_of_all_years(then: Then) -> pd.Series[Any]:
    """Monthly sales ÷ the usual share of that month, reckoned over all years."""
    lines = then.every.lines
    share = lines.groupby(lines.order_day.dt.month).amount.sum() / lines.amount.sum()
    return sums(then.back(30)) / share.get(then.day.month, 1.0)


def booked_as_ordered(then: Then) -> pd.Series[Any]:
    """Lines known before the instant, those booked for later counted as ordered."""
    lines = then.every.lines
    return lines[lines.visible_from < then.t].groupby("customer_id").size()


def manager_of_all_time(then: Then) -> pd.Series[Any]:
    """Share of the manager's customers that still order at the end."""
    lines = then.every.lines
    last = lines.groupby("customer_id").order_day.max() >= lines.order_day.max() - pd.Timedelta(days=HORIZON_DAYS)
    manager = then.versions.manager_id.reindex(then.customers)
    return manager.map(last.reindex(manager.index).astype(float).groupby(manager).mean())


PLANTS: tuple[Column, ...] = (
    delivered_early,
    parent_of_today,
    future_price,
    season_of_all_years,
    booked_as_ordered,
    manager_of_all_time,
)
