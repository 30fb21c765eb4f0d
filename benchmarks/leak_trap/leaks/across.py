"""Planted leaks of other instants."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks.leak_trap.leak_frames import Across, Everything


def mean_filled(made: pd.DataFrame, every: Everything) -> pd.Series[Any]:  # noqa: ARG001
    """Mean order size, gaps filled with the mean over all instants."""
    return made.order_size.fillna(made.order_size.mean())


def scaled(made: pd.DataFrame, every: Everything) -> pd.Series[Any]:  # noqa: ARG001
    """Mean order size, scaled by mean and deviation of all instants."""
    return (made.order_size - made.order_size.mean()) / made.order_size.std()


def next_instant(made: pd.DataFrame, every: Everything) -> pd.Series[Any]:  # noqa: ARG001
    """The customer's value at the next instant."""
    return made.sort_values("as_of").groupby("customer_id").order_size.shift(-1)


def whole_history_mean(made: pd.DataFrame, every: Everything) -> pd.Series[Any]:  # noqa: ARG001
    """The customer's mean over all its instants."""
    return made.groupby("customer_id").order_size.transform("mean")


ACROSS: tuple[Across, ...] = (
    mean_filled,
    scaled,
    next_instant,
    whole_history_mean,
)
