"""The whole chain on the real ledgers, timed: ingest twice, train, score, call lists.

Example: python -m benchmarks.chain online_retail_ii --data ../shared/data

Fails where a row or a penny is missing, the second ingest changes something, or all of it takes over three minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tests.cdnow import cdnow_master

MOST_SECONDS = 180


@dataclass(frozen=True)
class Chain:
    """One ledger's run: where its rows lie and the options of the doors.

    Attributes:
        file: under the data folder; empty: CDNOW, out of its wheel.
        amount: the column of a Parquet file whose sum must come out; empty: the account need only add up.
    """

    file: str
    amount: str
    until: str
    days: int
    currency: str = ""


CHAINS = {
    "online_retail_ii": Chain("online_retail_ii/ledger.parquet", "amount", "2011-09-09", 90, "GBP"),
    "scms_project": Chain("scms_project/ledger.parquet", "amount", "2014-06-30", 180),
    "cdnow": Chain("", "", "1998-04-01", 90),
}


def run(name: str, data: Path) -> float:
    """Seconds of the whole chain on one ledger, each step told."""
    chain = CHAINS[name]
    file = data / chain.file if chain.file else cdnow_master()
    with tempfile.TemporaryDirectory() as place:
        home, out = Path(place) / "home", Path(place) / "out"
        options = ["--currency", chain.currency] if chain.currency else []
        windows = ["--horizon-days", str(chain.days), "--active-days", str(chain.days)]
        began = time.perf_counter()
        first = _told(home, "ingest", "orders", str(file), *options)
        trained = _told(home, "train", "--until", chain.until, *windows)
        scored = _told(home, "score", "--as-of", chain.until, "--out", str(out / "scores.csv"))
        print(_step(home, "call-lists", "--as-of", chain.until, "--out", str(out / "lists")))
        seconds = time.perf_counter() - began
        again = _told(home, "ingest", "orders", str(file), *options)
    _check_account(first, file, chain)
    assert again["nothing_changed"], "the second ingest changed something"
    print(f"{name}: {first['read']['rows']:,} rows, {_money(first)}; again: nothing changed")
    print(f"served: {trained['served']}; {trained['sentence']}")
    print(f"scored: {scored['active']:,} active, {scored['at_risk']:,} at risk; all in {seconds:.0f} s")
    return seconds


def _check_account(account: dict[str, Any], file: Path, chain: Chain) -> None:
    parts = ("accepted", "merged", "quarantined")
    assert sum(account[part]["rows"] for part in parts) == account["read"]["rows"]
    money = sum(Decimal(sum_) for part in parts for sum_ in account[part]["money"].values())
    assert money == sum(Decimal(sum_) for sum_ in account["read"]["money"].values())
    if chain.amount:
        counted = f"SELECT count(*), sum(CAST({chain.amount} AS DECIMAL(18,4))) FROM '{file}'"
        rows, total = duckdb.sql(counted).fetchall()[0]
        assert (account["read"]["rows"], money) == (rows, total), f"the file holds {rows} rows, {total}"


def _money(account: dict[str, Any]) -> str:
    return ", ".join(f"{Decimal(total):,.2f} {code}" for code, total in account["read"]["money"].items())


def _told(home: Path, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_step(home, *arguments, "--json"))
    return answer


def _step(home: Path, *arguments: str) -> str:
    began = time.perf_counter()
    command = [sys.executable, "-m", "callfirst", "--home", str(home), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{arguments[0]} failed: {done.stderr}")
    print(f"{arguments[0]:<12}{time.perf_counter() - began:6.1f} s")
    return done.stdout


def main() -> None:
    """Run one ledger's chain, or all of them."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("name", choices=[*CHAINS, "all"])
    ask.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = ask.parse_args()
    for name in CHAINS if given.name == "all" else [given.name]:
        if CHAINS[name].file and not (given.data / CHAINS[name].file).exists():
            print(f"{name}: skipped, {given.data / CHAINS[name].file} is not there")
            continue
        if (seconds := run(name, given.data)) > MOST_SECONDS:
            sys.exit(f"{name} took {seconds:.0f} s, more than {MOST_SECONDS}")


if __name__ == "__main__":
    main()
