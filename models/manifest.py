"""What a bundle says of itself: what it was made of, how sure it is, which rates are usual."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import CallfirstError


class BundleError(CallfirstError):
    """A model that cannot be loaded or applied."""


@dataclass(frozen=True)
class UsualRates:
    """How often the events of the two at-risk clauses were seen in windows closed in the year before training.

    Attributes:
        before_due: no order day, of active customers whose next order was due before the horizon's end.
        decline: no order or fading, of active customers with enough orders expected.
            Either is 0 where no customer was under its clause.
    """

    before_due: float = 0.0
    decline: float = 0.0


@dataclass(frozen=True)
class Manifest:
    """What a bundle was made of.

    Attributes:
        version: name of what is served: "callfirst 3", "rule: recency".
        is_rule: a rule of one variable (or nothing learned) is served.
        note: a sentence about how sure it is.
        horizon_days, active_days: H and W.
        fading_least_orders: orders expected from which decline differs from churn.
        until: T, ISO: nothing on or after it was read.
        origins: label windows learned from, ISO days.
    """

    version: str
    is_rule: bool
    note: str
    horizon_days: int
    active_days: int
    fading_least_orders: int | float  # as policy.toml has it
    until: str
    origins: tuple[str, ...]
    catalogue_fingerprint: str
    policy_digest: str
    ledger_digest: str
    code_version: str
