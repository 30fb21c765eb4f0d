"""Laws of snapshots over rows of every kind, other instants and zones: what nobody could know changes no bit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalog import CATALOG
from features.clock import AsOf
from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.policy import Policy
from features.snapshot import company_values, take_snapshot
from training.checks.added_rows import BOOKED, ordering
from training.checks.behavioural import PERTURBATION_TESTS, PerturbationTest
from training.checks.ledger_rows import LedgerRows, known_customers
from training.checks.perturbations import one_half
from training.dataset.folds import origins_of
from training.dataset.training_set import training_set

ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Auckland")
INSTANTS = (
    "2025-07-01",
    "2025-07-01T15:30",
    "2025-03-30T03:30",  # clocks go forward in Berlin
    "2025-10-26T02:30",  # and back: this hour comes twice
    "2025-09-28T02:30",  # forward in Auckland: this hour does not come
    "2025-12-31T23:59:59.999999",
)
BEGIN = datetime(2024, 10, 1, 12)
MOMENT = st.integers(0, 500 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
AFTER = st.one_of(st.none(), st.integers(0, 90).map(lambda days: timedelta(days=days, hours=3)))
FIRST = {"customer_id": "a", "ordered_at": BEGIN - timedelta(days=30), "amount": "10", "known_at": BEGIN}
PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(PROPERTY, max_examples=12)


def _row(draw: st.DrawFn, happened: str, **more: st.SearchStrategy[Any]) -> dict[str, Any]:
    moment = draw(MOMENT)
    known = draw(st.one_of(st.just(moment), MOMENT))  # late, or a commitment
    row = {"customer_id": draw(st.sampled_from("abc")), happened: moment, "known_at": known}
    return row | {name: draw(values) for name, values in more.items()}


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    row = _row(
        draw, "ordered_at", amount=st.decimals(-300, 500, places=2).map(str), product_id=st.sampled_from("pq"),
        order_id=st.sampled_from(["o1", "o2", "o3", "o4", "o5"]), line_id=st.sampled_from(["1", "2", None]),
    )  # fmt: skip
    delivered = draw(AFTER)
    promised = row["ordered_at"] + timedelta(days=5)
    return row | {
        "promised_on": promised.date(),
        "delivered_on": (row["ordered_at"] + delivered).date() if delivered else None,
    }


@st.composite
def complaints(draw: st.DrawFn) -> dict[str, Any]:
    row = _row(
        draw, "opened_at", complaint_id=st.sampled_from(["c1", "c2", "c3"]), complaint_kind=st.sampled_from("xy")
    )
    closed = draw(AFTER)
    return row | {"closed_at": row["opened_at"] + closed if closed else None}


@st.composite
def payments(draw: st.DrawFn) -> dict[str, Any]:
    row = _row(draw, "invoiced_at", amount=st.just("90"), payment_id=st.sampled_from(["i1", "i2", "i3"]))
    paid = draw(AFTER)
    due = (row["invoiced_at"] + timedelta(days=14)).date()
    return row | {"due_on": due, "paid_on": (row["invoiced_at"] + paid).date() if paid else None}


@st.composite
def contacts(draw: st.DrawFn) -> dict[str, Any]:
    return _row(draw, "contacted_at", began_by=st.sampled_from(["us", "customer"]), channel=st.just("call"))


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    kinds = {datetime: pa.timestamp("us"), date: pa.date32(), str: pa.string()}

    def kind(values: list[Any]) -> pa.DataType:
        return next((kinds[type(value)] for value in values if value is not None), pa.string())

    return pa.table({name: pa.array(values, kind(values)) for name, values in columns.items()})


@st.composite
def worlds(draw: st.DrawFn) -> tuple[LedgerRows, AsOf, Policy]:
    policy = Policy(time_zone=draw(st.sampled_from(ZONES)))
    lines = [FIRST, *draw(st.lists(orders(), min_size=3, max_size=14))]
    rows_of_kind = {"complaints": complaints(), "payments": payments(), "contacts": contacts()}
    drawn = {kind: draw(st.lists(rows, max_size=4)) for kind, rows in rows_of_kind.items()}
    people = _table([{"customer_id": customer, "name": customer, "known_at": draw(MOMENT)} for customer in "abc"])
    others = {kind: _table(rows) for kind, rows in drawn.items() if rows}
    ledger = ledger_of(_table(lines), people, policy, others=others, currency="EUR")
    return LedgerRows.of(ledger), AsOf.parse(draw(st.sampled_from(INSTANTS)), policy.zone), policy


@PROPERTY
@given(worlds(), st.sampled_from(PERTURBATION_TESTS))
def test_no_feature_moves_in_another_world(drawn: tuple[LedgerRows, AsOf, Policy], trial: PerturbationTest) -> None:
    world, as_of, policy = drawn
    true = trial.base(world, as_of, policy.zone) if trial.base else world
    customers = set(known_customers(true, as_of))
    if trial.bystanders:
        everybody = sorted(customers)
        customers = {customer for customer, moves in zip(everybody, one_half(everybody), strict=True) if not moves}
    changed = trial.perturb(true, as_of, policy.zone)
    assert _rows(true, as_of, policy, customers) == _rows(changed, as_of, policy, customers)


@FEWER
@given(worlds())
def test_a_commitment_known_before_moves_features_of_commitments_alone(drawn: tuple[LedgerRows, AsOf, Policy]) -> None:
    world, as_of, policy = drawn
    customers = set(known_customers(world, as_of))
    booked = ordering(BOOKED)(world, as_of, policy.zone)
    before, after = _rows(world, as_of, policy, customers), _rows(booked, as_of, policy, customers)
    pairs = list(zip(before, after, strict=True))
    moved = {name for old, new in pairs for name in old if repr(old[name]) != repr(new[name])}
    assert moved <= {feature.name for feature in CATALOG if "commitments" in repr(feature.expression)}


@FEWER
@given(worlds())
def test_training_nightly_and_refresh_see_the_same_bits(drawn: tuple[LedgerRows, AsOf, Policy]) -> None:
    world, as_of, policy = drawn
    ledger = world.ledger("as it is")
    beside = [as_of.shifted(days, policy.zone) for days in (-60, 30)]
    training = take_snapshot(ledger, [*beside, as_of], policy).at(as_of)
    nightly = take_snapshot(ledger, [as_of], policy)
    assert _bits(training.table.to_pylist()) == _bits(nightly.table.to_pylist())
    company = company_values(ledger, [as_of], policy)
    for customer in nightly.customer_ids:
        refreshed = take_snapshot(ledger, [as_of], policy, customers=[customer], company=company)
        alone = [row for row in nightly.table.to_pylist() if row["customer_id"] == customer]
        assert _bits(refreshed.table.to_pylist()) == _bits(alone)


def test_a_training_set_holds_what_a_night_saw_at_each_origin() -> None:
    company = invent_company(ends_on=date(2025, 12, 31), seed=5, customers=60, years=2)
    policy = Policy(time_zone="Europe/Berlin")
    ledger = ledger_of(company.orders, company.customers, policy, currency="EUR")
    until = AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone)
    origins = origins_of(until, 90, 90, starts_on=ledger.starts_on, zone=policy.zone)
    learnt = training_set(ledger, origins, 90, policy).snapshot
    for origin in (origins.close[0], origins.close[-1]):
        night = {row["customer_id"]: row for row in take_snapshot(ledger, [origin], policy).table.to_pylist()}
        rows = learnt.at(origin).table.to_pylist()
        assert rows
        assert _bits(rows) == _bits([night[row["customer_id"]] for row in rows])


def _rows(world: LedgerRows, as_of: AsOf, policy: Policy, customers: set[str]) -> list[dict[str, Any]]:
    """The rows of some customers; values as texts, which show every bit of a double."""
    rows = take_snapshot(world.ledger("a world"), [as_of], policy).table.to_pylist()
    return _bits([row for row in rows if row["customer_id"] in customers])


def _bits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: repr(value) for name, value in row.items()} for row in rows]
