"""Honest features as data scientists make them at home: none reads what nobody could know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leak_trap.leak_frames import HORIZON_DAYS, Column, Then

Series = pd.Series
DAY = pd.Timedelta(days=1)


def order_size(then: Then) -> Series[Any]:
    """Mean sales of an order day."""
    return then.days.groupby("customer_id").amount.mean()


def monday_share(then: Then) -> Series[Any]:
    """Share of order days that are Mondays."""
    return (then.days.order_day.dt.day_of_week == 0).groupby(then.days.customer_id).mean()


def basket_lines(then: Then) -> Series[Any]:
    """Median lines of an order."""
    return then.seen.groupby(["customer_id", "order_day"]).size().groupby("customer_id").median()


def category_entropy(then: Then) -> Series[Any]:
    """How evenly a year's sales spread over categories."""
    lines = then.back(365)
    sales = lines[lines.amount > 0].groupby(["customer_id", "category"]).amount.sum()
    share = sales / sales.groupby("customer_id").transform("sum")
    return -(share * np.log(share)).groupby("customer_id").sum()


def faded_sales(then: Then) -> Series[Any]:
    """Sales, each order day's weight halved every 90 days."""
    weight = 0.5 ** ((then.day - then.days.order_day).dt.days / 90)
    return (then.days.amount * weight).groupby(then.days.customer_id).sum()


def monthly_slope(then: Then) -> Series[Any]:
    """Trend of the last twelve months' sales."""
    lines = then.back(360)
    month = (then.day - lines.order_day).dt.days // 30
    table = lines.assign(month=month).pivot_table(index="customer_id", columns="month", values="amount", aggfunc="sum")
    table = table.reindex(columns=range(12)).fillna(0.0)
    return (
        Series(-np.polyfit(np.arange(12), table.to_numpy().T, 1)[0], table.index) if len(table) else Series(dtype=float)
    )


def rank_then(then: Then) -> Series[Any]:
    """Rank by the year's sales among all customers known then."""
    return then.back(365).groupby("customer_id").amount.sum().reindex(then.customers, fill_value=0.0).rank(pct=True)


def group_share(then: Then) -> Series[Any]:
    """Share of the account group's sales, groups as they stood then."""
    sales = then.back(365).groupby("customer_id").amount.sum().reindex(then.customers).fillna(0.0)
    group = then.versions.parent_id.reindex(then.customers).fillna(Series(then.customers, then.customers))
    return sales / sales.groupby(group).transform("sum").replace(0.0, np.nan)


def next_expected_on(then: Then) -> Series[Any]:
    """The day its usual gap puts the next order on."""
    days = then.days.sort_values(["customer_id", "order_day"])
    gap = days.groupby("customer_id").order_day.diff().groupby(days.customer_id).median()
    return days.groupby("customer_id").order_day.max() + gap


def gap_deviation(then: Then) -> Series[Any]:
    """How far the silence lies above the gaps, in their standard deviations."""
    days = then.days.sort_values(["customer_id", "order_day"])
    gaps = days.groupby("customer_id").order_day.diff().dt.days.groupby(days.customer_id)
    silence = (then.day - days.groupby("customer_id").order_day.max()).dt.days
    return (silence - gaps.mean()) / gaps.std().replace(0.0, np.nan)


def repeated_products(then: Then) -> Series[Any]:
    """Share of products bought more than once."""
    return then.seen.groupby(["customer_id", "product_id"]).size().gt(1).groupby("customer_id").mean()


def department(then: Then) -> Series[Any]:
    """The department, a text that hardly ever changes."""
    return then.versions.department


def delivery_days(then: Then) -> Series[Any]:
    """Mean days to deliver, of what had been delivered."""
    done = then.seen[then.seen.delivered_on < then.day]
    return (done.delivered_on - done.order_day).dt.days.groupby(done.customer_id).mean()


def booked_sales(then: Then) -> Series[Any]:
    """Sales booked for days to come: commitments."""
    lines = then.every.lines
    booked = lines[(lines.visible_from < then.t) & (lines.ordered_at >= then.t)]
    current = booked[booked.replaced_at.isna() | (booked.replaced_at >= then.t)]
    return current.groupby("customer_id").amount.sum().reindex(then.customers, fill_value=0.0)


def first_order_size(then: Then) -> Series[Any]:
    """Sales of the first order day."""
    return then.days.sort_values("order_day").groupby("customer_id").amount.first()


def quiet_windows(then: Then) -> Series[Any]:
    """Share of its closed windows without an order: the target of the past."""
    ago = (then.day - then.days.order_day).dt.days - 1
    window = (ago // HORIZON_DAYS).clip(lower=0)
    bought = then.days.assign(window=window).groupby("customer_id").window
    return 1 - bought.nunique() / (bought.max() + 1)


def manager_quiet_share(then: Then) -> Series[Any]:
    """Share of the manager's customers without an order in the last window: a target encoding of the past."""
    manager = then.versions.manager_id.reindex(then.customers)
    active = Series(then.customers.isin(then.back(HORIZON_DAYS).customer_id), then.customers).astype(float)
    return 1 - manager.map(active.groupby(manager).mean())


def small_sales(then: Then) -> Series[Any]:
    """A year's sales in single precision."""
    return then.back(365).groupby("customer_id").amount.sum().astype(np.float32)


def open_complaints(then: Then) -> Series[Any]:
    """Complaints known and not closed by then."""
    complaints = then.beside("complaints")
    still_open = complaints.closed_at.isna() | (complaints.closed_at >= then.t)
    return (still_open & (complaints.opened_at < then.t)).groupby(complaints.customer_id).sum()


def own_contacts(then: Then) -> Series[Any]:
    """Contacts of a year that no list began."""
    contacts = then.beside("contacts")
    ours = contacts[contacts.listed_on.isna() & (contacts.contacted_at < then.t)]
    return ours.groupby("customer_id").size()


def tenure_band(then: Then) -> Series[Any]:
    """How long it has been a customer, as a text."""
    days = (then.day - then.days.groupby("customer_id").order_day.min()).dt.days
    return pd.cut(days, [-1, 90, 365, 730, 100_000], labels=["new", "first year", "second year", "old"]).astype(str)


HONEST: dict[str, Column] = {
    column.__name__: column
    for column in (
        order_size,
        monday_share,
        basket_lines,
        category_entropy,
        faded_sales,
        monthly_slope,
        rank_then,
        group_share,
        next_expected_on,
        gap_deviation,
        repeated_products,
        department,
        delivery_days,
        booked_sales,
        first_order_size,
        quiet_windows,
        manager_quiet_share,
        small_sales,
        open_complaints,
        own_contacts,
        tenure_band,
    )
}
