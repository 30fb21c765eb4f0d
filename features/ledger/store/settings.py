"""What the first batches decided for good: the ledger's time zone and its currency."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from features.ledger.errors import LedgerError
from features.ledger.store.tables import LEDGER_SETTINGS
from features.policy import Policy


class SettledError(LedgerError):
    """A policy that contradicts what the ledger was begun with."""

    def __init__(self, what: str, ledger: str, policy: str) -> None:
        super().__init__(
            f"The ledger was begun with {what} '{ledger}', the policy says '{policy}'.",
            f"Set {what} back in policy.toml, or ingest into a new home (--home).",
        )


@dataclass(frozen=True)
class LedgerSettings:
    """What holds for every row of a ledger.

    Attributes:
        time_zone: IANA name; times without a zone were read in it.
        reporting_currency: ISO 4217 of every amount; empty before the first rows that carry money.
    """

    time_zone: str
    reporting_currency: str

    def refuse_other(self, policy: Policy) -> None:
        """Raises SettledError where the policy says otherwise."""
        if policy.time_zone != self.time_zone:
            raise SettledError("time_zone", self.time_zone, policy.time_zone)
        if self.reporting_currency and policy.reporting_currency not in ("", self.reporting_currency):
            raise SettledError("reporting_currency", self.reporting_currency, policy.reporting_currency)


def read_settings(connection: Connection) -> LedgerSettings | None:
    """The settings of the ledger; None before its first batch."""
    found = {row.name: row.value for row in connection.execute(select(LEDGER_SETTINGS))}
    return LedgerSettings(found["time_zone"], found.get("reporting_currency", "")) if found else None


def keep_settings(connection: Connection, settings: LedgerSettings) -> None:
    """What is settled stands in the database; what stood there stays."""
    there = set(connection.execute(select(LEDGER_SETTINGS.c.name)).scalars())
    news = [{"name": name, "value": value} for name, value in asdict(settings).items() if value and name not in there]
    if news:
        connection.execute(insert(LEDGER_SETTINGS), news)
