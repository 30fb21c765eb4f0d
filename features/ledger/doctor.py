"""Here you find whether the mirror and the database say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from features.home import Home
from features.ledger.ledger import EmptyLedgerError
from features.ledger.mirror import damaged_files, mirrored, rebuild_mirror
from features.ledger.rows import money_kept
from features.ledger.settings import read_settings
from features.ledger.store import Store
from features.policy import Policy


@dataclass(frozen=True)
class Examination:
    """What database and mirror hold of order lines; rows and money of damaged files are not counted."""

    database_rows: int
    database_money: Decimal
    mirror_rows: int
    mirror_money: Decimal
    damaged: int
    rebuilt: bool

    @property
    def sound(self) -> bool:
        """Both say the same, in rows and money, and every file of the mirror holds what was written."""
        same = (self.database_rows, self.database_money) == (self.mirror_rows, self.mirror_money)
        return same and not self.damaged

    @property
    def sentence(self) -> str:
        """The finding for people."""
        database = f"{self.database_rows:,} order lines over {self.database_money:,.2f}"
        if self.sound:
            made = "was made anew and " if self.rebuilt else ""
            return f"Sound: the database holds {database}; the mirror {made}says the same."
        damaged = f" in whole files, and {self.damaged} damaged ones" if self.damaged else ""
        return (
            f"The database holds {database}, the mirror {self.mirror_rows:,} over {self.mirror_money:,.2f}{damaged}. "
            "Make the mirror anew: callfirst doctor --rebuild."
        )

    def as_json(self) -> dict[str, Any]:
        """The finding for machines."""
        return {
            "sound": self.sound,
            "rebuilt": self.rebuilt,
            "database": {"rows": self.database_rows, "money": str(self.database_money)},
            "mirror": {"rows": self.mirror_rows, "money": str(self.mirror_money), "damaged_files": self.damaged},
        }


def examine(home: Home, policy: Policy, *, rebuild: bool) -> Examination:
    """What database and mirror hold; ``rebuild``: after the mirror was made anew.

    Raises:
        EmptyLedgerError: there is no ledger yet.
        SettledError: the policy contradicts the ledger.
    """
    if not Store.exists(home):
        raise EmptyLedgerError
    store = Store.open(home)
    try:
        with store.engine.connect() as database:
            settings = read_settings(database)
            if settings is None:
                raise EmptyLedgerError
            settings.refuse_other(policy)
            files = (rebuild_mirror if rebuild else mirrored)(home, database, settings.time_zone)
            rows, money = money_kept(database)
            damaged = damaged_files(home, database)
    finally:
        store.close()
    mirror_rows, mirror_money = _held([path for path in files if path not in damaged])
    return Examination(rows, money, mirror_rows, mirror_money, len(damaged), rebuild)


def _held(files: Sequence[Path]) -> tuple[int, Decimal]:
    """Rows and money of the mirror's files."""
    if not files:
        return 0, Decimal(0)
    with duckdb.connect() as frames:
        frames.read_parquet([str(path) for path in files]).create_view("lines")
        rows, money = frames.sql("SELECT count(*), sum(amount) FROM lines").fetchall()[0]
    return rows, Decimal(money)
