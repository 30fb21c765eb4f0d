"""The report of one ingest: what was read, and what became of every row and every penny."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from features.ledger.errors import LedgerError
from features.ledger.reading.header_matching import listed
from features.ledger.reconciliation.cancellations import Cancellations
from features.ledger.reconciliation.conversion import Conversion
from features.ledger.reconciliation.look_alikes import LookAlikes
from features.ledger.reconciliation.tallies import Quarantined, Tally
from features.ledger.schema.quarantine_reasons import EXPLANATIONS

RULES = {
    "column": "Known since the file's own date",
    "history": "Known when they happened, as history (point-in-time not proven)",
    "public": "Known on their day, as published",
    "arrival": "Known when they happened or came in, whichever was later (point-in-time not proven)",
}


class UnreconciledError(LedgerError):
    """Rows or money do not add up: a defect of callfirst, found before anything is stored."""

    def __init__(self, difference: str) -> None:
        super().__init__(
            f"The ingest does not add up ({difference}); nothing was stored.",
            "This is a defect of callfirst: please report it with the file.",
        )


@dataclass(frozen=True)
class Reconciliation:
    """The report of one ingest: accepted + merged + quarantined = read, in rows and in money per currency.

    Attributes:
        kind: name of the record type.
        files: names, in order.
        batch_id: the stored batch; None where nothing was stored.
        read, accepted, merged, quarantined: the four tallies; merged rows were in the ledger already.
        quarantine: rows per reason.
        newly_quarantined: quarantined rows that were not in quarantine already.
        known_at: rule → accepted rows it applies to (see RULES).
        returns: accepted rows of a product below 0.
        non_products: accepted rows of a non-product code.
        equal_lines: accepted rows that repeat a row of the same file.
        corrections: accepted rows that change the values of an order line, complaint …
        never_seen: rows replaced by a later row of the same instant.
        conversion: what was converted from other currencies, and which rates are missing.
        cancellations: pairs of lines that undid each other at once.
        to_come: accepted rows without a known-at of their own, dated later than the command.
        commitments: accepted rows known before they happen.
        alike: customer ids that look alike, at least one of them new.
        renamed: rows kept under another customer id, as a mapping says.
        set_aside: optional column → unreadable values, which became empty.
        remarks: sentences about assumptions of the reader, and about rows that contradict themselves.
        columns: our name → the first file's name.
        columns_unused: columns of the files that match none of ours.
        first_on, last_on: first and last day of the accepted rows.
        dry_run: the ingest only checks.
    """

    kind: str
    files: tuple[str, ...]
    batch_id: int | None
    read: Tally
    accepted: Tally
    merged: Tally
    quarantined: Tally
    quarantine: tuple[Quarantined, ...]
    newly_quarantined: int
    known_at: Mapping[str, int]
    returns: Tally
    non_products: Tally
    equal_lines: int
    corrections: int
    never_seen: int
    conversion: Conversion
    cancellations: Cancellations
    to_come: int
    commitments: int
    alike: LookAlikes
    renamed: int
    set_aside: Mapping[str, int]
    remarks: tuple[str, ...]
    columns: Mapping[str, str]
    columns_unused: tuple[str, ...]
    first_on: date | None
    last_on: date | None
    dry_run: bool = False

    def __post_init__(self) -> None:
        total = self.accepted + self.merged + self.quarantined
        if total.rows != self.read.rows or total.unreadable != self.read.unreadable:
            raise UnreconciledError(f"{total.rows} of {self.read.rows} rows")
        for code in {*total.money, *self.read.money}:
            if total.money.get(code, 0) != self.read.money.get(code, 0):
                raise UnreconciledError(f"{total.money.get(code, 0)} of {self.read.money.get(code, 0)} {code}")
        if sum(entry.rows for entry in self.quarantine) != self.quarantined.rows:
            raise UnreconciledError("the reasons of the quarantine")

    @property
    def nothing_changed(self) -> bool:
        """Whether every row was in the ledger or in quarantine already."""
        return not self.accepted.rows and not self.newly_quarantined

    @property
    def nothing_usable(self) -> bool:
        """Whether no row at all can be used."""
        return not self.accepted.rows and not self.merged.rows

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "kind": self.kind,
            "files": list(self.files),
            "batch_id": self.batch_id,
            "dry_run": self.dry_run,
            "nothing_changed": self.nothing_changed,
            "read": self.read.as_json(),
            "accepted": self.accepted.as_json(),
            "merged": self.merged.as_json(),
            "quarantined": self.quarantined.as_json(),
            "quarantine": [
                {
                    "reason": str(entry.reason),
                    "sentence": EXPLANATIONS[entry.reason].sentence,
                    "hint": EXPLANATIONS[entry.reason].hint,
                    "rows": entry.rows,
                    "first_file": entry.file,
                    "first_line": entry.line,
                }
                for entry in self.quarantine
            ],
            "newly_quarantined": self.newly_quarantined,
            "known_at": dict(self.known_at),
            "returns": self.returns.as_json(),
            "non_products": self.non_products.as_json(),
            "equal_lines": self.equal_lines,
            "corrections": self.corrections,
            "never_seen": self.never_seen,
            "conversion": self.conversion.as_json(),
            "cancellations": self.cancellations.as_json(),
            "to_come": self.to_come,
            "commitments": self.commitments,
            "look_alikes": self.alike.as_json(),
            "renamed": self.renamed,
            "set_aside": dict(self.set_aside),
            "remarks": list(self.remarks),
            "columns": dict(self.columns),
            "columns_unused": list(self.columns_unused),
            "first_on": self.first_on.isoformat() if self.first_on else None,
            "last_on": self.last_on.isoformat() if self.last_on else None,
        }

    def as_text(self) -> Group:
        """The report for people."""
        return Group(Text(self._headline(), style="bold"), self._table(), *(Text(line) for line in self._remarks()))

    def _headline(self) -> str:
        source = ", ".join(self.files)
        if self.dry_run:
            return f"Dry run: {source} was checked, nothing was stored."
        if self.nothing_changed and self.merged.rows:
            return f"Nothing changed: the ledger already holds every usable row of {source}."
        if self.nothing_usable:
            return f"No row of {source} can be used."
        span = f", {self.first_on} to {self.last_on}" if self.first_on else ""
        return f"{source}: {self.accepted.rows:,} new rows of {self.kind} in batch {self.batch_id}{span}."

    def _table(self) -> Table:
        codes = sorted(self.read.money)
        table = Table(box=None, pad_edge=False)
        table.add_column("")
        table.add_column("rows", justify="right")
        for code in codes:
            table.add_column("amount" if code == "XXX" else code, justify="right")
        tallies = (
            ("accepted", self.accepted),
            ("merged (there already)", self.merged),
            ("quarantined", self.quarantined),
            ("read", self.read),
        )
        for name, tally in tallies:
            amounts = (f"{tally.money.get(code, Decimal(0)):,.2f}" for code in codes)
            table.add_row(name, f"{tally.rows:,}", *amounts, style="bold" if name == "read" else "")
        return table

    def _remarks(self) -> list[str]:
        sentences = [
            f"Quarantined, {entry.reason}: {entry.rows:,} (first: {entry.file}, line {entry.line}). "
            f"{EXPLANATIONS[entry.reason].sentence} {EXPLANATIONS[entry.reason].hint}"
            for entry in self.quarantine
        ]
        counts = (
            ("Quarantined without a readable amount (counted as rows only)", self.quarantined.unreadable),
            ("Returns (below 0) among the accepted", self.returns.rows),
            ("Non-product lines (money, but no order and no return)", self.non_products.rows),
            ("Identical rows within one file, all kept", self.equal_lines),
            ("Corrections of an earlier version of the same row", self.corrections),
            ("Rows replaced by a later row of the same instant", self.never_seen),
            ("Dated in the future (check the year); they count from their day on", self.to_come),
            ("Known before they happen, stored as commitments", self.commitments),
            ("Rows stored under another customer id by the mapping", self.renamed),
            *(
                (f"Values of {name} that cannot be used and are left empty", rows)
                for name, rows in self.set_aside.items()
            ),
            *((RULES[rule], rows) for rule, rows in self.known_at.items()),
        )
        sentences += [f"{label}: {rows:,}." for label, rows in counts if rows]
        sentences += self.conversion.sentences
        sentences += [self.alike.sentence] if self.alike.groups else []
        sentences += [self.cancellations.sentence] if self.cancellations.pairs else []
        sentences += self.remarks
        renamed = [f"{ours} = {theirs}" for ours, theirs in self.columns.items() if ours != theirs]
        sentences += [f"Columns read: {listed(renamed)}."] if renamed else []
        sentences += [f"Columns not used: {listed(self.columns_unused)}."] if self.columns_unused else []
        return sentences
