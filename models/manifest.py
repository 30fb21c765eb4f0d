"""The manifest of a bundle: what it was made from, how sure it is, and the usual rates."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import CallfirstError


class BundleError(CallfirstError):
    """A model that cannot be loaded or applied."""


@dataclass(frozen=True)
class UsualRates:
    """Rates of the events of the two at-risk clauses, in the windows that closed in the year before training.

    Attributes:
        before_due: no order day, of active customers whose next order was due before the horizon's end.
        decline: no order or fading, of active customers with enough orders expected.
            Either is 0 where the clause applied to no customer.
    """

    before_due: float = 0.0
    decline: float = 0.0


@dataclass(frozen=True)
class Manifest:
    """What a bundle was made from.

    Attributes:
        version: name of the model or rule: "callfirst 3", "rule: recency".
        is_rule: whether it is a rule of one variable (or nothing was learned).
        note: a sentence about how sure it is.
        horizon_days, active_days: H and W.
        fading_least_orders: orders expected from which decline differs from churn.
        until: T, ISO: no row on or after it was read.
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
