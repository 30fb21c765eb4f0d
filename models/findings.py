"""Findings: results of training that serving shows, as an append-only record."""

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
from features.ledger.store.database import Store, open_store
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
    """The subject of a finding."""

    HORIZON = "horizon"  # the H and W that the gaps propose
    EVALUATION = "evaluation"  # a model against the baselines after cutoffs, or in its own contest
    CHECKS = "checks"  # the checks of one training, and what was promoted or not
    REPORT_CARD = "report_card"  # how the lists of a night did
    DRIFT = "drift"  # whether customers differ from those the model learned from


@dataclass(frozen=True)
class Finding:
    """One result.

    Attributes:
        as_of: the instant up to which the ledger was read.
        made_at: the instant of the computation.
        payload: the figures, as JSON.
        sentence: the result for a person.
    """

    kind: FindingKind
    as_of: datetime
    made_at: datetime
    code_version: str
    ledger_digest: str
    payload: Mapping[str, Any]
    sentence: str


class FindingPayload(Protocol):
    """Any result with figures as JSON, and a sentence for a person."""

    @property
    def sentence(self) -> str:
        """The result for a person."""
        ...

    def record(self) -> dict[str, Any]:
        """All figures, as JSON."""
        ...


def finding_of(
    kind: FindingKind, payload: FindingPayload, ledger: Ledger, *, as_of: AsOf, made_at: datetime
) -> Finding:
    """The payload as a finding about a ledger, made by the running code."""
    return Finding(
        kind=kind,
        as_of=as_of.instant,
        made_at=made_at,
        code_version=code_version(),
        ledger_digest=ledger.digest,
        payload=payload.record(),
        sentence=payload.sentence,
    )


def keep(home: Home, finding: Finding) -> None:
    """Add a finding to the store of a home."""
    with open_store(home) as store:
        add(store, finding)


def add(store: Store, finding: Finding) -> None:
    """Add a finding; earlier ones stay."""
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
    """The newest finding of a kind; None: there is none."""
    query = select(FINDINGS).where(FINDINGS.c.kind == str(kind)).order_by(desc(FINDINGS.c.finding_id)).limit(1)
    with store.engine.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _finding(row)


def findings_of(store: Store, kind: FindingKind) -> tuple[Finding, ...]:
    """All findings of a kind, oldest first."""
    query = select(FINDINGS).where(FINDINGS.c.kind == str(kind)).order_by(FINDINGS.c.finding_id)
    with store.engine.connect() as connection:
        return tuple(_finding(row) for row in connection.execute(query))


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
