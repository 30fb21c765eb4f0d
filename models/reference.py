"""The reference R: net sales of an account in the horizon if it goes on as before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats, Snapshot

BANDS = 4
LEAST_CARRY, MOST_CARRY = 0.05, 2.0
LEAST_SPAN_DAYS, MOST_SPAN_DAYS = 90, 365


def span_days(tenure_days: Floats, horizon_days: int) -> Floats:
    """Days over which the sales of the last 365 days are spread: clip(days since first order, max(H, 90), 365)."""
    least = max(horizon_days, LEAST_SPAN_DAYS)
    return np.minimum(np.maximum(tenure_days, least), MOST_SPAN_DAYS)


def orders_expected(snapshot: Snapshot, horizon_days: int) -> Floats:
    """Order days in the horizon if the account goes on as in the last 365 days; NaN: never ordered."""
    span = span_days(snapshot.feature("days_since_first_order"), horizon_days)
    expected: Floats = snapshot.feature("order_days_365_days") / span * horizon_days
    return expected


def plain_reference(snapshot: Snapshot, horizon_days: int) -> Floats:
    """R without carry; may be below 0; NaN: never ordered."""
    span = span_days(snapshot.feature("days_since_first_order"), horizon_days)
    plain: Floats = snapshot.feature("net_sales_365_days") / span * horizon_days
    return plain


def tenure_band(tenure_days: Floats, horizon_days: int) -> npt.NDArray[np.int64]:
    """0: up to H days since the first order, 1: up to 2H, 2: up to 4H, 3: more."""
    return np.searchsorted(np.array([1, 2, 4]) * horizon_days, tenure_days, side="left").astype(np.int64)


@dataclass(frozen=True)
class Season:
    """The factor by which R varies with the time of the year; 1 where no season is known.

    Attributes:
        days: as-ofs in days since 1970 (UTC), rising. factors: one per day; linear in between.
    """

    days: tuple[float, ...] = ()
    factors: tuple[float, ...] = ()

    def factor(self, as_of_days: Floats) -> Floats:
        """The factor at each as-of; 1 before the first day and after the last."""
        if not self.days:
            return np.ones(len(as_of_days))
        return np.asarray(np.interp(as_of_days, self.days, self.factors, left=1.0, right=1.0))


@dataclass(frozen=True)
class Reference:
    """R = net sales of the last 365 days ÷ span × H × carry of the tenure band; below 0 it is 0 (docs/design.md 6).

    Attributes:
        season: the factor of R where it is shown. Training, ranking and evaluation use R without it.
    """

    horizon_days: int
    carry: tuple[float, ...] = (1.0,) * BANDS
    season: Season = Season()

    def sales(self, snapshot: Snapshot) -> Floats:
        """R of each row; NaN: never ordered."""
        plain = plain_reference(snapshot, self.horizon_days)
        band = tenure_band(snapshot.feature("days_since_first_order"), self.horizon_days)
        carry: Floats = np.asarray(self.carry)[np.minimum(band, BANDS - 1)]
        return np.maximum(plain * carry, 0.0)

    def in_season(self, snapshot: Snapshot) -> Floats:
        """R of each row times its season; NaN: never ordered."""
        return self.sales(snapshot) * self.season.factor(snapshot.as_of_days)

    @classmethod
    def fitted(cls, horizon_days: int, plain: Floats, tenure_days: Floats, *, next_sales: Floats) -> Reference:
        """R with the carries of past windows: Σ next window's net sales ÷ Σ plain R per band, clipped to 0.05 … 2.

        Rows are the customers with an order day in the H days before, of all origins together. An empty band has the
        carry of all bands; without any row every carry is 1.
        """
        band = tenure_band(tenure_days, horizon_days)
        overall = _carry(plain, next_sales, 1.0)
        carries = (_carry(plain[band == b], next_sales[band == b], overall) for b in range(BANDS))
        return cls(horizon_days, tuple(carries))


def _carry(plain: Floats, next_sales: Floats, default: float) -> float:
    base = float(np.sum(plain))
    if not len(plain) or base == 0.0:
        return default
    return float(np.clip(float(np.sum(next_sales)) / base, LEAST_CARRY, MOST_CARRY))
