"""The refresh: which customers are published anew, as of when, with which features, and which wait."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import delete, select

from features.clock import AsOf
from features.home import Home
from features.ledger.errors import LedgerError
from features.ledger.ingest.push import push_rows
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.database import Store, open_store
from features.ledger.store.dirty_customers import dirty_marks, still_dirty
from models.published_forecasts import FORECASTS, RUNS
from models.registry import PROMOTIONS
from serving.access import Caller
from serving.nightly import run_night
from serving.publication.publish import newest_run, score_of
from serving.publication.republish import publish_refreshed
from serving.publication.tables import published_scores
from serving.refresh import Refreshed, Refresher
from serving.scores import score_customers
from tests.http_client import MORNING, NOON, POLICY, serve_rule, served
from tests.specs.serving.test_scores import BARE_RULE

pytestmark = pytest.mark.slow

LATER = NOON + timedelta(minutes=1)
WHOLE_COMPANY = Caller(0, "test", None)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return served(tmp_path_factory.mktemp("night"))


@pytest.fixture
def home(night: Home, tmp_path: Path) -> Home:
    """A copy of the night."""
    shutil.copytree(night.root, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with open_store(home) as store:
        yield store


def push(home: Home, *rows: dict[str, str], kind: str = "orders", now: datetime = NOON) -> None:
    push_rows(kind, pa.Table.from_pylist(list(rows)), home=home, policy=POLICY, now=now, permit=lambda _: None)


def order(
    customer_id: str, ordered_at: str = "2026-06-01T11:30:00Z", amount: str = "80", **more: str
) -> dict[str, str]:
    return {"customer_id": customer_id, "ordered_at": ordered_at, "amount": amount} | more


def published_score(store: Store, customer_id: str) -> dict[str, Any]:
    return score_of(store.engine, newest_run(store.engine), customer_id, caller=WHOLE_COMPANY)


def dirty(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        return [mark.customer_id for mark in dirty_marks(connection, now=NOON + timedelta(days=999), most=99)]


def test_a_night_leaves_nobody_dirty(store: Store) -> None:
    assert dirty(store) == []


def test_a_pushed_order_is_in_the_published_score_after_the_refresh_as_of_the_clock(home: Home, store: Store) -> None:
    before = published_score(store, "weekly")
    assert (before["silent_days"], before["as_of"]) == (12, datetime(2026, 6, 1, tzinfo=MORNING.tzinfo))
    push(home, order("weekly"))
    assert dirty(store) == ["weekly"]
    assert Refresher(home, store).refresh(now=LATER) == Refreshed(1)
    after = published_score(store, "weekly")
    assert (after["silent_days"], after["as_of"], after["last_order_on"]) == (0, LATER, LATER.date())
    assert after["sales_365_days"] == 500 + 80
    assert (dirty(store), published_score(store, "big")["as_of"]) == ([], before["as_of"])


def test_a_refreshed_score_is_to_the_bit_what_a_night_at_that_instant_publishes(home: Home, store: Store) -> None:
    push(home, order("weekly"), order("weekly", "2026-05-25", "-20"), order("big", amount="0.1"))
    Refresher(home, store).refresh(now=LATER)
    refreshed = {customer: published_score(store, customer) for customer in ("weekly", "big")}
    ledger = read_ledger(home, POLICY)
    rows = score_customers(ledger, AsOf.of_instant(LATER, POLICY.zone), BARE_RULE, POLICY).rows
    of_company = ("is_key_account", "key_reasons", "reasons")  # those of the night until the next one
    for row in rows:
        if row["customer_id"] in refreshed:
            published = refreshed[row["customer_id"]]
            assert {name: row[name] for name in published if name not in of_company} == {
                name: value for name, value in published.items() if name not in of_company
            }


def test_a_customer_nobody_knew_last_night_is_published_by_the_refresh(home: Home, store: Store) -> None:
    push(home, order("brand new", amount="70"))
    Refresher(home, store).refresh(now=LATER)
    new = published_score(store, "brand new")
    assert (new["rung"], new["is_newcomer"], new["reasons"]) == (
        "first purchase",
        True,
        "new customer: one order so far for 70",
    )


def test_a_changed_manager_is_shown_and_key_accounts_stay_the_nights(home: Home, store: Store) -> None:
    before = published_score(store, "big")
    push(home, {"customer_id": "big", "name": "Big & Co", "manager_id": "Eve"}, kind="customers")
    Refresher(home, store).refresh(now=LATER)
    after = published_score(store, "big")
    assert after["manager_id"] == "Eve"
    assert before["is_key_account"]
    assert (after["is_key_account"], after["key_reasons"]) == (True, before["key_reasons"])


def test_a_row_known_yesterday_changes_the_companys_gap_too(home: Home, store: Store) -> None:
    refresher = Refresher(home, store)
    push(home, order("weekly"))
    refresher.refresh(now=LATER)
    days = [f"2026-0{month}-01" for month in (1, 2, 3, 4)]
    push(home, *(order("slow", day, known_at=day) for day in days), now=LATER)  # gaps 31, 28, 31 days
    much_later = LATER + timedelta(minutes=1)
    refresher.refresh(now=much_later)
    whole = score_customers(read_ledger(home, POLICY), AsOf.of_instant(much_later, POLICY.zone), BARE_RULE, POLICY)
    (slow,) = [row for row in whole.rows if row["customer_id"] == "slow"]
    assert published_score(store, "slow")["overdue_days"] == slow["overdue_days"]


def test_before_a_night_and_without_a_model_marks_wait(home: Home, store: Store) -> None:
    push(home, order("weekly"))
    with store.writing() as connection:
        connection.execute(delete(PROMOTIONS))
    assert Refresher(home, store).refresh(now=LATER).waiting == "No model serves yet."
    serve_rule(home, replace(BARE_RULE, manifest=replace(BARE_RULE.manifest, catalogue_fingerprint="f" * 64)))
    assert "Train again" not in (waiting := Refresher(home, store).refresh(now=LATER).waiting)
    assert "learned from catalogue ffffffffffff" in waiting
    with store.writing() as connection:
        connection.execute(delete(published_scores))
        for table in ("published_list_lines", "published_list_notes", "published_lists"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.execute(delete(FORECASTS))
        connection.execute(delete(RUNS))
    assert Refresher(home, store).refresh(now=LATER).waiting == "no night has published yet"
    assert dirty(store) == ["weekly"]


def test_a_customer_who_cannot_be_refreshed_waits_alone_and_longer_each_time(home: Home, store: Store) -> None:
    refresher = Refresher(home, store)
    push(home, order("weekly"))
    assert refresher.refresh(now=LATER) == Refreshed(1)  # the company's values of the day are made
    push(home, order("big"), order("key gone"), order("weekly", amount="2"))
    with store.writing() as connection:  # no money that was ever let in is so large
        connection.exec_driver_sql(f"UPDATE order_lines SET amount = {2**62} WHERE customer_id = 'big'")
    assert refresher.refresh(now=LATER) == Refreshed(2, ("StoredRowError",))
    assert dirty(store) == ["big"]
    assert refresher.refresh(now=LATER + timedelta(seconds=9)) == Refreshed()
    assert refresher.refresh(now=LATER + timedelta(seconds=11)) == Refreshed(0, ("StoredRowError",))
    assert refresher.refresh(now=LATER + timedelta(seconds=30)) == Refreshed()
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE order_lines SET amount = 9000000 WHERE customer_id = 'big'")
    push(home, order("big", amount="81"), now=LATER)  # a new row gives it a new turn at once
    assert refresher.refresh(now=LATER + timedelta(seconds=30)) == Refreshed(1)


def test_a_process_killed_between_storing_and_refreshing_loses_no_mark(home: Home, store: Store) -> None:
    push(home, order("weekly"))
    with open_store(home) as later:  # another process
        assert Refresher(home, later).refresh(now=LATER) == Refreshed(1)


def test_marks_are_removed_by_the_transaction_that_publishes_or_not_at_all(home: Home, store: Store) -> None:
    push(home, order("weekly"))
    with store.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE DELETE ON dirty_customers BEGIN SELECT RAISE(ABORT, 'killed'); END"
        )
    with pytest.raises(LedgerError, match="killed"):
        Refresher(home, store).refresh(now=LATER)
    assert published_score(store, "weekly")["as_of"] < LATER
    assert dirty(store) == ["weekly"]


def test_what_was_made_for_a_night_is_not_published_into_the_next(home: Home, store: Store) -> None:
    before = newest_run(store.engine)
    push(home, order("weekly"))
    run_night(home, POLICY, AsOf.parse("2026-06-01", POLICY.zone), now=NOON)
    with store.writing() as connection:
        assert not publish_refreshed(connection, before, [])


def test_whom_another_server_refreshed_meanwhile_is_left_as_it_was_published(home: Home, store: Store) -> None:
    push(home, order("weekly"), order("big"))
    with store.engine.connect() as connection:
        weekly = [mark for mark in dirty_marks(connection, now=LATER, most=9) if mark.customer_id == "weekly"]
    assert Refresher(home, store).refresh(now=LATER) == Refreshed(2)
    push(home, order("big", amount="3"), now=NOON)
    with store.writing() as connection:
        assert still_dirty(connection, weekly) == frozenset()


def test_a_server_whose_clock_is_late_publishes_all_the_same(home: Home, store: Store) -> None:
    push(home, order("weekly"))
    Refresher(home, store).refresh(now=LATER)
    push(home, order("weekly", amount="1"), now=NOON)
    Refresher(home, store).refresh(now=LATER - timedelta(seconds=1))
    assert published_score(store, "weekly")["sales_365_days"] == 500 + 80 + 1


def test_a_night_as_of_this_morning_keeps_what_was_pushed_since_for_the_refresh(home: Home, store: Store) -> None:
    push(home, order("weekly"))
    Refresher(home, store).refresh(now=LATER)
    run_night(home, POLICY, AsOf.parse("2026-06-01", POLICY.zone), now=LATER)
    assert (dirty(store), published_score(store, "weekly")["silent_days"]) == (["weekly"], 12)
    Refresher(home, store).refresh(now=LATER + timedelta(seconds=1))
    assert published_score(store, "weekly")["silent_days"] == 0


def test_a_closure_of_ours_marks_nobody_and_the_next_night_scores_everybody_with_it(home: Home, store: Store) -> None:
    tomorrow = AsOf.parse("2026-06-02", POLICY.zone)
    rows = score_customers(read_ledger(home, POLICY), tomorrow, BARE_RULE, POLICY).rows
    without = {row["customer_id"]: row["overdue_days"] for row in rows}
    push(home, {"event": "closed", "happened_at": "2026-05-22", "until_on": "2026-05-27"}, kind="events")
    assert (dirty(store), Refresher(home, store).refresh(now=LATER)) == ([], Refreshed())
    assert run_night(home, POLICY, tomorrow, now=MORNING + timedelta(days=1)).is_new
    assert {customer: published_score(store, customer)["overdue_days"] for customer in without} == {
        "weekly": without["weekly"] - 5,
        "big": without["big"],  # ordered since
        "key gone": without["key gone"] - 5,
    }


def test_call_lists_stay_as_the_night_published_them(home: Home, store: Store) -> None:
    from serving.publication.tables import published_list_lines

    with store.engine.connect() as connection:
        before = connection.execute(select(published_list_lines)).all()
    push(home, order("weekly"), order("key gone"))
    Refresher(home, store).refresh(now=LATER)
    with store.engine.connect() as connection:
        assert connection.execute(select(published_list_lines)).all() == before != []
