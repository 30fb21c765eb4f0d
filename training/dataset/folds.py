"""The origins of training and contest, each with separate windows to fit and to calibrate on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from features.clock import AsOf

CONTEST_ORIGINS = 3
"""Contest origins needed; with fewer, closer ones stand in (docs/design.md 3)."""
MOST_CONTEST_ORIGINS = 8
"""Older origins say little about today, and each costs a fit of every candidate."""
MOST_SHUT = 0.10
"""Share of closed or missing days above which silence in a window says nothing about the customer."""
QUARTERS = 4  # closest spacing of origins is a quarter horizon


@dataclass(frozen=True)
class Fold:
    """The windows to learn from at one instant.

    Attributes:
        at: the instant; every window below is closed by it.
        fit: origins whose windows close by the calibration origin.
        calibrate: the origin whose window closes at ``at``, later than and apart from all fitting windows. Where the
            ledger holds only one such window, it is the one fitted on too.
    """

    at: AsOf
    fit: tuple[AsOf, ...]
    calibrate: AsOf

    @property
    def is_apart(self) -> bool:
        """The calibration window is not among the fitting windows."""
        return self.calibrate not in self.fit


@dataclass(frozen=True)
class Origins:
    """All instants with a window closed by T.

    Attributes:
        until: T.
        spaced: T - jH, newest first: their windows do not overlap.
        close: spaced a quarter horizon, a day at least, newest first; ``spaced`` is among them.
        unseen: left out of both, since too many days of their windows are closed or missing.
    """

    until: AsOf
    horizon_days: int
    zone: ZoneInfo
    spaced: tuple[AsOf, ...]
    close: tuple[AsOf, ...]
    unseen: tuple[AsOf, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The windows left out, and the reason; empty where there are none."""
        if not self.unseen:
            return ()
        days = ", ".join(str(origin.day) for origin in self.unseen)
        return (f"Training leaves out the windows of {days}: over a tenth of their days are closed or missing.",)

    def before(self, at: AsOf) -> tuple[AsOf, ...]:
        """Close origins whose windows are closed by ``at``, newest first."""
        latest = at.shifted(-self.horizon_days, self.zone)
        return tuple(origin for origin in self.close if origin <= latest)

    def chain(self, at: AsOf) -> tuple[AsOf, ...]:
        """``at`` - jH, newest first, as far back as the ledger allows; without the unseen."""
        oldest = min(self.close, default=at)
        chain = []
        origin = at.shifted(-self.horizon_days, self.zone)
        while self.close and origin >= oldest:
            if origin not in self.unseen:
                chain.append(origin)
            origin = origin.shifted(-self.horizon_days, self.zone)
        return tuple(chain)

    def fold(self, at: AsOf) -> Fold | None:
        """The fold at an instant: calibrated on its newest window; None where no window is closed by it."""
        chain = self.chain(at)
        return Fold(at, self.before(chain[0]) or self.before(at), chain[0]) if chain else None


@dataclass(frozen=True)
class ContestPlan:
    """The folds of a contest; ``weaker``: fewer than three origins a horizon apart, so closer ones stand in."""

    folds: tuple[Fold, ...]
    weaker: bool


def origins_of(
    until: AsOf,
    horizon_days: int,
    active_days: int,
    *,
    starts_on: date,
    zone: ZoneInfo,
    shut: Collection[date] = frozenset(),
) -> Origins:
    """T - jH/4 for j from 4 on, while max(H, W) days of ledger lie before; ``shut``: closed and missing days."""
    needed = max(horizon_days, active_days)
    close: list[AsOf] = []
    spaced: list[AsOf] = []
    unseen: list[AsOf] = []
    quarter = QUARTERS
    while True:
        origin = until.shifted(-_quarters(quarter, horizon_days), zone)
        if (origin.day - starts_on).days < needed:
            return Origins(until, horizon_days, zone, tuple(spaced), tuple(close), tuple(unseen))
        if _is_unseen(origin, horizon_days, shut):
            unseen += [origin] if origin not in unseen[-1:] else []
            quarter += 1
            continue
        if origin not in close[-1:]:  # quarters of a horizon under 4 days fall on one day
            close.append(origin)
        if quarter % QUARTERS == 0:
            spaced.append(origin)
        quarter += 1


def _is_unseen(origin: AsOf, horizon_days: int, shut: Collection[date]) -> bool:
    window = (origin.day + timedelta(days=day_no) for day_no in range(horizon_days))
    return bool(shut) and sum(day in shut for day in window) > MOST_SHUT * horizon_days


def contest_plan(origins: Origins) -> ContestPlan:
    """Folds at T - jH; where there are fewer than three, at half or quarter horizons, and weaker."""
    for step in (QUARTERS, QUARTERS // 2, 1):
        folds = _folds(origins, origins.spaced if step == QUARTERS else origins.close[::step])
        if len(folds) >= CONTEST_ORIGINS or step == 1:
            return ContestPlan(folds[:MOST_CONTEST_ORIGINS], weaker=step < QUARTERS)
    raise AssertionError("the last step always returns")


def _folds(origins: Origins, at: Sequence[AsOf]) -> tuple[Fold, ...]:
    folds = (origins.fold(origin) for origin in at)
    return tuple(fold for fold in folds if fold is not None)


def _quarters(count: int, horizon_days: int) -> int:
    return -(-count * horizon_days // QUARTERS)
