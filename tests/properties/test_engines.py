"""Laws of the engines: the fast way and the exact statement give the same features of any ledger at any instants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.clock import AsOf
from features.ledger.intake import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot, company_values, exact_snapshot, take_snapshot
from tests.drawn import at, ledger, rows_of

POLICY = Policy(time_zone="America/Sao_Paulo")  # a zone whose summer time began at midnight
BEGIN = datetime(2018, 1, 1, 12)
LATER = st.integers(0, 400 * 24).map(lambda hours: BEGIN + timedelta(hours=hours))
FIRST = {"customer_id": "first", "ordered_at": BEGIN - timedelta(days=40), "amount": "10", "known_at": BEGIN}
NAMES = ("customer_id", "ordered_at", "amount", "known_at", "product_id", "cost", "discount", "order_id", "line_id")

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
)
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


def _ledger(rows: list[dict[str, Any]]) -> Ledger:
    every = [FIRST, *rows]
    table = {
        name: pa.array([row.get(name) for row in every], pa.timestamp("us") if name.endswith("_at") else pa.string())
        for name in NAMES
    }
    return ledger_of(pa.table(table), None, POLICY, currency="EUR")


def _refuse_difference(fast: Snapshot, exact: Snapshot) -> None:
    assert fast.table.schema == exact.table.schema
    for name in exact.table.column_names:
        ours, theirs = fast.table.column(name), exact.table.column(name)
        if pa.types.is_floating(ours.type):
            both = (np.asarray(each.to_numpy(), dtype=float) for each in (ours, theirs))
            np.testing.assert_allclose(*both, rtol=1e-9, atol=0, err_msg=name)
        else:
            assert ours.to_pylist() == theirs.to_pylist(), name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, max_size=25), instants)
def test_the_fast_engine_and_the_exact_statement_agree(rows: list[dict[str, Any]], as_ofs: list[AsOf]) -> None:
    world = _ledger(rows)
    _refuse_difference(take_snapshot(world, as_ofs, POLICY), exact_snapshot(world, as_ofs, POLICY))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, min_size=5, max_size=25), instants)
def test_some_customers_alone_have_the_features_they_have_among_all(
    rows: list[dict[str, Any]], as_ofs: list[AsOf]
) -> None:
    world = _ledger(rows)
    every = take_snapshot(world, as_ofs, POLICY)
    company = company_values(world, as_ofs, POLICY)
    alone = take_snapshot(world, as_ofs, POLICY, customers=["a", "c", "nobody"], company=company)
    mask = np.array([customer in {"a", "c"} for customer in every.customer_ids], dtype=bool)
    assert alone.table.equals(every.where(mask).table)


def test_sums_that_outgrow_64_bits_are_still_exact() -> None:
    lines_of_a = "\n".join(f"a|2025-01-{day:02d}|99999999999999.9999" for day in range(1, 21))
    world = ledger(f"customer_id|ordered_at|amount\n{lines_of_a}")
    found = rows_of(take_snapshot(world, [at("2025-03-01")], Policy()))["a"]
    assert found["net_sales_lifetime"] == pytest.approx(20 * 1e14)
