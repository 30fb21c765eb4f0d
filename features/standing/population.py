"""The population of each customer in a snapshot: active, lapsed or never ordered, and whether it is overdue."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats, Snapshot


class Population(StrEnum):
    """A customer's state beside its rung."""

    ACTIVE = "active"  # last order day within max(W, due gap), shut days not counted
    LAPSED = "lapsed"  # silent longer than both
    NEVER = "never"  # known, but no order day yet


def due_gap_days(snapshot: Snapshot, active_days: int) -> Floats:
    """Days after the last order day within which each customer's next order is due; W where no company gap is known."""
    due = snapshot.feature("due_gap_days")
    return np.where(np.isnan(due), float(active_days), due)


def open_silence_days(snapshot: Snapshot) -> Floats:
    """Days since the last order, without days that were closed or are missing in the ledger; NaN: never ordered.

    Decides who is overdue; people are shown the silence in calendar days.
    """
    return snapshot.feature("days_since_last_order") - snapshot.feature("shut_days_since_last_order")


def overdue_days(snapshot: Snapshot, active_days: int) -> Floats:
    """Open silence less due gap, in days; above 0 is overdue, NaN where the customer never ordered."""
    return open_silence_days(snapshot) - due_gap_days(snapshot, active_days)


def population_of(snapshot: Snapshot, active_days: int) -> npt.NDArray[np.str_]:
    """The Population of each row, as text."""
    silence = open_silence_days(snapshot)
    within = silence <= np.maximum(active_days, due_gap_days(snapshot, active_days))
    ordered = np.where(within, str(Population.ACTIVE), str(Population.LAPSED))
    return np.where(np.isnan(silence), str(Population.NEVER), ordered)


def is_active(snapshot: Snapshot, active_days: int) -> npt.NDArray[np.bool_]:
    """True for each row whose customer is active."""
    return np.asarray(population_of(snapshot, active_days) == Population.ACTIVE)
