"""Laws of the engines: the fast way and the exact statement give the same features of any ledger at any instants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features.catalog import CATALOG
from features.catalog.definition import Feature, Unit, catalogue_of
from features.catalog.primitives import (
    Clipped,
    Column,
    Count,
    DaysSince,
    DaysUntil,
    Distinct,
    Expression,
    Last,
    Max,
    Min,
    Minus,
    Number,
    OnRecord,
    Ratio,
    Rows,
    ShutDaysSince,
    Sum,
    WhereKnown,
    Window,
)
from features.clock import AsOf
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot, company_values, exact_snapshot, take_snapshot
from tests.text_tables import at, ledger, rows_of

POLICY = Policy(time_zone="America/Sao_Paulo")  # a zone whose summer time began at midnight
BEGIN = datetime(2018, 1, 1, 12)
LATER = st.integers(0, 400 * 24).map(lambda hours: BEGIN + timedelta(hours=hours))
FIRST = {"customer_id": "first", "ordered_at": BEGIN - timedelta(days=40), "amount": "10", "known_at": BEGIN}
NAMES = ("customer_id", "ordered_at", "amount", "known_at", "product_id", "cost", "discount", "order_id", "line_id")


def _of_its_customer(line: dict[str, Any]) -> dict[str, Any]:
    """Order numbers of several customers on several days are set aside, as they cannot be one order's."""
    return line | {"order_id": line["order_id"] and line["customer_id"] + line["order_id"]}


lines = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from("abcd"),
        "ordered_at": LATER,
        "amount": st.sampled_from(["10", "20.05", "-10", "0", "99999999999999.9999"]),
        "known_at": st.one_of(st.none(), LATER),
        "product_id": st.sampled_from(["p", "q", "r", None]),
        "cost": st.sampled_from([None, "3.3333"]),
        "discount": st.sampled_from([None, "0", "1.50"]),
        "order_id": st.sampled_from(["o1", "o2", "o3", None]),
        "line_id": st.sampled_from(["1", None]),
    }
).map(_of_its_customer)
instants = st.lists(
    st.one_of(
        st.integers(1, 420).map(lambda days: AsOf.of_day((BEGIN + timedelta(days=days)).date(), POLICY.zone)),
        LATER.map(
            lambda moment: AsOf.of_instant((moment + timedelta(hours=7)).replace(tzinfo=POLICY.zone), POLICY.zone)
        ),
    ),
    min_size=1,
    max_size=5,
)


common = {"customer_id": st.sampled_from("abcd"), "known_at": st.one_of(st.none(), LATER)}


@st.composite
def rows_in_time(draw: st.DrawFn, rest: dict[str, st.SearchStrategy[Any]], *times: str) -> dict[str, Any]:
    """A row whose times come one after the other, the later ones or none of them; days where the name ends in _on."""
    moments = sorted(draw(st.lists(LATER, min_size=len(times), max_size=len(times))))
    times_known = draw(st.integers(1, len(times)))
    row = draw(st.fixed_dictionaries(common | rest))
    for place, (name, moment) in enumerate(zip(times, moments, strict=True)):
        value = (moment + timedelta(days=1)).date().isoformat() if name.endswith("_on") else moment  # an end lies after
        row[name] = value if place < times_known else None
    return row


ids = st.sampled_from(["1", "2", None])
KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "contacts": rows_in_time(
        {
            "began_by": st.sampled_from(["us", "customer", None]),
            "channel": st.just("call"),
            "listed_on": st.sampled_from([None, "2017-12-31"]),
        },
        "contacted_at",
    ),
    "complaints": rows_in_time(
        {"complaint_id": ids, "complaint_kind": st.sampled_from(["late", "broken", None])},
        "opened_at",
        "answered_at",
        "closed_at",
    ),
    "surveys": rows_in_time({"score": st.sampled_from(["0", "7", "10"])}, "answered_at"),
    "payments": rows_in_time(
        {"payment_id": ids, "amount": st.sampled_from(["10", "0.01"])}, "invoiced_at", "due_on", "paid_on"
    ),
    "events": rows_in_time(
        {
            "customer_id": st.sampled_from(["a", "b", None]),
            "event": st.sampled_from(["buyer_changed", "owner_changed", "supplier_added", "closed"]),
        },
        "happened_at",
        "until_on",
    ),
}
YEAR = Window(365)
EXPRESSIONS: dict[str, Expression] = {
    "contacts": OnRecord(Count(Rows.CONTACTS, YEAR), Rows.CONTACTS),
    "since_contact": DaysSince(Max(Rows.CONTACTS, Column.DAY)),
    "last_by_us": Last(Rows.CONTACTS, Column.BY_US),
    "by_us": WhereKnown(Count(Rows.OUR_CONTACTS, YEAR), Distinct(Rows.CONTACTS, Column.BY_US, YEAR)),
    "since_theirs": DaysSince(Max(Rows.THEIR_CONTACTS, Column.DAY)),
    "open": OnRecord(Count(Rows.OPEN_COMPLAINTS), Rows.COMPLAINTS),
    "open_days": DaysSince(Min(Rows.OPEN_COMPLAINTS, Column.DAY)),
    "repeated": Minus(Count(Rows.COMPLAINTS, YEAR), Distinct(Rows.COMPLAINTS, Column.KIND, YEAR)),
    "answered": Ratio(Sum(Rows.ANSWERED_COMPLAINTS, Column.DAYS), Count(Rows.ANSWERED_COMPLAINTS)),
    "score": Last(Rows.SURVEYS, Column.SCORE_SHARE),
    "named": OnRecord(Count(Rows.NAMED_COMPLAINTS, YEAR), Rows.NAMED_COMPLAINTS),
    "dues": OnRecord(Distinct(Rows.UNPAID, Column.DUE), Rows.UNPAID_TO_BE_DUE),
    "unpaid": Sum(Rows.UNPAID, Column.AMOUNT),
    "overdue": Sum(Rows.OVERDUE, Column.AMOUNT),
    "overdue_days": DaysSince(Min(Rows.OVERDUE, Column.DAY)),
    "paid_late": Max(Rows.PAID, Column.DAYS_LATE, YEAR),
    "promised": OnRecord(Count(Rows.PROMISED, YEAR), Rows.PROMISED),
    "late": Count(Rows.LATE_DELIVERIES, YEAR),
    "broken": DaysSince(Min(Rows.BROKEN_PROMISES, Column.DAY)),
    "buyer": Count(Rows.BUYER_CHANGES, YEAR),
    "booked": Sum(Rows.COMMITMENTS, Column.AMOUNT),
    "booked_in": DaysUntil(Min(Rows.COMMITMENTS, Column.ORDERED_FOR)),
    "shut": ShutDaysSince(Max(Rows.ORDER_DAYS, Column.DAY)),
    "repeated_money": Ratio(Sum(Rows.GAPS, Column.AMOUNT), Count(Rows.GAPS)),
    "gap_a_year_ago": Minus(
        DaysSince(Max(Rows.ORDER_DAYS, Column.DAY, Window(None, 90))),
        DaysSince(Min(Rows.ORDER_DAYS, Column.DAY, Window(90))),
    ),
    "ninety": Ratio(Number(90), DaysSince(Min(Rows.ORDER_DAYS, Column.DAY))),
    "tenure": Clipped(DaysSince(Min(Rows.ORDER_DAYS, Column.DAY)), 90, 365),
}
EVERY_KIND = catalogue_of(
    Feature(name, Unit.RATIO, name, expression, "", "{value}", "") for name, expression in EXPRESSIONS.items()
)


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    kinds = {name: pa.timestamp("us") if name.endswith("_at") else pa.string() for name in names}
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()})


def _ledger(rows: list[dict[str, Any]], others: dict[str, list[dict[str, Any]]] | None = None) -> Ledger:
    lines_with_first = [dict.fromkeys(NAMES) | FIRST, *rows]
    tables = {kind: _table(rows_of_kind) for kind, rows_of_kind in (others or {}).items() if rows_of_kind}
    return ledger_of(_table(lines_with_first), None, POLICY, currency="EUR", others=tables)


def _refuse_difference(fast: Snapshot, exact: Snapshot) -> None:
    assert fast.table.schema == exact.table.schema
    for name in exact.table.column_names:
        ours, theirs = fast.table.column(name), exact.table.column(name)
        if pa.types.is_floating(ours.type):
            doubles = (np.asarray(column.to_numpy(), dtype=float) for column in (ours, theirs))
            np.testing.assert_allclose(*doubles, rtol=1e-9, atol=0, err_msg=name)
        else:
            assert ours.to_pylist() == theirs.to_pylist(), name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, max_size=25), instants)
def test_the_fast_engine_and_the_exact_statement_agree(rows: list[dict[str, Any]], as_ofs: list[AsOf]) -> None:
    world = _ledger(rows)
    _refuse_difference(take_snapshot(world, as_ofs, POLICY), exact_snapshot(world, as_ofs, POLICY))


@settings(
    max_examples=15,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data(), st.lists(lines, max_size=6), instants)
def test_the_engines_agree_on_every_kind_of_row(
    data: st.DataObject, rows: list[dict[str, Any]], as_ofs: list[AsOf]
) -> None:
    others = {kind: data.draw(st.lists(rows_of_kind, max_size=6), label=kind) for kind, rows_of_kind in KINDS.items()}
    world = _ledger(rows, others)
    both = (*CATALOG, *EVERY_KIND)
    fast = take_snapshot(world, as_ofs, POLICY, catalogue=both)
    _refuse_difference(fast, exact_snapshot(world, as_ofs, POLICY, catalogue=both))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, min_size=5, max_size=25), instants)
def test_some_customers_alone_have_the_features_they_have_among_all(
    rows: list[dict[str, Any]], as_ofs: list[AsOf]
) -> None:
    world = _ledger(rows)
    everybody = take_snapshot(world, as_ofs, POLICY)
    company = company_values(world, as_ofs, POLICY)
    alone = take_snapshot(world, as_ofs, POLICY, customers=["a", "c", "nobody"], company=company)
    mask = np.array([customer in {"a", "c"} for customer in everybody.customer_ids], dtype=bool)
    assert alone.table.equals(everybody.where(mask).table)


def test_sums_that_outgrow_64_bits_are_still_exact() -> None:
    lines_of_a = "\n".join(f"a|2025-01-{day:02d}|99999999999999.9999" for day in range(1, 21))
    world = ledger(f"customer_id|ordered_at|amount\n{lines_of_a}")
    row = rows_of(take_snapshot(world, [at("2025-03-01")], Policy()))["a"]
    assert row["net_sales_lifetime"] == pytest.approx(20 * 1e14)
