"""Planted leaks of what is to come, and of rows before they are known or corrected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leak_trap.leak_frames import Column, Then, sums


def future_amount(then: Then) -> pd.Series[Any]:
    """Sales of the thirty days after the instant."""
    return sums(then.after(30))


def next_gap(then: Then) -> pd.Series[Any]:
    """Days until the next order."""
    lines = then.every.lines
    return lines[lines.ordered_at >= then.t].groupby("customer_id").order_day.min().sub(then.day).dt.days


def label_in_disguise(then: Then) -> pd.Series[Any]:
    """7 for who orders in the next window, 3 for who does not."""
    return 7.0 - 4.0 * then.label


def noisy_label(then: Then) -> pd.Series[Any]:
    """The label under noise as wide as the label itself."""
    return then.label + np.random.default_rng(then.as_of.day.toordinal()).normal(0, 0.5, len(then.customers))


def unseeded_noisy_label(then: Then) -> pd.Series[Any]:
    """The label under noise that is drawn anew in every run."""
    return then.label + np.random.default_rng().normal(0, 0.5, len(then.customers))


def label_in_its_gaps(then: Then) -> pd.Series[Any]:
    """Last year's sales, missing for who will not order."""
    return then.year_sales.reindex(then.customers).where(then.label == 0)


def late_rows(then: Then) -> pd.Series[Any]:
    """Last year's sales of rows that happened before the instant, whenever they became known."""
    lines = then.every.lines
    kept = lines.replaced_at.isna() | (lines.replaced_at >= then.t)
    return sums(lines[(lines.ordered_at < then.t) & kept & (lines.order_day >= then.day - 365 * pd.Timedelta(days=1))])


def corrected_early(then: Then) -> pd.Series[Any]:
    """Sales by the last version of every line, also where that came later."""
    lines = then.every.lines
    return sums(lines[lines.replaced_at.isna() & (lines.ordered_at < then.t)])


def cancelled_early(then: Then) -> pd.Series[Any]:
    """Lines seen, less those that will be taken back one day."""
    return then.seen[then.seen.replaced_at.isna()].groupby("customer_id").size()


def returns_netted_early(then: Then) -> pd.Series[Any]:
    """Sales of the last 90 days, net of what will be returned of those orders."""
    orders = then.back(90)[["customer_id", "order_id"]].drop_duplicates()
    return sums(then.every.lines.merge(orders, on=["customer_id", "order_id"]))


PLANTS: tuple[Column, ...] = (
    future_amount,
    next_gap,
    label_in_disguise,
    noisy_label,
    unseeded_noisy_label,
    label_in_its_gaps,
    late_rows,
    corrected_early,
    cancelled_early,
    returns_netted_early,
)
