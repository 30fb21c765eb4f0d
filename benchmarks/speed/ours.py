"""Callfirst as a contestant: `python -m benchmarks.speed.ours rivals|whole LINES AS_OF[,AS_OF…]`."""

from __future__ import annotations

import argparse

import pyarrow as pa

from benchmarks.speed.prepared import BigLedger
from benchmarks.speed.rival_catalogue import RIVAL_CATALOGUE
from benchmarks.speed.rivals.answer import Started, told
from features.catalog import CATALOG
from features.clock import AsOf
from features.policy import Policy
from features.snapshot import take_snapshot

CATALOGUES = {"rivals": RIVAL_CATALOGUE, "whole": CATALOG}


def main() -> None:
    """Print our answer: the rivals' features or the whole catalogue."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("catalogue", choices=CATALOGUES)
    ask.add_argument("lines", type=int)
    ask.add_argument("as_ofs")
    given = ask.parse_args()
    policy = Policy()
    as_ofs = [AsOf.parse(day, policy.zone) for day in given.as_ofs.split(",")]
    catalogue = CATALOGUES[given.catalogue]
    started = Started.now()
    taken = take_snapshot(BigLedger(given.lines).ledger(), as_ofs, policy, catalogue=catalogue)
    told(started, started.wall, [taken.table], _comparable)


def _comparable(table: pa.Table) -> pa.Table:
    days = [field.name for field in table.schema if pa.types.is_date(field.type)]
    return table.drop_columns(days)


if __name__ == "__main__":
    main()
