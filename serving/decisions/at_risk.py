"""Customers at risk at an as-of, and why, in plain words (docs/design.md 3, At risk)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from features.policy import Policy
from models.manifest import UsualRates
from serving.decisions.wording import chance, day, days, joined

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Candidates:
    """The values the decision needs, one per customer, all in one order; NaN: unknown.

    Attributes:
        population: "active", "lapsed" or "never".
        silent_days: as-of's day minus last order day.
        shut_days: days of that silence on which we were closed, or whose lines are missing from the ledger.
        due_gap_days: the open silence within which an order is due (W where no customer has a rhythm).
        churn_probability, decline_probability: 0 to 1; NaN where a bare rule is served.
        orders_expected: orders expected in the H days ahead.
        is_key_account: key by any company-wide criterion.
    """

    population: npt.NDArray[np.str_]
    silent_days: Floats
    shut_days: Floats
    due_gap_days: Floats
    churn_probability: Floats
    decline_probability: Floats
    orders_expected: Floats
    is_key_account: Flags

    @property
    def open_silence_days(self) -> Floats:
        """Silence without shut days, which decides whether an order is overdue."""
        return self.silent_days - self.shut_days


@dataclass(frozen=True)
class AtRisk:
    """The clauses by which customers are at risk: one flag per customer, in the order of the candidates."""

    overdue: Flags
    before_due: Flags
    declining: Flags
    lapsed_key: Flags

    @property
    def flags(self) -> Flags:
        """At risk by any clause."""
        return self.overdue | self.before_due | self.declining | self.lapsed_key


def bar(usual_rate: float, policy: Policy) -> float:
    """b(r) = max(0.30, min(1.5 r, (1+r)/2)): the chance from which a customer is at risk before being overdue."""
    return max(policy.at_risk_least_chance, min(policy.at_risk_over_rate * usual_rate, (1 + usual_rate) / 2))


def judge(candidates: Candidates, *, usual: UsualRates, horizon_days: int, policy: Policy) -> AtRisk:
    """The clauses that hold for each customer; a clause on an unknown probability never holds."""
    active = candidates.population == "active"
    silence = candidates.open_silence_days
    due_within_horizon = silence > candidates.due_gap_days - horizon_days
    enough_orders = candidates.orders_expected >= policy.fading_least_orders
    lapsed_key = (candidates.population == "lapsed") & candidates.is_key_account
    return AtRisk(
        overdue=active & (silence > candidates.due_gap_days),
        before_due=active & due_within_horizon & (candidates.churn_probability >= bar(usual.before_due, policy)),
        declining=active & enough_orders & (candidates.decline_probability >= bar(usual.decline, policy)),
        lapsed_key=lapsed_key & (candidates.silent_days <= policy.lapsed_key_days),
    )


def because(
    at_risk: AtRisk, candidates: Candidates, *, usual: UsualRates, horizon_days: int, as_of_day: date
) -> list[str | None]:
    """Why each customer is at risk, in plain words; null for customers not at risk."""
    texts: list[str | None] = [None] * len(at_risk.flags)
    for row in np.flatnonzero(at_risk.flags).tolist():
        silent, due = candidates.silent_days[row], candidates.due_gap_days[row]
        counted, shut = candidates.open_silence_days[row], candidates.shut_days[row]
        clauses = []
        if at_risk.lapsed_key[row]:
            clauses.append(f"lapsed key account: no order for {days(silent)}")
        if at_risk.overdue[row]:
            clauses.append(
                f"overdue: an order was due after {days(np.floor(due))}, silent for {_silence(silent, shut)}"
            )
        if at_risk.before_due[row] and not at_risk.overdue[row]:
            clauses.append(f"next order due by {day(as_of_day + timedelta(days=int(due - counted)))}")
        if at_risk.before_due[row]:
            clauses.append(
                f"{chance(candidates.churn_probability[row])} chance of no order in {horizon_days} days "
                f"({chance(usual.before_due)} is usual)"
            )
        if at_risk.declining[row]:
            clauses.append(
                f"{chance(candidates.decline_probability[row])} chance to stop or buy under half "
                f"in {horizon_days} days ({chance(usual.decline)} is usual)"
            )
        texts[row] = joined(clauses)
    return texts


def _silence(silent: float, shut: float) -> str:
    """``41``; where shut days are among them ``41 (9 of them not counted: closed, or no data)``."""
    return (
        f"{round(silent)} ({round(shut)} of them not counted: closed, or no data)" if shut > 0 else f"{round(silent)}"
    )
