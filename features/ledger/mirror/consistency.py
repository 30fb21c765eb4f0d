"""Consistency of the mirror with the database, for every kind of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection

from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.mirror.parquet_mirror import damaged_files, forget_mirror, mirrored
from features.ledger.schema.record_types import RECORD_TYPES, RELATIONS, Relation
from features.ledger.store.database import Store, open_store
from features.ledger.store.row_codec import money_kept, rows_kept
from features.ledger.store.settings import read_settings
from features.policy import Policy


@dataclass(frozen=True)
class RelationConsistency:
    """Rows and money of one relation in database and mirror; damaged files do not count."""

    relation: str
    database_rows: int
    database_money: Decimal
    mirror_rows: int
    mirror_money: Decimal
    damaged: int

    @property
    def sound(self) -> bool:
        """Database and mirror agree in rows and money, and every file of the mirror is undamaged."""
        same = (self.database_rows, self.database_money) == (self.mirror_rows, self.mirror_money)
        return same and not self.damaged

    @property
    def title(self) -> str:
        """The relation in plain words."""
        return self.relation.replace("_", " ")

    def as_json(self) -> dict[str, Any]:
        """The relation's consistency as JSON; money as decimal strings."""
        return {
            "database": {"rows": self.database_rows, "money": str(self.database_money)},
            "mirror": {"rows": self.mirror_rows, "money": str(self.mirror_money), "damaged_files": self.damaged},
        }


@dataclass(frozen=True)
class Consistency:
    """The consistency of every relation with rows, order lines first."""

    holdings: tuple[RelationConsistency, ...]
    rebuilt: bool

    @property
    def sound(self) -> bool:
        """Every relation is sound."""
        return all(holding.sound for holding in self.holdings)

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if self.sound:
            totals = ", ".join(
                f"{holding.database_rows:,} {holding.title}{_over(holding.database_money)}" for holding in self.holdings
            )
            rebuilt = "was made again and " if self.rebuilt else ""
            return f"Sound: the database holds {totals}; the mirror {rebuilt}says the same."
        differences = [_difference(holding) for holding in self.holdings if not holding.sound]
        return " ".join([*differences, "Make the mirror again: callfirst doctor --rebuild."])

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON; figures outside a relation are those of order lines."""
        return {
            "sound": self.sound,
            "rebuilt": self.rebuilt,
            **self.holdings[0].as_json(),
            "shelves": {holding.relation: holding.as_json() for holding in self.holdings},
        }


def _over(money: Decimal) -> str:
    return f" over {money:,.2f}" if money else ""


def _difference(holding: RelationConsistency) -> str:
    damaged = f" in whole files, and {holding.damaged} damaged ones" if holding.damaged else ""
    return (
        f"The database holds {holding.database_rows:,} {holding.title}{_over(holding.database_money)}, "
        f"the mirror {holding.mirror_rows:,}{_over(holding.mirror_money)}{damaged}."
    )


def check_consistency(home: Home, policy: Policy, *, rebuild: bool) -> Consistency:
    """The consistency of database and mirror; ``rebuild``: after the mirror was made again.

    Raises:
        EmptyLedgerError: there is no ledger yet.
        SettledError: the policy contradicts the ledger.
    """
    if not Store.exists(home):
        raise EmptyLedgerError
    with open_store(home) as store, store.engine.connect() as database:
        settings = read_settings(database)
        if settings is None:
            raise EmptyLedgerError
        settings.refuse_other(policy)
        if rebuild:
            forget_mirror(home)
        holdings = [_holding(home, database, relation, settings.time_zone) for relation in RELATIONS.values()]
    shown = tuple(
        holding
        for holding in holdings
        if holding.relation == "order_lines" or holding.database_rows or holding.mirror_rows
    )
    return Consistency(shown, rebuild)


def _holding(home: Home, database: Connection, relation: Relation, zone: str) -> RelationConsistency:
    files = mirrored(home, database, relation, zone)
    damaged = damaged_files(home, database, relation)
    record_type = RECORD_TYPES[relation.kind]
    money = money_kept(database, record_type) if record_type.money else Decimal(0)
    mirror_rows, mirror_money = _rows_and_money([path for path in files if path not in damaged], record_type.money)
    return RelationConsistency(
        relation.name, rows_kept(database, relation), money, mirror_rows, mirror_money, len(damaged)
    )


def _rows_and_money(files: Sequence[Path], money: str) -> tuple[int, Decimal]:
    """Rows and money of files of the mirror."""
    if not files:
        return 0, Decimal(0)
    with duckdb.connect() as work:
        work.read_parquet([str(path) for path in files]).create_view("mirror_rows")
        summed = f"coalesce(sum({money}), 0)" if money else "0"
        rows, total = work.sql(f"SELECT count(*), {summed} FROM mirror_rows").fetchall()[0]
    return rows, Decimal(total)
