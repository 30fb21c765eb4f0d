"""The outcome after an origin: order days, net sales, shortfall and fading, with nothing read from `until` on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from features.ledger.ledger import Ledger
from features.snapshot import take_snapshot
from tests.text_tables import POLICY, at, ledger
from training.dataset.labels import HorizonOutlastsLedgerError, Labels, labels_of

WORLD = ledger(
    """
    customer_id | ordered_at          | amount | known_at
    a           | 2026-01-01T10:00:00 | 100    | 2026-01-01T10:00:00
    a           | 2026-02-01T00:00:00 | 40     | 2026-02-01T00:00:00
    a           | 2026-02-01T18:00:00 | 25     | 2026-02-01T18:00:00
    a           | 2026-02-10T09:00:00 | -15    | 2026-02-10T09:00:00
    a           | 2026-03-02T23:59:59 | 10     | 2026-03-02T23:59:59
    a           | 2026-03-03T00:00:00 | 999    | 2026-03-03T00:00:00
    b           | 2026-01-05T10:00:00 | 50     | 2026-01-05T10:00:00
    b           | 2026-02-20T10:00:00 | 70     | 2026-04-20T10:00:00
    c           | 2026-01-07T10:00:00 | 80     | 2026-01-07T10:00:00
    c           | 2026-02-11T10:00:00 | -5     | 2026-02-11T10:00:00
    d           | 2026-05-01T10:00:00 | 1      | 2026-05-01T10:00:00
    """
)


Told = dict[tuple[str, str], tuple[int, float]]


def labels(world: Ledger, *origins: str, until: str = "2026-04-01", days: int = 30) -> Told:
    snapshot = take_snapshot(world, [at(origin) for origin in origins], POLICY)
    labels = labels_of(world, snapshot, days, until=at(until), policy=POLICY)
    keys = zip(snapshot.table.column("as_of").to_pylist(), snapshot.customer_ids, strict=True)
    return {
        (str(as_of.date()), customer): (int(order_days), float(sales))
        for (as_of, customer), order_days, sales in zip(keys, labels.order_days, labels.net_sales, strict=True)
    }


def test_a_window_holds_its_first_instant_and_not_its_last() -> None:
    # two sales on 1 February are one order day; 40 + 25 - 15 + 10, and not the 999 at the window's end
    assert labels(WORLD, "2026-02-01")["2026-02-01", "a"] == (2, 40 + 25 - 15 + 10)


def test_a_row_that_became_known_on_or_after_until_is_no_label() -> None:
    assert labels(WORLD, "2026-02-01")["2026-02-01", "b"] == (0, 0.0)
    assert labels(WORLD, "2026-02-01", until="2026-04-21")["2026-02-01", "b"] == (1, 70.0)


def test_a_return_is_money_and_no_order() -> None:
    assert labels(WORLD, "2026-02-01")["2026-02-01", "c"] == (0, -5.0)


def test_many_origins_are_labelled_at_once_as_each_alone() -> None:
    together = labels(WORLD, "2026-01-10", "2026-02-01")
    assert together == labels(WORLD, "2026-01-10") | labels(WORLD, "2026-02-01")


def test_a_row_replaced_before_until_is_no_label() -> None:
    corrected = ledger(
        """
        customer_id | ordered_at          | amount | order_id | line_id | known_at
        a           | 2026-01-01T10:00:00 | 100    | o1       | 1       | 2026-01-01T10:00:00
        a           | 2026-02-05T10:00:00 | 500    | o2       | 1       | 2026-02-05T10:00:00
        a           | 2026-02-05T10:00:00 | 60     | o2       | 1       | 2026-02-09T10:00:00
        a           | 2026-04-05T10:00:00 | 1      | o3       | 1       | 2026-04-05T10:00:00
        """
    )
    assert labels(corrected, "2026-02-01")["2026-02-01", "a"] == (1, 60.0)


def test_a_horizon_that_outlasts_the_ledger_is_refused_with_the_last_date_that_works() -> None:
    world = replace(WORLD, ends_on=date(2026, 8, 30))
    with pytest.raises(HorizonOutlastsLedgerError) as refused:
        labels(world, "2026-08-01", until="2026-12-31", days=90)
    assert str(refused.value) == (
        "Cannot label 2026-08-01: its 90-day horizon outlasts the ledger, which ends 2026-08-31. "
        "Choose an as-of date no later than 2026-06-02."
    )


def test_the_shortfall_is_what_is_missing_and_never_below_zero() -> None:
    labels = Labels(order_days=np.array([1, 1, 0]), net_sales=np.array([30.0, 200.0, -10.0]))
    assert labels.shortfall(np.array([100.0, 100.0, 100.0])).tolist() == [100 - 30, 0, 100 + 10]


def test_fading_customers_still_order_but_under_half_of_the_reference_where_three_orders_are_expected() -> None:
    labels = Labels(order_days=np.array([1, 1, 0, 1]), net_sales=np.array([49.0, 50.0, 0.0, 49.0]))
    expected = np.array([3.0, 3.0, 3.0, 2.9])
    assert labels.fading(np.full(4, 100.0), expected, POLICY).tolist() == [True, False, False, False]
