"""A home with a small ledger, a served rule and a published night, ready for rows to be pushed."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from features.clock import AsOf
from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputFiles
from features.ledger.store.database import open_store
from features.policy import Policy
from models.bundle import Bundle
from models.registry import PROMOTIONS, keep_copy
from serving import access
from serving.access import Rights
from serving.nightly import run_night
from tests.specs.serving.test_scores import BARE_RULE

POLICY = Policy()
MORNING = datetime(2026, 6, 1, 4, tzinfo=UTC)  # when the night is published, as of 00:00
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ORDERS = """customer_id,ordered_at,amount,order_id,line_id
weekly,2026-05-01,100,w1,1
weekly,2026-05-06,100,w2,1
weekly,2026-05-11,100,w3,1
weekly,2026-05-16,100,w4,1
weekly,2026-05-20,100,w5,1
big,2026-05-30,900,b1,1
key gone,2026-01-10,500,k1,1
"""
CUSTOMERS = "customer_id,name,manager_id\nweekly,Weekly Ltd,Ann\nbig,Big & Co,Bob\nkey gone,,Bob\n"


def serve_rule(home: Home, rule: Bundle = BARE_RULE) -> None:
    """The rule is the champion of the home."""
    with tempfile.TemporaryDirectory() as folder:
        rule.save(Path(folder) / "rule")
        sha256 = keep_copy(home, Path(folder) / "rule")
    with open_store(home) as store, store.writing() as connection:
        row = dict.fromkeys(("run_id", "registered_version", "code_version", "ledger_digest", "sentence"), "")
        dates = {"promoted_at": MORNING, "until": MORNING}
        connection.execute(insert(PROMOTIONS).values(bundle_sha256=sha256, version=rule.version, **row, **dates))


def served(folder: Path) -> Home:
    """A home in which the night before NOON has published that ledger."""
    home = Home(folder)
    for kind, text in (("customers", CUSTOMERS), ("orders", ORDERS)):
        file = folder / f"{kind}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        ingest(
            IngestRequest(
                kind,
                InputFiles([file]),
                home=home,
                policy=POLICY,
                now=datetime(2026, 5, 31, tzinfo=UTC),
                history=HistoryRule.ALL,
            )
        )
    serve_rule(home)
    run_night(home, POLICY, AsOf.parse("2026-06-01", POLICY.zone), now=MORNING)
    return home


def key_for(home: Home, name: str, *, manager_id: str | None = None, rights: Rights = Rights.PUSH) -> dict[str, str]:
    """The header of a new key."""
    with open_store(home) as store:
        key = access.create_key(store.engine, name, manager_id=manager_id, now=MORNING, rights=rights)
        return {"X-API-Key": key}
