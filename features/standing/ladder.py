"""The loyalty ladder (docs/domain.md 1), and the rung of each customer."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from features.policy import Policy
from features.snapshot import Snapshot
from features.standing.population import open_silence_days


class Rung(StrEnum):
    """How far a customer has come with us; no rung is skipped on the way up."""

    PROSPECT = "prospect"  # known, never bought
    FIRST_PURCHASE = "first purchase"  # one or two order days
    REGULAR = "regular"  # three and more
    ADVOCATE = "advocate"  # long, never late in a year, and pays our price without discount: evidence shown


def rungs_of(snapshot: Snapshot, policy: Policy) -> npt.NDArray[np.str_]:
    """The Rung of each row, as text. Without evidence for an advocate (no known discounts) a regular stays one."""
    order_days = snapshot.feature("order_days_lifetime")
    due_gap = snapshot.feature("due_gap_days")
    kept_its_rhythm = (open_silence_days(snapshot) <= due_gap) & (
        np.nan_to_num(snapshot.feature("gap_longest_365_days"), nan=np.inf) <= due_gap
    )
    advocate = (
        (order_days >= policy.advocate_from_order_days)
        & (snapshot.feature("days_since_first_order") >= policy.advocate_from_days)
        & kept_its_rhythm
        & (snapshot.feature("discount_share_365_days") == 0)
    )
    rungs = [
        (order_days == 0, str(Rung.PROSPECT)),
        (order_days < policy.regular_from_order_days, str(Rung.FIRST_PURCHASE)),
        (~advocate, str(Rung.REGULAR)),
    ]
    return np.select([condition for condition, _ in rungs], [rung for _, rung in rungs], default=str(Rung.ADVOCATE))


def is_newcomer(rungs: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
    """True for each row whose customer has one or two order days."""
    return np.asarray(rungs == Rung.FIRST_PURCHASE)
