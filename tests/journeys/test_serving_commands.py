"""From a ledger and a rule to lists, a published night and a server, through the command line."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from features.home import Home
from features.ledger.store.database import open_store
from models.registry import PROMOTIONS, keep_copy
from tests.command_line import answered, run
from tests.specs.serving.test_scores import BARE_RULE

ORDERS = """customer_id,ordered_at,amount,manager_id
weekly,2026-05-01,100,Ann
weekly,2026-05-06,100,Ann
weekly,2026-05-11,100,Ann
weekly,2026-05-16,100,Ann
weekly,2026-05-20,100,Ann
big,2026-05-30,900,Bob
key gone,2026-01-10,500,Bob
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small ledger, served by a bare rule."""
    root = tmp_path_factory.mktemp("home")
    (root / "orders.csv").write_text(ORDERS)
    assert run(root, "ingest", "orders", str(root / "orders.csv"), "--currency", "EUR").returncode == 0
    BARE_RULE.save(root / "bundle")
    promotion = {
        "bundle_sha256": keep_copy(Home(root), root / "bundle"),
        "version": BARE_RULE.version,
        "promoted_at": datetime(2026, 6, 1, tzinfo=UTC),
        "until": datetime(2026, 6, 1, tzinfo=UTC),
        "run_id": "",
        "registered_version": "",
        "code_version": "",
        "ledger_digest": "",
        "sentence": "",
    }
    with open_store(Home(root)) as store, store.writing() as connection:
        connection.execute(insert(PROMOTIONS), [promotion])
    return root


def test_scores_are_written_and_counted(home: Path) -> None:
    counts = answered(home, "score", "--as-of", "2026-06-01", "--out", str(home / "s.csv"))
    assert (counts["customers"], counts["active"], counts["lapsed"], counts["at_risk"]) == (3, 2, 1, 2)
    assert (home / "s.csv").read_text().startswith("customer_id,as_of,population")


def test_lists_are_written_and_their_top_is_printed(home: Path) -> None:
    done = run(home, "call-lists", "--as-of", "2026-06-01", "--out", str(home / "lists"))
    assert done.returncode == 0, done.stderr
    assert "overdue: an order was due after 5 days, silent for 12" in done.stdout
    assert sorted(path.name for path in (home / "lists").iterdir()) == ["ann.csv", "ann.xlsx", "bob.csv", "bob.xlsx"]


def test_a_night_tells_of_drift_and_so_does_its_own_command(home: Path) -> None:
    night, alone = answered(home, "nightly", "--as-of", "2026-06-02"), answered(home, "drift", "--as-of", "2026-06-02")
    assert night["findings"] == [{"kind": "drift", "sentence": alone["sentence"]}]
    assert (alone["alarm"], alone["judged"]) == (False, False)
    assert alone["sentence"].startswith("No drift as of 2026-06-02")


def test_a_report_card_before_any_window_has_closed_says_when(home: Path) -> None:
    done = run(home, "report-card", "--as-of", "2026-06-02")
    assert done.returncode == 1
    assert "There is nothing to grade: no list has been published yet." in done.stderr


def test_without_an_as_of_drift_is_told_as_of_the_ledgers_end(home: Path) -> None:
    assert answered(home, "drift")["as_of_day"] == "2026-05-31"  # the last row is of the 30th


def test_a_night_is_published_once(home: Path) -> None:
    first, again = (answered(home, "nightly", "--as-of", "2026-06-01") for _ in range(2))
    assert (first["published_now"], first["lists"], first["as_of_from"]) == (True, 2, "given")
    assert (again["published_now"], again["run_id"]) == (False, first["run_id"])


def test_without_an_as_of_the_night_says_that_the_clock_supplied_it(home: Path) -> None:
    assert "(this machine's clock)" in run(home, "nightly").stdout


def test_keys_are_shown_once_and_listed_without_themselves(home: Path) -> None:
    key = answered(home, "keys", "create", "crm")["key"]
    again = run(home, "keys", "create", "crm")
    assert (again.returncode, again.stdout) == (1, "")
    assert "There is already a key named 'crm'." in again.stderr
    listed = run(home, "keys", "list").stdout
    assert "crm" in listed and key not in listed
    assert run(home, "keys", "revoke", "crm").returncode == 0
    assert run(home, "keys", "revoke", "crm").returncode == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("score", "--as-of", "2026-01-01", "--out", "s.csv"), "the ledger begins on 2026-01-10"),
        (("score", "--as-of", "soon", "--out", "s.csv"), "Cannot read 'soon' as an as-of"),
        (("score", "--as-of", "2026-06-01", "--out", "s.doc"), "Cannot write scores to s.doc"),
        (("nightly", "--as-of", "2025-01-01"), "the ledger begins on 2026-01-10"),
        (("keys", "create", "x", "--manager", ""), "A manager id is 1 to 200 printable characters"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_a_hint(home: Path, words: tuple[str, ...], message: str) -> None:
    done = run(home, *words)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["256.1.1.1", "x" * 300])
def test_a_host_that_cannot_be_listened_on_is_a_sentence_and_a_hint(home: Path, host: str) -> None:
    run(home, "keys", "create", f"listener on {host[:20]}")
    done = run(home, "serve", "--host", host)
    assert done.returncode == 1
    assert f"Cannot listen on {host}:8000" in done.stderr and "--host" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_instant_within_the_day_is_said_with_its_time(home: Path) -> None:
    assert "As of 2026-06-01, 14:30 UTC (given)." in run(home, "nightly", "--as-of", "2026-06-01T14:30").stdout


def test_an_empty_home_says_what_to_do_first(tmp_path: Path) -> None:
    done = run(tmp_path, "nightly")
    assert done.returncode == 1
    assert "callfirst ingest orders" in done.stderr
    assert "callfirst keys create" in run(tmp_path, "serve").stderr


def test_the_server_answers_a_key_and_stops_when_told(home: Path) -> None:
    run(home, "nightly", "--as-of", "2026-06-01")
    key = answered(home, "keys", "create", "served")["key"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "callfirst", "--home", str(home), "serve", "--port", str(port)]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/readyz")
        assert httpx.post(f"{address}/v1/scores", json={"customer_ids": ["weekly"]}).status_code == 401
        answer = httpx.post(f"{address}/v1/scores", json={"customer_ids": ["weekly"]}, headers={"X-API-Key": key})
        assert answer.json()["scores"][0]["at_risk"]
        for nonsense in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"POST /v1/scores HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        ):
            refusal = _raw_answer(port, nonsense)
            assert refusal.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in refusal
            assert b"x-content-type-options: nosniff" in refusal.lower()
        half = f"POST /v1/scores HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        _raw_answer(port, f"{half}Content-Length: 50\r\n\r\n{{".encode())  # and hangs up
        form = "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        _raw_answer(port, f"{form}Content-Length: 50\r\n\r\nkey=".encode())
        assert f"Cannot listen on 127.0.0.1:{port}" in run(home, "serve", "--port", str(port)).stderr
    finally:
        server.terminate()
        out, log = server.communicate(timeout=30)
    assert address in out
    assert '"route": "/v1/scores"' in log and "weekly" not in log
    assert '"status": 500' not in log
    assert all(isinstance(json.loads(line), dict) for line in log.splitlines())


def _raw_answer(port: int, sent: bytes) -> bytes:
    """What comes back within half a second."""
    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as line:
        line.sendall(sent)
        try:
            return line.recv(65_536)
        except TimeoutError:
            return b""


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")
