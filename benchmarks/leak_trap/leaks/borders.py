"""Planted leaks of the instant itself, of the hours behind it, and of the wrong day."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks.leak_trap.leak_frames import Column, Then, sums


def a_day_later(then: Then) -> pd.Series[Any]:
    """Silence, made as of the next day."""
    later = Then(then.every, then.as_of.shifted(1, then.every.policy.zone))
    return (then.day - later.days.groupby("customer_id").order_day.max()).dt.days


def at_or_before(then: Then) -> pd.Series[Any]:
    """Lines up to the instant, those of the instant itself included."""
    lines = then.every.lines
    return lines[(lines.ordered_at <= then.t) & (lines.visible_from <= then.t)].groupby("customer_id").size()


def known_at_the_instant(then: Then) -> pd.Series[Any]:
    """Lines before the instant, those becoming known at it included."""
    lines = then.every.lines
    return lines[(lines.ordered_at < then.t) & (lines.visible_from <= then.t)].groupby("customer_id").size()


def replaced_at_the_instant(then: Then) -> pd.Series[Any]:
    """Sales seen, less lines whose correction becomes known at the instant itself."""
    return sums(then.seen[then.seen.replaced_at != then.t])


def whole_day(then: Then) -> pd.Series[Any]:
    """Order days up to the instant's whole day."""
    lines = then.every.lines
    days = lines[(lines.order_day <= then.day) & (lines.amount > 0)]
    return days.groupby("customer_id").order_day.nunique()


def other_time_zone(then: Then) -> pd.Series[Any]:
    """Sales before the instant, read as if the ledger's UTC were local: two hours too late."""
    lines, late = then.every.lines, pd.Timedelta(hours=2)
    return sums(lines[(lines.ordered_at < then.t + late) & (lines.visible_from < then.t + late)])


PLANTS: tuple[Column, ...] = (
    a_day_later,
    at_or_before,
    known_at_the_instant,
    replaced_at_the_instant,
    whole_day,
    other_time_zone,
)
