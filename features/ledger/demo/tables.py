"""Columns of the demo company's numbers: cents, instants and days, exact to the last bit."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.ledger.demo.accounts import Integers
from features.ledger.demo.orders import NO_DAY, Calendar

DAY_SECONDS = 86_400
DEMO_ID_PREFIX = "DEMO-"


def money_of(cents: Integers) -> pa.Array:
    """Whole cents as exact decimals: a decimal is its 128-bit integer, low half first."""
    halves = np.column_stack([cents, cents >> 63]).astype("<i8")
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(halves.tobytes())])


def instants_of(seconds: Integers, calendar: Calendar) -> pa.Array:
    """Seconds since the ledger's first midnight as instants; NO_DAY: none."""
    first = np.datetime64(calendar.starts_on, "s")
    return pa.array(first + seconds.astype("timedelta64[s]"), pa.timestamp("s"), mask=seconds == NO_DAY)


def days_of(day: Integers, calendar: Calendar) -> pa.Array:
    """Days since the ledger's first as calendar days; NO_DAY: none."""
    first = np.datetime64(calendar.starts_on, "D")
    return pa.array(first + day.astype("timedelta64[D]"), pa.date32(), mask=day == NO_DAY)
