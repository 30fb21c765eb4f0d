"""Horizon H and active window W proposed for a ledger, from the gaps between its order days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.ledger.business_calendar import shut_days
from features.ledger.errors import AsOfBeforeLedgerError
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.policy import Policy
from features.snapshot import Floats

BUSINESS_DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365)
HORIZON_SHARE, ACTIVE_SHARE = 0.80, 0.90
"""H: 8 of 10 customers that ever return have returned by then; W: 9 of 10, the share in the due gap as well."""
HISTORY_PARTS = 4  # at most a quarter of the history: fit, calibrate, test and one to start from

_GAPS = f"""
WITH days AS (
    SELECT DISTINCT customer_id, order_day FROM order_lines
    WHERE makes_order AND {visible_at("$as_of", happened="ordered_at")}
), gaps AS (
    SELECT order_day, lead(order_day) OVER (PARTITION BY customer_id ORDER BY order_day) AS next_day FROM days
)
SELECT order_day AS began_on, coalesce(next_day, $day) AS ended_on, next_day IS NULL AS is_open, count(*) AS gaps
FROM gaps GROUP BY ALL
"""
_FIRST = f"""
SELECT min(order_day) FROM order_lines
WHERE {visible_at("$as_of", happened="ordered_at")}
"""


@dataclass(frozen=True)
class GapCurve:
    """Share of order days that were followed by another within so many days (Kaplan & Meier 1958; open gaps censored).

    Days on which the company was closed or the ledger misses all lines are not counted: no order was possible.

    Attributes:
        days: ascending, one per gap length that occurred.
        returned_share: of all order days, followed by another within ``days``.
        gaps: closed gaps. open_gaps: customers' last ones, still open.
    """

    days: npt.NDArray[np.int64]
    returned_share: Floats
    gaps: int
    open_gaps: int

    def days_until(self, share: float) -> int | None:
        """Days within which this share of the returning customers return; None: no customer ever returned."""
        if not len(self.days):
            return None
        reached = np.flatnonzero(self.returned_share >= share * self.returned_share[-1])
        return int(self.days[reached[0]])


@dataclass(frozen=True)
class HorizonProposal:
    """A horizon and an active window for one ledger, with the reason.

    Attributes:
        history_days: from the ledger's first day, as known then, to the as-of.
        sentence: the reason, for a person.
    """

    horizon_days: int
    active_days: int
    history_days: int
    curve: GapCurve
    sentence: str

    def record(self) -> dict[str, Any]:
        """The proposal as JSON, without the curve."""
        return {
            "horizon_days": self.horizon_days,
            "active_days": self.active_days,
            "history_days": self.history_days,
            "gaps": self.curve.gaps,
            "open_gaps": self.curve.open_gaps,
            "sentence": self.sentence,
        }


def propose(ledger: Ledger, policy: Policy, as_of: AsOf) -> HorizonProposal:
    """H and W from the gaps before ``as_of``, never longer than a quarter of the history.

    Raises:
        AsOfBeforeLedgerError: no full day of the ledger was known yet.
    """
    history_days = (as_of.day - first_day_known(ledger, as_of)).days
    curve = gap_curve(ledger, policy, as_of)
    most = history_days // HISTORY_PARTS
    usual, nearly_all = curve.days_until(HORIZON_SHARE), curve.days_until(ACTIVE_SHARE)
    horizon = business_days(usual or most, most)
    active = max(horizon, business_days(nearly_all or most, most))
    return HorizonProposal(horizon, active, history_days, curve, _sentence(horizon, active, usual, nearly_all, most))


def business_days(days: int, most: int) -> int:
    """The first of BUSINESS_DAYS from ``days`` on, at most ``most`` but at least 7."""
    allowed = [window for window in BUSINESS_DAYS if window <= most] or [BUSINESS_DAYS[0]]
    return next((window for window in allowed if window >= days), allowed[-1])


def gap_curve(ledger: Ledger, policy: Policy, as_of: AsOf) -> GapCurve:
    """The Kaplan-Meier curve of gaps between order days visible at ``as_of``, in open days."""
    with ledger.open() as connection:
        shut = shut_days(connection, [as_of], policy).column("day").to_numpy()
        rows = connection.sql(_GAPS, params={"as_of": as_of.naive, "day": as_of.day}).to_arrow_table()
    began, ended_on, is_open, gaps = (
        rows.column(name).to_numpy() for name in ("began_on", "ended_on", "is_open", "gaps")
    )
    shut_between = np.searchsorted(shut, ended_on, side="left") - np.searchsorted(shut, began, side="right")
    days = (ended_on - began).astype(np.int64) - shut_between
    lengths, place = np.unique(days, return_inverse=True)
    ended = np.bincount(place, weights=gaps)
    closed = np.bincount(place, weights=np.where(is_open, 0, gaps))
    at_risk = ended.sum() - np.concatenate([[0.0], np.cumsum(ended)[:-1]])
    returned = 1 - np.cumprod(1 - closed / np.maximum(at_risk, 1.0))
    happened = closed > 0
    return GapCurve(
        days=lengths[happened].astype(np.int64),
        returned_share=returned[happened],
        gaps=int(closed.sum()),
        open_gaps=int(gaps[is_open].sum()),
    )


def _sentence(horizon: int, active: int, usual: int | None, nearly_all: int | None, most: int) -> str:
    if usual is None or nearly_all is None:
        return f"Nobody has come back yet, so {horizon} days is only the longest horizon that the history allows."
    why = (
        f"Of the customers that come back, 8 in 10 do so within {usual} days and 9 in 10 within {nearly_all}, so look "
        f"{horizon} days ahead and call customers active for {active} days after an order"
    )
    short = max(usual, nearly_all) > most
    if most < BUSINESS_DAYS[0]:
        return f"{why}. The history is too short to be sure: {BUSINESS_DAYS[0]} days is the shortest window we propose."
    return f"{why}; neither may exceed a quarter of the history ({most} days)." if short else f"{why}."


def first_day_known(ledger: Ledger, as_of: AsOf) -> date:
    """The oldest order (or return) day visible at the as-of; rows backdated later do not lengthen the history.

    Raises:
        AsOfBeforeLedgerError: no full day of the ledger was known yet.
    """
    with ledger.open() as connection:
        [(first,)] = connection.execute(_FIRST, {"as_of": as_of.naive}).fetchall()
    if first is None or as_of.day <= first:
        raise AsOfBeforeLedgerError(as_of.day, first or ledger.starts_on)
    day: date = first
    return day
