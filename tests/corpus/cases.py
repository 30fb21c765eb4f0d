"""The corpus of bad ledgers as data: each case with its fault, its files, and the expected outcome.

A case is a table ``[[case]]`` of a TOML file in this folder (the form is in CONTRIBUTING.md).
"""

from __future__ import annotations

import gzip
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.corpus.made import MADE

HERE = Path(__file__).parent
OPTIONS = ("mapping", "currency", "known_at_column", "history", "encoding")
COUNTED = ("read", "accepted", "merged", "quarantined", "returns")


@dataclass(frozen=True)
class ExpectedAccount:
    """The expected account of one ingest: rows and money of the tallies, rows of each reason, and other counts."""

    rows: Mapping[str, int]
    money: Mapping[str, Mapping[str, Decimal]]
    reasons: Mapping[str, int]
    counts: Mapping[str, int]

    @classmethod
    def parse(cls, text: str) -> ExpectedAccount:
        """The account in lines like ``read 3: 40 EUR, 5 USD``, ``- unreadable date 1`` and ``equal lines 1``."""
        rows, money, reasons, counts = dict.fromkeys(COUNTED, 0), dict[str, dict[str, Decimal]](), {}, {}
        for line in filter(None, map(str.strip, text.splitlines())):
            match = re.fullmatch(r"(- )?([^:]+?) (\d+)(?:: (.*))?", line)
            assert match, line
            is_reason, name, number, sums = match.groups()
            (reasons if is_reason else rows if name in COUNTED else counts)[name] = int(number)
            if sums:
                parts = (part.strip().split(" ", 1) for part in sums.split(","))
                money[name] = {code: Decimal(amount) for amount, code in parts}
        return cls(rows, money, reasons, counts)


@dataclass(frozen=True)
class ExpectedCustomer:
    """The expected final state of one customer: days with a positive line, the first and last of them, net money."""

    customer_id: str
    order_days: int
    first_on: date | None
    last_on: date | None
    money: Decimal

    @classmethod
    def parse(cls, line: str) -> ExpectedCustomer:
        """The customer in a line like ``a | 2 | 2026-01-05 | 2026-02-01 | 40.00``; ``-`` where there is no day."""
        customer_id, days, first, last, money = (part.strip() for part in line.split("|"))
        ends = [None if text == "-" else date.fromisoformat(text) for text in (first, last)]
        return cls(customer_id, int(days), ends[0], ends[1], Decimal(money))


@dataclass(frozen=True)
class Ingest:
    """One command: its files, its options, and the account it must give, or the sentence it must be refused with."""

    files: tuple[str, ...]
    kind: str
    options: Mapping[str, Any]
    account: ExpectedAccount | None
    refused: str
    remarks: tuple[str, ...]
    content: Mapping[str, Any]

    def write(self, folder: Path) -> list[Path]:
        """The files of the command, now in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.content["texts"].items():
            data = str(text).encode(self.content["written_in"], errors="surrogateescape")
            data = gzip.compress(data, mtime=0) if self.content["packed"] else data
            (folder / name).write_bytes(data)
        for name, maker in self.content["made"].items():
            MADE[maker](folder / name)
        for name in self.files:
            if cut := self.content["cut"]:
                (folder / name).write_bytes((folder / name).read_bytes()[:-cut])
        return [folder / name for name in self.files]


@dataclass(frozen=True, eq=False)
class Case:
    """A bad ledger.

    Attributes:
        name: a class of fault.
        fault: what is wrong, in one sentence.
        room: the file of the corpus that holds it.
        ingests: the commands, in order.
        policy: settings of the policy that matter.
        customers: what must stand in the ledger in the end; empty where nothing may.
        features: of customers at an instant: customer → feature → value; with the key "as_of".
    """

    name: str
    fault: str
    room: str
    ingests: tuple[Ingest, ...]
    policy: Mapping[str, Any]
    customers: tuple[ExpectedCustomer, ...]
    features: Mapping[str, Any]

    @property
    def refused(self) -> bool:
        """Whether every command is refused, so that nothing comes in."""
        return all(ingest.refused for ingest in self.ingests)


def read_cases() -> list[Case]:
    """Every case of the corpus."""
    return [case for path in sorted(HERE.glob("*.toml")) for case in _cases_of(path)]


def _cases_of(path: Path) -> Iterator[Case]:
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
        steps: Sequence[Mapping[str, Any]] = table.get("ingest", [table])
        yield Case(
            name=table["name"],
            fault=table["fault"],
            room=path.stem,
            ingests=tuple(_ingest_of(step) for step in steps),
            policy={
                name: tuple(value) if isinstance(value, list) else value
                for name, value in table.get("policy", {}).items()
            },
            customers=tuple(
                map(ExpectedCustomer.parse, filter(None, map(str.strip, table.get("customers", "").splitlines())))
            ),
            features=table.get("features", {}),
        )


def _ingest_of(table: Mapping[str, Any]) -> Ingest:
    texts, made = table.get("files", {}), table.get("made", {})
    return Ingest(
        files=(*texts, *made),
        kind=table.get("kind", "orders"),
        options={name: table[name] for name in OPTIONS if name in table},
        account=ExpectedAccount.parse(table["account"]) if "account" in table else None,
        refused=table.get("refused", ""),
        remarks=tuple(table.get("remarks", ())),
        content={
            "texts": texts,
            "made": made,
            "written_in": table.get("written_in", "utf-8"),
            "packed": table.get("packed", False),
            "cut": table.get("cut", 0),
        },
    )
