"""Planted leaks of all sorts, written after the checks were done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leak_trap.leak_frames import HORIZON_DAYS, Across, Column, Everything, Then, sums


def share_of_the_next_quarter(then: Then) -> pd.Series[Any]:
    """Last quarter's sales ÷ those of the quarter around the instant, half of which is to come."""
    lines, half = then.every.lines, pd.Timedelta(days=45)
    around = lines[(lines.order_day >= then.day - half) & (lines.order_day < then.day + half)]
    return sums(then.back(90)) / sums(around)


def products_of_today(then: Then) -> pd.Series[Any]:
    """Products bought in a year that are still sold at the ledger's end."""
    lines = then.every.lines
    sold = lines[lines.order_day >= lines.order_day.max() - 60 * pd.Timedelta(days=1)].product_id.unique()
    year = then.back(365)
    return year[year.product_id.isin(sold)].groupby("customer_id").product_id.nunique()


def neighbour_of_the_future(then: Then) -> pd.Series[Any]:
    """Whether the next customer by id orders in the next window."""
    return pd.Series(np.roll(then.label.to_numpy(), -1), then.customers)


def order_number_gap(then: Then) -> pd.Series[Any]:
    """How many orders the company took since the customer's last one, counted to the newest order of the file."""
    lines = then.every.lines
    number = pd.Series(pd.factorize(lines.order_id)[0], lines.index)
    return number.max() - number.reindex(then.seen.index).groupby(then.seen.customer_id).max()


def cohort_survival(then: Then) -> pd.Series[Any]:
    """Share of those who began in the same quarter that still order at the end."""
    lines = then.every.lines
    began = lines.groupby("customer_id").order_day.min().dt.to_period("Q")
    stays = (
        lines.groupby("customer_id").order_day.max() >= lines.order_day.max() - pd.Timedelta(days=HORIZON_DAYS)
    ).astype(float)
    return began.map(stays.groupby(began).mean()).reindex(then.customers)


def smoothed_both_ways(then: Then) -> pd.Series[Any]:
    """Sales weighted by nearness to the instant, on either side of it."""
    lines = then.every.lines
    weight = np.exp(-(((lines.order_day - then.day).dt.days / 30.0) ** 2))
    return (lines.amount * weight).groupby(lines.customer_id).sum()


def month_complete(then: Then) -> pd.Series[Any]:
    """Sales of the instant's calendar month, whole."""
    lines = then.every.lines
    month = lines.order_day.dt.to_period("M") == then.day.to_period("M")
    return sums(lines[month])


def rounded_label(then: Then) -> pd.Series[Any]:
    """Silence, one day more for who will not order."""
    silence = (then.day - then.days.groupby("customer_id").order_day.max()).dt.days
    return silence.reindex(then.customers) + then.label


def cleaned_of_outliers(then: Then) -> pd.Series[Any]:
    """A year's sales, cut at the largest percentile of all amounts of the ledger."""
    year = then.back(365)
    return year.amount.clip(upper=then.every.lines.amount.quantile(0.99)).groupby(year.customer_id).sum()


def weeks_without_gap(made: pd.DataFrame, every: Everything) -> pd.Series[Any]:  # noqa: ARG001
    """Mean order size, gaps filled backwards from the customer's later instants."""
    return made.sort_values("as_of").groupby("customer_id").order_size.bfill()


PLANTS: tuple[Column, ...] = (
    share_of_the_next_quarter,
    products_of_today,
    neighbour_of_the_future,
    order_number_gap,
    cohort_survival,
    smoothed_both_ways,
    month_complete,
    rounded_label,
    cleaned_of_outliers,
)
ACROSS: tuple[Across, ...] = (weeks_without_gap,)
