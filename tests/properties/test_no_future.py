"""Laws of snapshot and standing: what happened or became known later changes nothing, nor does the order of rows."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalog.trends import BOOKED
from features.clock import AsOf
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import take_snapshot
from features.standing.standing import take_standing

POLICY = Policy(time_zone="Europe/Berlin")  # a zone with summer time
ONE_IS_ENOUGH = Policy(time_zone="Europe/Berlin", key_manager_least_active=1)
BEGIN = datetime(2025, 1, 1, 12)
AS_OF = AsOf.parse("2025-07-01T15:30", POLICY.zone)
CUT = AS_OF.instant.astimezone(POLICY.zone).replace(tzinfo=None)
SEEN_BEFORE = {"customer_id": "first", "ordered_at": BEGIN - timedelta(days=30), "amount": "10", "known_at": BEGIN}

NAMES = (
    *("customer_id", "ordered_at", "amount", "known_at", "product_id", "cost", "discount", "department", "manager_id"),
    *("order_id", "line_id"),
)

moments = st.integers(0, 300 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
amounts = st.decimals(-500, 500, places=2).map(str)


@st.composite
def order_lines(draw: st.DrawFn) -> dict[str, Any]:
    ordered_at = draw(moments)
    return {
        "customer_id": draw(st.sampled_from("abc")),
        "ordered_at": ordered_at,
        "amount": draw(amounts),
        "known_at": draw(st.one_of(st.just(ordered_at), moments)),
        "product_id": draw(st.sampled_from(["p", "q", None])),
        "cost": draw(st.one_of(st.none(), amounts)),
        "discount": draw(st.one_of(st.none(), st.just("1.50"))),
        "department": draw(st.sampled_from(["tools", "garden", None])),
        "manager_id": draw(st.sampled_from(["maria", None])),
        "order_id": draw(st.sampled_from(["o1", "o2", "o3", "o4"])),
        "line_id": draw(st.sampled_from(["1", "2", None])),
    }


def _ledger(rows: list[dict[str, Any]]) -> Ledger:
    columns = {name: [row.get(name) for row in [SEEN_BEFORE, *rows]] for name in NAMES}
    times = {"ordered_at", "known_at"}
    table = pa.table(
        {
            name: pa.array(values, pa.timestamp("us") if name in times else pa.string())
            for name, values in columns.items()
        }
    )
    return ledger_of(table, None, POLICY, currency="EUR")


def _features(rows: list[dict[str, Any]]) -> pa.Table:
    return take_snapshot(_ledger(rows), [AS_OF], POLICY).table


def _standing(rows: list[dict[str, Any]]) -> tuple[pa.Table, str | None]:
    world = _ledger(rows)
    standing = take_standing(world, take_snapshot(world, [AS_OF], POLICY), ONE_IS_ENOUGH, active_days=90)
    return standing.table, standing.largest_group_id


def _later(row: dict[str, Any]) -> bool:
    return bool(row["ordered_at"] >= CUT or row["known_at"] >= CUT)


def _known_later_or_no_correction(row: dict[str, Any]) -> dict[str, Any]:
    """A correction known before the as-of may move a line beyond it: that is knowledge, not the future."""
    return row if row["known_at"] >= CUT else row | {"line_id": None}


later_lines = order_lines().filter(_later).map(_known_later_or_no_correction)
PROPERTY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@PROPERTY
@given(st.lists(order_lines(), max_size=25), st.lists(later_lines, min_size=1, max_size=8))
def test_rows_that_happened_or_were_known_on_or_after_the_as_of_change_nothing(
    rows: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    without = [row for row in rows if not _later(row)]
    before, after = _features(without), _features(without + later)
    if any(row["known_at"] < CUT for row in later):  # a commitment moves what is booked, and nothing else
        before, after = (table.drop_columns([feature.name for feature in BOOKED]) for table in (before, after))
    assert before.equals(after)


@PROPERTY
@given(st.lists(order_lines(), max_size=25), st.lists(later_lines, min_size=1, max_size=8))
def test_nor_do_they_change_anybodys_standing(rows: list[dict[str, Any]], later: list[dict[str, Any]]) -> None:
    without = [row for row in rows if not _later(row)]
    (table, largest), (table_with, largest_with) = _standing(without), _standing(without + later)
    assert table.equals(table_with)
    assert largest == largest_with


@PROPERTY
@given(st.lists(order_lines(), min_size=1, max_size=25), st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[dict[str, Any]], shuffle: random.Random) -> None:
    plain = [row | {"line_id": None} for row in rows]  # a correction has an order: that of arrival
    shuffled = shuffle.sample(plain, len(plain))
    assert _features(plain).equals(_features(shuffled))
