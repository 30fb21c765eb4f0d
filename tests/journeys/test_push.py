"""Rows pushed over HTTP: rights, rows that come in, answers, and everything a hostile caller may send."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient

from features.clock import AsOf
from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from serving.access import Rights
from serving.api.app import create_app
from serving.api.push_routes import PUSHED
from serving.api.push_schemas import MOST_ROWS
from serving.nightly import run_night
from serving.settings import ServerSettings
from tests.http_client import MORNING, POLICY, key_for, served
from tests.journeys.test_api import is_problem
from tests.specs.ingested import rows_of

Headers = dict[str, str]
ORDER = {"customer_id": "weekly", "ordered_at": "2026-05-31T10:00:00Z", "amount": 80.25}
ROWS: dict[str, dict[str, Any]] = {
    "orders": ORDER,
    "contacts": {"customer_id": "weekly", "contacted_at": "2026-05-31", "channel": "call", "words": "Ask\nagain ☎"},
    "complaints": {"customer_id": "weekly", "opened_at": "2026-05-31T10:00", "complaint_id": "c1", "words": "late"},
    "surveys": {"customer_id": "weekly", "answered_at": "2026-05-31", "score": 7, "score_max": "10"},
    "payments": {"customer_id": "weekly", "invoiced_at": "2026-05-01", "due_on": "2026-05-31", "amount": "100.00"},
    "events": {"event": "closed", "happened_at": "2026-05-01", "until_on": "2026-05-08"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return served(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def server(home: Home) -> Iterator[TestClient]:
    settings = ServerSettings(home=home.root, refresh_seconds=0.05)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def crm(home: Home) -> Headers:
    return key_for(home, "crm")


@pytest.fixture(scope="module")
def ann(home: Home) -> Headers:
    return key_for(home, "Ann's phone", manager_id="Ann")


def lines(home: Home) -> int:
    return len(rows_of(read_ledger(home, POLICY)))


def counts(answer: httpx.Response) -> tuple[int, int, int, int]:
    """Read, accepted, merged and quarantined rows."""
    account = answer.json()
    return tuple(account[part]["rows"] for part in ("read", "accepted", "merged", "quarantined"))  # type: ignore[return-value]  # four


@pytest.mark.parametrize("kind", PUSHED)
def test_a_row_of_each_kind_comes_in_once_however_often_it_is_sent(server: TestClient, crm: Headers, kind: str) -> None:
    first, again = (server.post(f"/v1/{kind}", json=[ROWS[kind]], headers=crm) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert counts(first) == (1, 1, 0, 0)
    assert counts(again) == (1, 0, 1, 0)
    assert again.json()["batch_id"] is None


def test_a_batch_is_answered_row_by_row_and_money_by_money(server: TestClient, crm: Headers) -> None:
    rows = [
        ORDER | {"amount": "12.3456"},
        ORDER | {"amount": "12.3456"},  # equal rows of one batch are two rows
        ORDER | {"amount": 5, "currency": "QQQ"},
        {"customer_id": "weekly", "ordered_at": "2026-05-31", "amount": -3},
    ]
    answer = server.post("/v1/orders", json=rows, headers=crm)
    assert (answer.status_code, counts(answer)) == (207, (4, 3, 0, 1))
    account = answer.json()
    assert account["accepted"]["money"] == {"XXX": "21.6912"}  # 12.3456 + 12.3456 - 3
    (fault,) = account["faults"]
    assert (fault["row"], fault["reason"]) == (2, "unknown currency")
    again = server.post("/v1/orders", json=rows, headers=crm)
    assert counts(again) == (4, 0, 3, 1)


def test_a_row_with_its_number_is_corrected_by_the_next_that_has_it(server: TestClient, crm: Headers) -> None:
    row = ORDER | {"order_id": "p1", "line_id": "1"}
    assert server.post("/v1/orders", json=[row], headers=crm).json()["corrections"] == 0
    corrected = server.post("/v1/orders", json=[row | {"amount": 81}], headers=crm)
    assert (counts(corrected), corrected.json()["corrections"]) == ((1, 1, 0, 0), 1)


def test_a_customer_is_put_with_the_people_there(server: TestClient, crm: Headers) -> None:
    rows = [
        {"name": "A/B Ltd", "manager_id": "Ann", "consent_call": True, "key_mark": ["potential", "strategic"]},
        {"person": "Zoë", "person_role": "buyer"},
    ]
    path = f"/v1/customers/{quote('a/b <ltd>', safe='')}"
    first, again = (server.put(path, json=rows, headers=crm) for _ in range(2))
    assert (first.status_code, counts(first), counts(again)) == (200, (2, 2, 0, 0), (2, 0, 2, 0)), first.text
    is_problem(server.put(path, json=[{"customer_id": "other", "name": "x"}], headers=crm), 422)


def test_a_pushed_order_shows_in_the_customers_score_within_moments(server: TestClient, crm: Headers) -> None:
    before = server.get("/v1/customers/big", headers=crm).json()
    assert (before["as_of"], before["refreshed"]) == ("2026-06-01T00:00:00Z", False)
    server.post("/v1/orders", json=[ORDER | {"customer_id": "big", "amount": 77}], headers=crm)
    deadline = time.monotonic() + 60
    while not (after := server.get("/v1/customers/big", headers=crm).json())["refreshed"]:
        assert time.monotonic() < deadline, "nobody refreshed it"
        time.sleep(0.05)
    assert after["last_order_on"] == "2026-05-31"
    assert after["as_of"] > before["as_of"]
    several = server.post("/v1/scores", json={"customer_ids": ["big", "key gone"]}, headers=crm).json()
    assert (several["as_of"], several["refreshed"]) == ("2026-06-01T00:00:00Z", ["big"])
    assert [score["as_of"] for score in several["scores"]] == [after["as_of"], "2026-06-01T00:00:00Z"]


def test_a_key_to_read_pushes_nothing(server: TestClient, home: Home) -> None:
    reader = key_for(home, "reader", rights=Rights.READ)
    is_problem(server.post("/v1/orders", json=[ORDER], headers=reader), 403)
    is_problem(server.put("/v1/customers/weekly", json=[{"name": "x"}], headers=reader), 403)
    is_problem(server.post("/v1/orders", json=[ORDER]), 401)


def test_a_managers_key_pushes_for_that_managers_customers_alone(server: TestClient, home: Home, ann: Headers) -> None:
    server.post("/v1/orders", json=[ORDER | {"order_id": "b1", "line_id": "2"}], headers=ann)
    before = lines(home)
    foreign = [
        ("/v1/orders", [ORDER | {"customer_id": "big"}]),
        ("/v1/orders", [ORDER | {"customer_id": "nobody knows"}]),
        ("/v1/orders", [ORDER | {"amount": 1}, ORDER | {"customer_id": "big"}]),
        ("/v1/orders", [ORDER | {"amount": 1, "manager_id": "Bob"}]),
        ("/v1/orders", [ORDER | {"amount": 1, "order_id": "b1", "line_id": "1"}]),  # a line of big's
        ("/v1/orders", [ORDER | {"customer_id": "big", "currency": "QQQ"}]),
        ("/v1/events", [{"event": "closed", "happened_at": "2026-05-01"}]),
    ]
    problems = set()
    for path, rows in foreign:
        answer = server.post(path, json=rows, headers=ann)
        is_problem(answer, 403)
        problems.add(answer.text)
    assert len(problems) == 1  # the answer does not tell which customers exist
    assert lines(home) == before
    assert server.post("/v1/orders", json=[ORDER | {"amount": 2}], headers=ann).status_code == 200
    assert server.put("/v1/customers/weekly", json=[{"name": "Weekly"}], headers=ann).status_code == 200
    is_problem(server.put("/v1/customers/big", json=[{"name": "Mine"}], headers=ann), 403)


HOSTILE = {
    "NaN": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": NaN}]', 400),
    "1e999": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 1e999}]', 400),
    "2**63": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 9223372036854775808}]', 422),
    "1e18": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 1e18}]', 422),
    "a text that is no number": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": "1,234"}]', 422),
    "true": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": true}]', 422),
    "a number as an id": (b'[{"customer_id": 7, "ordered_at": "2026-01-01", "amount": 1}]', 422),
    "NUL": (b'[{"customer_id": "a\\u0000", "ordered_at": "2026-01-01", "amount": 1}]', 422),
    "NUL in a text": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 1, "category": "\\u0000"}]', 422),
    "lone surrogate": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 1, "category": "\\ud800"}]', 422),
    "no such day": (b'[{"customer_id": "a", "ordered_at": "2026-02-30", "amount": 1}]', 422),
    "year 9999": (b'[{"customer_id": "a", "ordered_at": "9999-01-01", "amount": 1}]', 422),
    "digits of another script": ('[{"customer_id": "a", "ordered_at": "٢٠٢٦-01-01", "amount": 1}]'.encode(), 422),
    "empty id": (b'[{"customer_id": "", "ordered_at": "2026-01-01", "amount": 1}]', 422),
    "unknown field": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 1, "limit": 1}]', 422),
    "missing": (b'[{"customer_id": "a", "amount": 1}]', 422),
    "no rows": (b"[]", 422),
    "an object": (b'{"customer_id": "a", "ordered_at": "2026-01-01", "amount": 1}', 422),
    "rows of rows": (b"[[]]", 422),
    "null": (b"null", 422),
    "name twice": (b'[{"customer_id": "a", "customer_id": "b", "ordered_at": "2026-01-01", "amount": 1}]', 400),
    "long text": (b'[{"customer_id": "a", "ordered_at": "2026-01-01", "category": "' + b"a" * 10_001 + b'"}]', 422),
    "10 MB": (b'[{"customer_id": "' + b"a" * 10_000_000 + b'"}]', 413),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_stores_nothing_and_is_not_repeated(
    server: TestClient, crm: Headers, home: Home, body: bytes, status: int
) -> None:
    answer = server.post("/v1/orders", content=body, headers=crm | {"Content-Type": "application/json"})
    is_problem(answer, status)
    assert len(answer.content) < 5_000
    assert b"limit" not in answer.content
    assert b"aaaa" not in answer.content


def test_a_thousand_rows_come_in_and_one_more_is_refused(server: TestClient, crm: Headers) -> None:
    many = [ORDER | {"order_id": f"m{number}", "line_id": "1"} for number in range(MOST_ROWS)]
    assert counts(server.post("/v1/orders", json=many, headers=crm)) == (1_000, 1_000, 0, 0)
    is_problem(server.post("/v1/orders", json=[*many, ORDER], headers=crm), 422)


def test_two_pushes_at_once_and_a_night_between_them_lose_and_double_nothing(
    server: TestClient, crm: Headers, home: Home
) -> None:
    before = lines(home)
    answers: list[httpx.Response] = []

    def send(number: int) -> None:
        rows = [ORDER | {"order_id": "same", "line_id": "1"}, ORDER | {"order_id": f"own {number}", "line_id": "1"}]
        answers.append(server.post("/v1/orders", json=rows, headers=crm))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    run_night(home, POLICY, AsOf.parse("2026-06-01", POLICY.zone), now=MORNING + timedelta(hours=1))
    for sender in senders:
        sender.join()
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(answer.json()["accepted"]["rows"] for answer in answers) == [1, 1, 1, 2]  # one of them brought "same"
    assert lines(home) == before + 1 + 4


def test_the_log_names_kinds_and_no_customer(
    server: TestClient, crm: Headers, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ORDER | {"customer_id": "secret buyer", "category": "secret thing"}
    server.post("/v1/orders", json=[row, row | {"currency": "QQQ"}], headers=crm)
    server.put("/v1/customers/secret%20buyer", json=[{"name": "Secret"}], headers=crm)
    time.sleep(1)
    log = "".join(capsys.readouterr()).lower()
    assert "/v1/orders" in log
    assert "secret" not in log


def test_what_is_asked_of_a_row_is_in_the_contract(server: TestClient) -> None:
    contract = create_app(ServerSettings()).openapi()
    row = contract["components"]["schemas"]["OrderRow"]
    assert row["additionalProperties"] is False
    assert set(row["required"]) == {"customer_id", "ordered_at", "amount"}
    for name, field in row["properties"].items():
        for kind in field.get("anyOf", [field]):
            bounded = {"string": "maxLength", "number": "exclusiveMaximum", "integer": "exclusiveMaximum"}
            assert kind["type"] == "null" or bounded[kind["type"]] in kind, name
    assert json.dumps(contract)
