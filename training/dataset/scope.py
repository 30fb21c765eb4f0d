"""The scope of a training: T, the horizon H and the active window W."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from training.dataset.horizon import HorizonProposal, first_day_known, propose
from training.errors import TrainingError


class WindowError(TrainingError):
    """An impossible horizon or active window."""

    def __init__(self, name: str, days: int) -> None:
        super().__init__(f"{name} of {days} days is not possible.", "Give a whole number of days from 1 to 3650.")


class HorizonBeyondLedgerError(TrainingError):
    """A horizon too long for even one window in the ledger."""

    def __init__(self, horizon_days: int, held_days: int, at: date) -> None:
        super().__init__(
            f"A horizon of {horizon_days} days outlasts the ledger, which holds {held_days} days before {at}.",
            f"Choose at most {held_days // 2} days, or load more history.",
        )


class FutureLedgerError(TrainingError):
    """The ledger's last row lies in the future, so that the day after it cannot be T."""

    def __init__(self, ends_on: date) -> None:
        super().__init__(
            f"The ledger's last row is dated {ends_on}, in the future.", "Choose the day to train as of: --until DATE."
        )


@dataclass(frozen=True)
class TrainingScope:
    """The scope of a training: the ledger's first day known at T, T, H, W, and how they were set."""

    starts_on: date
    until: AsOf
    horizon_days: int
    active_days: int
    proposal: HorizonProposal
    remarks: tuple[str, ...]


def refuse_days_to_come(ledger: Ledger, now: AsOf) -> None:
    """Refuses a ledger with a last row after the business day of ``now``.

    Raises:
        FutureLedgerError: the ledger has such a row.
    """
    if ledger.ends_on > now.day:
        raise FutureLedgerError(ledger.ends_on)


def scope_of(
    ledger: Ledger, policy: Policy, *, until: AsOf | None, horizon_days: int | None, active_days: int | None
) -> TrainingScope:
    """T, H and W: as requested, else by the policy, else from the gaps; T never beyond the ledger's end.

    Raises:
        AsOfBeforeLedgerError, WindowError, HorizonBeyondLedgerError: the requested values are impossible.
    """
    end = AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone)
    remarks = []
    at = until or end
    if at > end:
        remarks.append(f"The ledger ends on {ledger.ends_on}, so training is as of the day after, not {at.day}.")
        at = end
    starts_on = first_day_known(ledger, at)
    for name, days in (("A horizon", horizon_days), ("An active window", active_days)):
        if days is not None and not 1 <= days <= 3650:
            raise WindowError(name, days)
    requested: int = horizon_days or policy.horizon_days
    history_days = (at.day - starts_on).days
    if requested > history_days:
        raise HorizonBeyondLedgerError(requested, history_days, at.day)
    proposal = propose(ledger, policy, at)
    horizon = requested or proposal.horizon_days
    active = active_days or policy.active_days or max(proposal.active_days, horizon)
    if not requested:
        remarks.append(proposal.sentence)
    if not ledger.known_at_proven:
        remarks.append("Point-in-time not proven: some rows came without a known-at.")
    return TrainingScope(starts_on, at, horizon, active, proposal, tuple(remarks))
