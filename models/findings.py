"""Findings: what training saw and serving shows, as an append-only record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Column, Index, Integer, Row, String, Table, Text, desc, insert, select

from features.clock import AsOf
from features.home import Home
from features.ledger.ledger import Ledger
from features.ledger.store.database import Store
from features.ledger.store.tables import METADATA, Instant
from features.version import code_version

FINDINGS = Table(
    "findings",
    METADATA,
    Column("finding_id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("code_version", String(64), nullable=False),
    Column("ledger_digest", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Index("findings_by_kind", "kind", "finding_id"),
    comment="Append-only: a finding is never changed, a newer one of its kind stands beside it.",
)


class FindingKind(StrEnum):
    """What a finding is about."""

    HORIZON = "horizon"  # which H and W the gaps propose
    EVALUATION = "evaluation"  # a model against every rival after cutoffs, or in its own contest
    CHECKS = "checks"  # the checks of one training, and what was promoted or not
    REPORT_CARD = "report_card"  # how a night's lists did
    DRIFT = "drift"  # whether the world moved away from what the model learned


@dataclass(frozen=True)
class Finding:
    """One thing that was found out.

    Attributes:
        as_of: the instant up to which the ledger was read.
        made_at: when it was found.
        payload: the figures, as JSON holds them.
        sentence: the same for a person.
    """

    kind: FindingKind
    as_of: datetime
    made_at: datetime
    code_version: str
    ledger_digest: str
    payload: Mapping[str, Any]
    sentence: str


class FindingPayload(Protocol):
    """Anything that was found out: its figures as JSON, and a sentence for a person."""

    @property
    def sentence(self) -> str:
        """What it came to."""
        ...

    def record(self) -> dict[str, Any]:
        """All figures, as JSON holds them."""
        ...


def finding_of(kind: FindingKind, told: FindingPayload, ledger: Ledger, *, as_of: AsOf, made_at: datetime) -> Finding:
    """What was told of a ledger as of an instant, as a finding of the code that runs."""
    return Finding(
        kind=kind,
        as_of=as_of.instant,
        made_at=made_at,
        code_version=code_version(),
        ledger_digest=ledger.digest,
        payload=told.record(),
        sentence=told.sentence,
    )


def keep(home: Home, finding: Finding) -> None:
    """Add a finding to the store of a home, and close it."""
    store = Store.open(home)
    try:
        add(store, finding)
    finally:
        store.close()


def add(store: Store, finding: Finding) -> None:
    """Keep a finding beside all earlier ones."""
    with store.writing() as connection:
        connection.execute(
            insert(FINDINGS).values(
                kind=str(finding.kind),
                as_of=finding.as_of,
                made_at=finding.made_at,
                code_version=finding.code_version,
                ledger_digest=finding.ledger_digest,
                payload=json.dumps(dict(finding.payload), sort_keys=True, allow_nan=False),
                sentence=finding.sentence,
            )
        )


def newest(store: Store, kind: FindingKind) -> Finding | None:
    """The finding of its kind that was added last; None: there is none."""
    question = select(FINDINGS).where(FINDINGS.c.kind == str(kind)).order_by(desc(FINDINGS.c.finding_id)).limit(1)
    with store.engine.connect() as connection:
        row = connection.execute(question).first()
    return None if row is None else _finding(row)


def findings_of(store: Store, kind: FindingKind) -> tuple[Finding, ...]:
    """Every finding of its kind, in the order they were added."""
    question = select(FINDINGS).where(FINDINGS.c.kind == str(kind)).order_by(FINDINGS.c.finding_id)
    with store.engine.connect() as connection:
        return tuple(_finding(row) for row in connection.execute(question))


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        kind=FindingKind(row.kind),
        as_of=row.as_of,
        made_at=row.made_at,
        code_version=row.code_version,
        ledger_digest=row.ledger_digest,
        payload=json.loads(row.payload),
        sentence=row.sentence,
    )
