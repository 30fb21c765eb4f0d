"""Planted leaks of complaints, payments and contacts: known early, or brought about by the score."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks.leak_trap.leak_frames import Column, Then


def complaint_known_late(then: Then) -> pd.Series[Any]:
    """Complaints made before the instant, whenever we heard of them."""
    complaints = then.every.beside["complaints"]
    return complaints[complaints.opened_at < then.t].groupby("customer_id").size()


def complaint_closed_early(then: Then) -> pd.Series[Any]:
    """Complaints known that are closed, also where they were closed later."""
    complaints = then.beside("complaints")
    return complaints.closed_at.isna().groupby(complaints.customer_id).sum()


def paid_early(then: Then) -> pd.Series[Any]:
    """Invoices known that are paid, also where they were paid later."""
    payments = then.beside("payments")
    return payments.paid_on.notna().groupby(payments.customer_id).sum()


def times_listed(then: Then) -> pd.Series[Any]:
    """How often the score put the customer on a list."""
    return then.beside("calls").groupby("customer_id").size()


def came_of_the_call(then: Then) -> pd.Series[Any]:
    """How many outcomes calls of our list had."""
    return then.beside("outcomes").groupby("customer_id").size()


def silence_since_any_contact(then: Then) -> pd.Series[Any]:
    """Days since the last contact, those a list began included."""
    return (then.t - then.beside("contacts").groupby("customer_id").contacted_at.max()).dt.days


PLANTS: tuple[Column, ...] = (
    complaint_known_late,
    complaint_closed_early,
    paid_early,
    times_listed,
    came_of_the_call,
    silence_since_any_contact,
)
