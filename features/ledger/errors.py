"""Errors of a ledger that cannot be used as asked."""

from __future__ import annotations

from datetime import date

from features.errors import CallfirstError


class LedgerError(CallfirstError):
    """A ledger that cannot be used as requested."""


class EmptyLedgerError(LedgerError):
    """The ledger is empty."""

    def __init__(self) -> None:
        super().__init__("The ledger holds no order lines yet.", "Load some: callfirst ingest orders FILE.")


class AsOfBeforeLedgerError(LedgerError):
    """Nothing was known at the requested as-of."""

    def __init__(self, as_of_day: date, starts_on: date) -> None:
        super().__init__(
            f"Nothing is known at {as_of_day}: the ledger begins on {starts_on}.",
            "Choose an as-of after that day.",
        )
