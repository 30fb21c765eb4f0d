"""The API as a CRM system meets it: keys, questions, and everything a hostile caller may send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient

from features.home import Home
from features.ledger.store.database import open_store
from serving import access
from serving.api.app import create_app
from serving.settings import ServerSettings
from tests.published_run import NOW, published

KNOWN = {"customer_ids": ["brightwell"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return published(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def server(home: Home) -> Iterator[TestClient]:
    with TestClient(create_app(ServerSettings(home=home.root)), raise_server_exceptions=False) as client:
        yield client


def key_for(home: Home, name: str, manager_id: str | None = None) -> str:
    with open_store(home) as store:
        return access.create_key(store.engine, name, manager_id=manager_id, now=NOW)


@pytest.fixture(scope="module")
def company(home: Home) -> dict[str, str]:
    return {"Authorization": f"Bearer {key_for(home, 'crm')}"}


@pytest.fixture(scope="module")
def bob(home: Home) -> dict[str, str]:
    return {"X-API-Key": key_for(home, "bob's phone", "Bob")}


def is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_scores_come_in_the_order_asked_and_unknown_ids_are_named(server: TestClient, company: dict[str, str]) -> None:
    customer_ids = ["corner shop", "nobody here", "brightwell", "corner shop"]
    answer = server.post("/v1/scores", json={"customer_ids": customer_ids}, headers=company)
    assert answer.status_code == 200
    content = answer.json()
    assert [score["customer_id"] for score in content["scores"]] == ["corner shop", "brightwell", "corner shop"]
    assert content["unknown"] == ["nobody here"]
    assert (content["as_of"], content["model_version"], content["made_up"]) == (
        "2026-09-01T00:00:00Z",
        "lightgbm 3",
        True,
    )


def test_a_score_has_the_columns_of_the_score_file(server: TestClient, company: dict[str, str]) -> None:
    from serving.scores import SCORES

    (score,) = server.post("/v1/scores", json=KNOWN, headers=company).json()["scores"]
    assert list(score) == SCORES.names
    assert score["key_reasons"] == "14 % of our sales"


def test_ten_thousand_ids_are_answered_and_one_more_is_refused(server: TestClient, company: dict[str, str]) -> None:
    many = ["brightwell", *(f"c{number}" for number in range(9_999))]
    answer = server.post("/v1/scores", json={"customer_ids": many}, headers=company)
    assert (answer.status_code, len(answer.json()["unknown"])) == (200, 9_999)
    is_problem(server.post("/v1/scores", json={"customer_ids": [*many, "x"]}, headers=company), 422)


def test_one_customer_is_answered_even_with_a_slash_in_its_id(server: TestClient, company: dict[str, str]) -> None:
    answer = server.get(f"/v1/customers/{quote('a/b <b>', safe='')}", headers=company)
    assert (answer.status_code, answer.json()["customer_id"], answer.json()["silent_days"]) == (200, "a/b <b>", 41)


def test_call_lists_are_answered_with_notes_and_lines_by_rank(server: TestClient, company: dict[str, str]) -> None:
    lists = server.get("/v1/call-lists", headers=company).json()["lists"]
    assert [(call_list["title"], [line["customer_id"] for line in call_list["lines"]]) for call_list in lists] == [
        ("Ann", ["brightwell", "corner shop", "newby"]),
        ("Bob", ["a/b <b>"]),
        ("without a manager", ["nobody's"]),
    ]
    assert lists[0]["notes"][0].startswith("Only 6 customers active")
    assert lists[0]["lines"][2]["section"] == "newcomers"
    (call_list,) = server.get("/v1/call-lists", params={"manager_id": "Bob"}, headers=company).json()["lists"]
    assert call_list["title"] == "Bob"
    is_problem(server.get("/v1/call-lists", params={"manager_id": "Eve"}, headers=company), 404)


def test_a_managers_key_sees_only_that_managers_customers(server: TestClient, bob: dict[str, str]) -> None:
    answer = server.post("/v1/scores", json={"customer_ids": ["brightwell", "a/b <b>"]}, headers=bob)
    assert [score["customer_id"] for score in answer.json()["scores"]] == ["a/b <b>"]
    assert answer.json()["unknown"] == ["brightwell"]
    hidden, unknown = (
        server.get(f"/v1/customers/{customer_id}", headers=bob) for customer_id in ("brightwell", "no such")
    )
    is_problem(hidden, 404)
    assert hidden.json() == unknown.json()
    assert [call_list["title"] for call_list in server.get("/v1/call-lists", headers=bob).json()["lists"]] == ["Bob"]
    is_problem(server.get("/v1/call-lists", params={"manager_id": "Ann"}, headers=bob), 404)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer cf_wrong"},
        {"Authorization": "Basic Y2Y6Y2Y="},
        {"X-API-Key": "' OR 1=1 --"},
        {"X-API-Key": "k" * 5_000},
        {"X-API-Key": b"\xff\xfe"},
    ],
)
def test_without_a_valid_key_nothing_is_answered(server: TestClient, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/v1/call-lists"), ("GET", "/v1/customers/brightwell"), ("POST", "/v1/scores")):
        answer = server.request(method, path, headers=headers, json=KNOWN if method == "POST" else None)
        is_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_key_is_refused_from_then_on(server: TestClient, home: Home) -> None:
    headers = {"X-API-Key": key_for(home, "lost laptop")}
    assert server.get("/v1/call-lists", headers=headers).status_code == 200
    with open_store(home) as store:
        access.revoke_key(store.engine, "lost laptop", now=NOW)
    is_problem(server.get("/v1/call-lists", headers=headers), 401)


def test_a_key_is_stored_as_its_hash_alone(home: Home) -> None:
    key = key_for(home, "secret")
    stored = b"".join(path.read_bytes() for path in home.var.glob("callfirst.db*"))
    assert key.encode() not in stored


HOSTILE = {
    "NaN": (b'{"customer_ids": [NaN]}', 400),
    "Infinity": (b'{"customer_ids": [-Infinity]}', 400),
    "1e999": (b'{"customer_ids": [1e999]}', 400),
    "2**63": (b'{"customer_ids": [9223372036854775808]}', 422),
    "5,000 digits": (b'{"customer_ids": [' + b"9" * 5_000 + b"]}", 400),
    "NUL": (b'{"customer_ids": ["a\\u0000b"]}', 422),
    "raw NUL": (b'{"customer_ids": ["a\x00b"]}', 400),
    "lone surrogate": (b'{"customer_ids": ["\\ud800"]}', 422),
    "unknown field": (b'{"customer_ids": ["a"], "limit": 3}', 422),
    "unknown field, lone surrogate": (b'{"customer_ids": ["a"], "\\udfff": 3}', 422),
    "name twice": (b'{"customer_ids": ["a"], "customer_ids": ["b"]}', 400),
    "10 MB": (b'{"customer_ids": ["' + b"a" * 10_000_000 + b'"]}', 413),
    "deep": (b"[" * 100_000, 400),
    "deep object": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "invalid UTF-8": (b'{"customer_ids": ["\xff\xfe"]}', 400),
    "UTF-16": ('{"customer_ids": ["a"]}'.encode("utf-16"), 400),
    "byte order mark": (b'\xef\xbb\xbf{"customer_ids": ["a"]}', 400),
    "not JSON": (b"customer_ids=a", 400),
    "two values": (b"{} {}", 400),
    "empty": (b"", 400),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "no ids": (b'{"customer_ids": []}', 422),
    "missing": (b"{}", 422),
    "a text": (b'{"customer_ids": "abc"}', 422),
    "numbers": (b'{"customer_ids": [1, 2.5, true, null]}', 422),
    "empty id": (b'{"customer_ids": [""]}', 422),
    "long id": (b'{"customer_ids": ["' + b"a" * 10_000 + b'"]}', 422),
}


@pytest.mark.parametrize(("body", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_is_refused_without_being_repeated(
    server: TestClient, company: dict[str, str], body: bytes, status: int
) -> None:
    answer = server.post("/v1/scores", content=body, headers=company | {"Content-Type": "application/json"})
    is_problem(answer, status)
    assert len(answer.content) < 3_000
    assert b"limit" not in answer.content
    assert b"aaaa" not in answer.content


def test_a_body_beyond_the_limit_is_refused_while_it_streams(server: TestClient, company: dict[str, str]) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(200):
            yield b"a" * 65_536

    answer = server.post("/v1/scores", content=stream(), headers=company | {"Content-Type": "application/json"})
    is_problem(answer, 413)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "json"]
)
def test_a_body_of_another_type_is_refused(server: TestClient, company: dict[str, str], content_type: str) -> None:
    answer = server.post("/v1/scores", content=json.dumps(KNOWN), headers=company | {"Content-Type": content_type})
    is_problem(answer, 415)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/scores", 405),
        ("DELETE", "/v1/call-lists", 405),
        ("POST", "/healthz", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/v1/", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/v1/call-lists/", 404),
        ("GET", "/v1/customers/%00", 422),
        ("GET", "/v1/customers/%ff", 404),
        ("GET", "/v1/customers/" + "a" * 10_000, 422),
        ("GET", "/v1/customers/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/customers/", 422),
        ("GET", "/v1/call-lists?manager_id=%00", 422),
        ("GET", "/v1/call-lists?manager_id=%ff", 404),
        ("GET", "/v1/call-lists?manager_id=" + "a" * 10_000, 422),
        ("GET", "/v1/call-lists?limit=3", 422),
        ("GET", "/v1/call-lists?manager_id=Ann&manager_id=Bob", 400),
        ("GET", "/v1/customers/brightwell?limit=3", 422),
        ("GET", "/style.css/%00", 404),
        ("GET", "/?list=%00", 303),
        ("GET", "/?list=" + "a" * 10_000, 422),
        ("GET", "/%00%ff", 404),
        ("BREW", "/v1/scores", 405),
        ("TRACE", "/", 405),
    ],
)
def test_an_address_or_method_that_leads_nowhere_is_a_problem_document(
    server: TestClient, company: dict[str, str], method: str, path: str, status: int
) -> None:
    answer = server.request(method, path, headers=company, follow_redirects=False)
    assert answer.status_code == status, answer.text
    if status >= 400:
        is_problem(answer, status)
    if status == 405:
        assert answer.headers["allow"]


def test_every_answer_carries_the_safe_headers(server: TestClient, company: dict[str, str]) -> None:
    for path in ("/healthz", "/v1/call-lists", "/sign-in", "/nowhere"):
        headers = server.get(path, headers=company).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"


def test_the_server_is_ready_only_once_something_is_published(server: TestClient, tmp_path: Path) -> None:
    assert server.get("/readyz").json() == {"status": "ready"}
    with TestClient(create_app(ServerSettings(home=tmp_path))) as empty:
        assert empty.get("/healthz").json() == {"status": "ok"}
        is_problem(empty.get("/readyz"), 503)
        headers = {"X-API-Key": key_for(Home(tmp_path), "crm")}
        is_problem(empty.post("/v1/scores", json=KNOWN, headers=headers), 503)


def test_the_log_names_routes_and_no_customer(
    server: TestClient, company: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.get("/v1/customers/brightwell?secret=1", headers=company)
    log = "".join(capsys.readouterr())
    assert "/v1/customers/{customer_id" in log
    assert "brightwell" not in log
    assert "secret" not in log


def test_the_committed_contract_is_the_one_that_is_served(home: Home) -> None:
    import serving.api

    committed = Path(serving.api.__file__).with_name("openapi.json").read_text(encoding="utf-8")
    served = create_app(ServerSettings(home=home.root)).openapi()
    assert json.loads(committed) == served, "refresh it: python -m serving.api.openapi"
