"""The fixtures of the specs of ingest: an empty home, and a way to bring rows into it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.reconciliation.report import Reconciliation
from features.policy import Policy
from tests.specs.ingested import NOW, Ingest
from tests.text_tables import POLICY


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def bring(home: Home, tmp_path: Path) -> Ingest:
    """Ingest a drawn text as a CSV file; every call is a file of its own."""
    count = iter(range(100))

    def bring_in(
        text: str | bytes, kind: str = "orders", *, now: datetime = NOW, policy: Policy = POLICY, **more: Any
    ) -> Reconciliation:
        path = tmp_path / f"{next(count)}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ingest(IngestRequest(kind, InputFiles([path]), home=home, policy=policy, now=now, **more))

    return bring_in
