"""Features with another distribution than in training and than a year ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from features.catalog import CATALOG
from features.catalog.expressions import operands_of, walk
from features.catalog.primitives import (
    LIFETIME,
    Count,
    DaysSince,
    Deviation,
    Distinct,
    Expression,
    Last,
    Max,
    Min,
    OnRecord,
    Primitive,
    Quantile,
    Ratio,
    Rows,
    Shrunken,
    Sum,
)
from features.snapshot import Floats, Snapshot
from models.feature_distributions import TrainingDistribution

LEAST_SHIFT = 0.25
"""Population stability index from which a shift is called major (Siddiqi 2006, Credit Risk Scorecards)."""
SURE = 1e-4
"""Significance level of a shift; it is small because about a hundred features are tested."""
LEAST_UNKNOWN = 0.10
YEAR_DAYS, UNBOUNDED_DAYS = 365, 730
"""Days after which features over all time have settled: one year for orders, two for other rows."""
KINDS_OF_ROWS: dict[str, tuple[Rows, ...]] = {
    "contacts": (Rows.CONTACTS, Rows.OUR_CONTACTS, Rows.THEIR_CONTACTS),
    "complaints": (Rows.COMPLAINTS, Rows.NAMED_COMPLAINTS, Rows.OPEN_COMPLAINTS, Rows.ANSWERED_COMPLAINTS),
    "surveys": (Rows.SURVEYS,),
    "payments": (Rows.UNPAID, Rows.UNPAID_TO_BE_DUE, Rows.OVERDUE, Rows.PAID),
    "customers": (Rows.PEOPLE, Rows.LEVELLED_PEOPLE),
    "events": (Rows.BUYER_CHANGES, Rows.OWNER_CHANGES, Rows.NEW_SUPPLIERS),
}
"""The kind of each set of rows; all others are orders."""
OPEN_ROWS = (
    Rows.COMMITMENTS,
    Rows.BROKEN_PROMISES,
    Rows.OPEN_COMPLAINTS,
    Rows.UNPAID,
    Rows.UNPAID_TO_BE_DUE,
    Rows.OVERDUE,
    Rows.PEOPLE,
    Rows.LEVELLED_PEOPLE,
)
"""Rows that leave again, so that their number does not grow with age."""


@dataclass(frozen=True)
class FeatureDrift:
    """A feature with another distribution than in training and than a year ago.

    Attributes:
        kind: of its rows.
        since_learned, since_last_year: population stability index.
        unknown, unknown_then: share of customers with a missing value, now and in training.
        is_higher: known values are mostly higher than in training.
    """

    feature: str
    kind: str
    meaning: str
    since_learned: float
    since_last_year: float
    unknown: float
    unknown_then: float
    is_higher: bool

    @property
    def sentence(self) -> str:
        """The shift in words."""
        if abs(self.unknown - self.unknown_then) >= LEAST_UNKNOWN:
            return (
                f"'{self.meaning}' is unknown of {self.unknown:.0%} of the customers, it was of {self.unknown_then:.0%}"
            )
        return f"'{self.meaning}' is {'higher' if self.is_higher else 'lower'} than it was"


@dataclass(frozen=True)
class WeightedSnapshot:
    """The active customers of one instant with their weights.

    Attributes:
        held_days: days of ledger before the instant.
    """

    snapshot: Snapshot
    weight: Floats
    held_days: int


def feature_drift_of(
    now: WeightedSnapshot, last_year: WeightedSnapshot, usual: TrainingDistribution
) -> tuple[FeatureDrift, ...]:
    """Every feature that moved since training and since the same weeks of last year.

    A feature is compared where the ledger held all the days it looks back over, at both instants: otherwise it moves by
    itself. So does a feature that only grows with age.
    """
    return tuple(_shifts(now, last_year, usual))


def stability_index(shares: Floats, other_shares: Floats, customers: int) -> float:
    """Σ (a - b)·ln(a ÷ b) over steps; an empty step counts as half a customer."""
    a, b = (np.maximum(values, 0.5 / customers) for values in (shares, other_shares))
    return float(np.sum((a - b) * np.log(a / b)))


def kind_of(feature: str) -> str:
    """The kind of a feature's rows; of several kinds the one that is not orders."""
    kinds = {_KIND.get(rows, "orders") for rows in _rows_in(_EXPRESSIONS[feature])}
    return min(kinds - {"orders"}, default="orders")


def only_grows(expression: Expression) -> bool:
    """Whether a feature grows with the age of the customer and the ledger, as tenure and lifetime counts do."""
    match expression:
        case Count() | Sum() | Distinct():
            return expression.window == LIFETIME and expression.rows not in OPEN_ROWS
        case DaysSince(day=Min()):
            return expression.day.rows not in OPEN_ROWS
        case Ratio() | Deviation() | Shrunken():
            return False
    return any(only_grows(operand) for operand in operands_of(expression))


def looks_back_days(expression: Expression) -> int:
    """Days of ledger from which on a feature no longer depends on the ledger's length."""
    match expression:
        case Count() | Sum() | Distinct() | Max() | Min():
            return expression.window.start_days or _settled_days(expression.rows) + expression.window.end_days
        case Last() | Quantile():
            return _settled_days(expression.rows)
    return max((looks_back_days(operand) for operand in operands_of(expression)), default=0)


def _shifts(now: WeightedSnapshot, last_year: WeightedSnapshot, usual: TrainingDistribution) -> Iterator[FeatureDrift]:
    held_days = min(usual.held_days, last_year.held_days)
    for name, steps in usual.features.items():
        if only_grows(_EXPRESSIONS[name]) or looks_back_days(_EXPRESSIONS[name]) > held_days:
            continue
        now_shares, learned_shares = steps.shares_of(now.snapshot.feature(name), now.weight), np.array(steps.shares)
        customers = min(len(now.snapshot), usual.customers)
        bound = max(LEAST_SHIFT, float(chi2.isf(SURE, len(steps.shares) - 1)) * 2 / customers)
        since_learned = stability_index(now_shares, learned_shares, customers)
        if since_learned <= bound:
            continue
        last_year_shares = steps.shares_of(last_year.snapshot.feature(name), last_year.weight)
        since_last_year = stability_index(now_shares, last_year_shares, min(customers, len(last_year.snapshot)))
        if since_last_year <= bound:
            continue
        places = np.arange(len(steps.shares) - 1, dtype=np.float64)
        yield FeatureDrift(
            feature=name,
            kind=kind_of(name),
            meaning=_MEANINGS[name],
            since_learned=since_learned,
            since_last_year=since_last_year,
            unknown=float(now_shares[-1]),
            unknown_then=float(learned_shares[-1]),
            is_higher=bool(_middle(now_shares[:-1], places) >= _middle(learned_shares[:-1], places)),
        )


def _middle(shares: Floats, places: Floats) -> float:
    return float(np.average(places, weights=shares)) if shares.sum() > 0 else 0.0


def _settled_days(rows: Rows) -> int:
    return YEAR_DAYS if _KIND.get(rows, "orders") == "orders" else UNBOUNDED_DAYS


def _rows_in(expression: Expression) -> Iterator[Rows]:
    return (part.rows for part in walk(expression) if isinstance(part, Primitive | OnRecord))


_KIND = {rows: kind for kind, several in KINDS_OF_ROWS.items() for rows in several}
_EXPRESSIONS = {feature.name: feature.expression for feature in CATALOG}
_MEANINGS = {feature.name: feature.meaning for feature in CATALOG}
