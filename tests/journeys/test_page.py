"""The page that a manager opens in the morning, and the sign-in before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from features import clock
from features.home import Home
from features.ledger.store.database import open_store
from serving import access
from serving.api.app import create_app
from serving.settings import ServerSettings
from tests.published_run import NOW, published


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return published(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def keys(home: Home) -> dict[str, str]:
    with open_store(home) as store:
        return {
            name: access.create_key(store.engine, name, manager_id=manager, now=NOW)
            for name, manager in (("head", None), ("ann", "Ann"), ("bob", "Bob"), ("eve", "Eve"))
        }


@pytest.fixture
def browser(home: Home) -> Iterator[TestClient]:
    with TestClient(create_app(ServerSettings(home=home.root))) as client:
        yield client


def signed_in(browser: TestClient, key: str) -> TestClient:
    answer = browser.post("/sign-in", data={"key": key}, headers={"Origin": "http://testserver"})
    assert (answer.status_code, answer.url.path) == (200, "/")
    return browser


def test_who_is_not_signed_in_is_led_to_the_form(browser: TestClient) -> None:
    answer = browser.get("/")
    assert answer.url.path == "/sign-in"
    assert "Your access key" in answer.text


def test_a_wrong_key_is_told_so_and_opens_nothing(browser: TestClient) -> None:
    answer = browser.post("/sign-in", data={"key": "cf_wrong"})
    assert answer.status_code == 401
    assert "This key is not accepted" in answer.text
    assert "cf_wrong" not in answer.text
    assert not browser.cookies


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(browser: TestClient, keys: dict[str, str]) -> None:
    answer = browser.post("/sign-in", data={"key": keys["ann"]}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Max-Age=43200" in cookie
    assert "Secure" not in cookie  # on this machine; elsewhere it is


def test_elsewhere_than_on_this_machine_the_session_goes_over_https_alone() -> None:
    assert ServerSettings(host="0.0.0.0").secure_cookie  # noqa: S104
    assert not ServerSettings(host="127.0.0.1").secure_cookie


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://[", "", "testserver"]
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_sent_from_another_site_is_refused(browser: TestClient, path: str, origin: str) -> None:
    answer = browser.post(path, data={"key": "x"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_manager_sees_the_own_list_with_why_money_and_silence(browser: TestClient, keys: dict[str, str]) -> None:
    page = signed_in(browser, keys["ann"]).get("/").text
    for text in (
        "Brightwell &amp; Daughters",
        "Key account",
        "62\N{NO-BREAK SPACE}% chance of no order in 90\N{NO-BREAK SPACE}days",
        "Silent for 41 days, usually orders every 18",
        "1.9\N{NO-BREAK SPACE}% of our sales",
        "31,400",
        "last order 22 Jul 2026",
        "New customers",
        "How did the first order go",
        "made-up company",
        "Ranked by lightgbm 3",
        "Only 6 customers active",
        "<dt>Talk to</dt><dd>Joe (buyer)</dd>",
        "<dt>Last contact</dt><dd>20 Jul 2026</dd>",
        "<dt>Last words</dt><dd>&lt;b&gt;call back&lt;/b&gt;</dd>",
        "<dt>Open complaints</dt><dd>2</dd>",
        "<dt>Language</dt><dd>de</dd>",
    ):
        assert text in page
    assert page.index("Key accounts") < page.index("Corner Shop") < page.index("New customers")


def test_a_manager_sees_no_other_list(browser: TestClient, keys: dict[str, str]) -> None:
    page = signed_in(browser, keys["bob"])
    assert "Brightwell" not in page.get("/").text.replace("(the largest, Brightwell", "")
    assert page.get("/", params={"list": "ann"}).status_code == 404


def test_the_whole_company_may_choose_a_list(browser: TestClient, keys: dict[str, str]) -> None:
    page = signed_in(browser, keys["head"])
    assert 'href="/?list=without-a-manager"' in page.get("/").text
    assert "Corner Shop" not in page.get("/", params={"list": "bob"}).text


def test_a_name_that_is_markup_is_shown_as_text(browser: TestClient, keys: dict[str, str]) -> None:
    text = signed_in(browser, keys["bob"]).get("/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script" not in text


def test_nothing_on_the_page_is_inline_or_from_elsewhere(browser: TestClient, keys: dict[str, str]) -> None:
    text = signed_in(browser, keys["ann"]).get("/").text
    assert "style=" not in text and "onclick" not in text and "http" not in text
    assert browser.get("/style.css").headers["content-type"].startswith("text/css")
    assert browser.get("/icon.svg").status_code == 200


def test_a_manager_without_customers_is_told_so(browser: TestClient, keys: dict[str, str]) -> None:
    assert "No customers of Eve are known." in signed_in(browser, keys["eve"]).get("/").text


def test_signing_out_ends_the_session_in_the_database_too(browser: TestClient, keys: dict[str, str]) -> None:
    token = signed_in(browser, keys["ann"]).cookies["callfirst_session"]
    browser.post("/sign-out")
    browser.cookies.set("callfirst_session", token)
    assert browser.get("/").url.path == "/sign-in"


def test_a_session_ends_after_twelve_hours_and_with_its_key(home: Home) -> None:
    with open_store(home) as store:
        key = access.create_key(store.engine, "short", manager_id=None, now=NOW)
        token = access.open_session(store.engine, key, now=clock.now())
        assert token is not None
        assert access.caller_of_session(store.engine, token, now=clock.now()) is not None
        assert access.caller_of_session(store.engine, token, now=clock.now() + timedelta(hours=12)) is None
        access.revoke_key(store.engine, "short", now=NOW)
        assert access.caller_of_session(store.engine, token, now=clock.now()) is None


def test_before_the_first_night_the_page_says_so(tmp_path: Path) -> None:
    with TestClient(create_app(ServerSettings(home=tmp_path))) as browser:
        with open_store(Home(tmp_path)) as store:
            key = access.create_key(store.engine, "head", manager_id=None, now=NOW)
        assert "Nothing published yet" in signed_in(browser, key).get("/").text
