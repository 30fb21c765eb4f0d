"""Settings fixed by the first batches: the ledger's time zone and its currency."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from features.ledger.errors import LedgerError
from features.ledger.store.tables import LEDGER_SETTINGS
from features.policy import Policy


class SettledError(LedgerError):
    """A policy that contradicts the ledger's settings."""

    def __init__(self, what: str, ledger: str, policy: str) -> None:
        super().__init__(
            f"The ledger was started with {what} '{ledger}', the policy says '{policy}'.",
            f"Change {what} back in policy.toml, or ingest into a new home (--home).",
        )


@dataclass(frozen=True)
class LedgerSettings:
    """The settings of every row of a ledger.

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
    values = {row.name: row.value for row in connection.execute(select(LEDGER_SETTINGS))}
    return LedgerSettings(values["time_zone"], values.get("reporting_currency", "")) if values else None


def keep_settings(connection: Connection, settings: LedgerSettings) -> None:
    """Stores the settings; those that are stored already stay."""
    present = set(connection.execute(select(LEDGER_SETTINGS.c.name)).scalars())
    news = [{"name": name, "value": value} for name, value in asdict(settings).items() if value and name not in present]
    if news:
        connection.execute(insert(LEDGER_SETTINGS), news)
