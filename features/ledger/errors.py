"""Errors of a ledger that cannot be used as asked."""

from __future__ import annotations

from datetime import date

from features.errors import CallfirstError


class LedgerError(CallfirstError):
    """A ledger that cannot be used as asked."""


class EmptyLedgerError(LedgerError):
    """There is nothing in the ledger yet."""

    def __init__(self) -> None:
        super().__init__("The ledger holds no order lines yet.", "Load some: callfirst ingest orders FILE.")


class AsOfBeforeLedgerError(LedgerError):
    """Nothing was known at the as-of asked for."""

    def __init__(self, asked: date, starts_on: date) -> None:
        super().__init__(
            f"Nothing is known at {asked}: the ledger begins on {starts_on}.",
            "Choose an as-of after that day.",
        )
