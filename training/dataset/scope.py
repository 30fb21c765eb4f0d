"""What a training looks at: until when, how far ahead, and who counts as active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from training.dataset.horizon import HorizonProposal, first_day_known, propose
from training.errors import TrainingError


class WindowError(TrainingError):
    """A horizon or an active window that cannot be."""

    def __init__(self, name: str, days: int) -> None:
        super().__init__(f"{name} of {days} days is no window.", "Give a whole number of days, 1 to 3650.")


class HorizonBeyondLedgerError(TrainingError):
    """A horizon so long that not even one window of it fits into the ledger."""

    def __init__(self, horizon_days: int, held_days: int, at: date) -> None:
        super().__init__(
            f"A horizon of {horizon_days} days outlasts the ledger, which holds {held_days} days before {at}.",
            f"Choose at most {held_days // 2} days, or load more history.",
        )


class FutureLedgerError(TrainingError):
    """The day after the ledger's last row is no day to train for: it has not come yet."""

    def __init__(self, ends_on: date) -> None:
        super().__init__(
            f"The ledger's last row is dated {ends_on}, in the future.", "Say until when to learn: --until DATE."
        )


@dataclass(frozen=True)
class TrainingScope:
    """What a training looks at: from the ledger's first day known at T to T, H, W, and how they were set."""

    starts_on: date
    until: AsOf
    horizon_days: int
    active_days: int
    proposal: HorizonProposal
    remarks: tuple[str, ...]


def refuse_days_to_come(ledger: Ledger, now: AsOf) -> None:
    """Nothing, where the ledger's last row is dated no later than the business day of ``now``.

    Raises:
        FutureLedgerError: it is.
    """
    if ledger.ends_on > now.day:
        raise FutureLedgerError(ledger.ends_on)


def scope_of(
    ledger: Ledger, policy: Policy, *, until: AsOf | None, horizon_days: int | None, active_days: int | None
) -> TrainingScope:
    """T, H and W: as asked, else as the policy says, else as the gaps propose; T never beyond the ledger's end.

    Raises:
        AsOfBeforeLedgerError, WindowError, HorizonBeyondLedgerError: as asked they cannot be.
    """
    end = AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone)
    remarks = []
    at = until or end
    if at > end:
        remarks.append(f"The ledger ends on {ledger.ends_on}, so it is trained as of the day after, not {at.day}.")
        at = end
    starts_on = first_day_known(ledger, at)
    for name, days in (("A horizon", horizon_days), ("An active window", active_days)):
        if days is not None and not 1 <= days <= 3650:
            raise WindowError(name, days)
    asked: int = horizon_days or policy.horizon_days
    held = (at.day - starts_on).days
    if asked > held:
        raise HorizonBeyondLedgerError(asked, held, at.day)
    proposal = propose(ledger, policy, at)
    horizon = asked or proposal.horizon_days
    active = active_days or policy.active_days or max(proposal.active_days, horizon)
    if not asked:
        remarks.append(proposal.sentence)
    if not ledger.known_at_proven:
        remarks.append("Point-in-time not proven: not every row came with a known-at of its own.")
    return TrainingScope(starts_on, at, horizon, active, proposal, tuple(remarks))
