"""Dirty customers: who is marked when rows come in, and which marks a published night takes away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from features.home import Home
from features.ledger.store.database import Store, open_store
from features.ledger.store.dirty_customers import DirtyMark, dirty_marks, mark_dirty, put_off, unmark
from features.ledger.store.tables import microseconds
from serving.publication.publish import publish
from tests.published_run import MADE, row
from tests.specs.ingested import NOW, Ingest

LATER = NOW + timedelta(hours=1)
SOON = timedelta(microseconds=1)
MORNING = datetime(2026, 9, 1, tzinfo=UTC)  # as of when MADE is published


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with open_store(home) as store:
        yield store


def dirty(store: Store, now: datetime = datetime(2100, 1, 1, tzinfo=UTC)) -> dict[str, tuple[int, datetime]]:
    with store.engine.connect() as connection:
        return {mark.customer_id: (mark.batch_id, mark.known_at) for mark in dirty_marks(connection, now=now, most=99)}


def test_a_customer_is_dirty_from_the_batch_that_brings_rows_of_it(bring: Ingest, store: Store) -> None:
    bring("customer_id,ordered_at,amount\na,2026-01-05,10\na,2026-01-07,20\nb,2026-01-06,30\n")
    days = {"a": datetime(2026, 1, 7, tzinfo=UTC), "b": datetime(2026, 1, 6, tzinfo=UTC)}  # known when they happened
    assert dirty(store) == {"a": (1, days["a"]), "b": (1, days["b"])}
    bring("customer_id,ordered_at,amount\nb,2026-01-08,40\n", now=LATER)
    assert dirty(store) == {"a": (1, days["a"]), "b": (2, LATER)}  # known when it came in


def test_rows_that_were_there_already_and_rows_in_quarantine_make_nobody_dirty(bring: Ingest, store: Store) -> None:
    bring("customer_id,ordered_at,amount\na,2026-01-05,10\n")
    with store.writing() as connection:
        unmark(connection, [DirtyMark("a", 1, NOW, NOW)], as_of=LATER)
    bring("customer_id,ordered_at,amount\na,2026-01-05,10\nb,never,10\n", now=LATER)
    assert dirty(store) == {}


def test_a_line_that_moves_to_another_customer_makes_both_dirty(bring: Ingest, store: Store) -> None:
    bring("customer_id,ordered_at,amount,order_id,line_id\na,2026-01-05,10,o1,1\n")
    bring("customer_id,ordered_at,amount,order_id,line_id\nb,2026-01-05,10,o1,1\n", now=LATER)
    assert dirty(store) == {"a": (2, LATER), "b": (2, LATER)}


def test_a_changed_customer_is_dirty(bring: Ingest, store: Store) -> None:
    bring("customer_id,name\na,Ann & Sons\n", "customers")
    assert list(dirty(store)) == ["a"]


def test_a_mark_renewed_by_a_later_batch_outlives_the_refresh_of_the_earlier_one(store: Store) -> None:
    with store.writing() as connection:
        mark_dirty(connection, [("a", 1, 0, 0)])
        (taken,) = dirty_marks(connection, now=NOW, most=9)
        mark_dirty(connection, [("a", 2, 0, 0)])
        unmark(connection, [taken], as_of=NOW)
    assert list(dirty(store)) == ["a"]


def test_a_row_that_is_known_only_later_keeps_its_mark_until_then(store: Store) -> None:
    with store.writing() as connection:
        mark_dirty(connection, [("a", 1, microseconds(NOW), microseconds(LATER))])
        (taken,) = dirty_marks(connection, now=NOW + SOON, most=9)
        unmark(connection, [taken], as_of=NOW + SOON)
    assert list(dirty(store, NOW + SOON)) == list(dirty(store, LATER)) == []
    assert list(dirty(store, LATER + SOON)) == ["a"]


def test_a_customer_of_whom_nothing_is_known_yet_waits(store: Store) -> None:
    with store.writing() as connection:
        mark_dirty(connection, [("a", 1, microseconds(NOW), microseconds(LATER))])
    assert list(dirty(store, NOW)) == []
    assert list(dirty(store, NOW + SOON)) == ["a"]


def test_a_mark_that_is_put_off_waits_and_lets_the_others_pass(store: Store) -> None:
    with store.writing() as connection:
        mark_dirty(connection, [("a", 1, 0, 0), ("b", 1, 0, 0)])
        put_off(connection, dirty_marks(connection, now=NOW, most=1)[0], until=LATER)
    assert list(dirty(store, NOW)) == ["b"]
    assert list(dirty(store, LATER)) == ["a", "b"]


def test_a_night_takes_away_the_marks_of_rows_it_has_seen_and_no_other(store: Store) -> None:
    before, at = microseconds(MORNING - timedelta(microseconds=1)), microseconds(MORNING)
    with store.writing() as connection:
        seen, known_then, later = (
            ("seen", 7, 0, before),
            ("known at its as-of", 7, 0, at),
            ("came in later", 8, 0, before),
        )
        mark_dirty(connection, [seen, known_then, later])
    publish(store, MADE, scores=[], lists=[], newest_batch=7, now=NOW)
    assert sorted(dirty(store)) == ["came in later", "known at its as-of"]


def test_a_night_as_of_an_instant_before_a_refresh_marks_that_customer_again(store: Store) -> None:
    scores = [row("quiet", "Ann", 1.0), row("pushed", "Ann", 1.0)]
    publish(store, MADE, scores=scores, lists=[], newest_batch=1, now=NOW)
    noon = MORNING + timedelta(hours=12)
    with store.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE published_scores SET as_of = {microseconds(noon)} WHERE customer_id = 'pushed'"
        )
    publish(store, replace(MADE, ledger_digest="2" * 64), scores=scores, lists=[], newest_batch=2, now=NOW)
    assert dirty(store) == {"pushed": (2, noon)}
