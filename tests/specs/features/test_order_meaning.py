"""Lines that make an order and lines that do not: postage and fees, zero lines, returns of another period."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from features.policy import Policy, PolicyError, read_policy
from features.snapshot import take_snapshot
from tests.specs.ingested import Ingest
from tests.text_tables import at, ledger, seen
from training.dataset.horizon import gap_curve
from training.dataset.labels import labels_of

FEES = Policy(non_product_codes=("POST", "ADJUST*"))
LINES = """
customer_id | ordered_at | amount | product_id | category
a           | 2026-01-01 | 40     | p          | tools
a           | 2026-01-01 | 5      | POST       | freight
a           | 2026-01-11 | 7      | POST       | freight
a           | 2026-01-21 | -3     | ADJUST2    |
a           | 2026-01-31 | 60     |            | tools
"""


def test_a_non_product_line_counts_in_money_and_makes_no_order_no_return_and_no_product() -> None:
    row = seen(ledger(LINES, policy=FEES), "2026-03-01", "a", policy=FEES)
    assert row["net_sales_365_days"] == 40 + 5 + 7 - 3 + 60
    assert row["gross_sales_365_days"] == 40 + 5 + 7 + 60
    assert row["order_days_365_days"] == 2  # 1 and 31 January
    assert row["gap_longest_days"] == 30
    assert row["order_size_mean_365_days"] == (40 + 5 + 7 + 60) / 2
    assert row["returns_share_365_days"] == 0
    assert row["products_365_days"] == 1  # p; the second order names none
    assert row["categories_365_days"] == 1  # tools


def test_without_codes_every_line_is_of_a_product() -> None:
    row = seen(ledger(LINES), "2026-03-01", "a")
    assert row["order_days_365_days"] == 3
    assert row["returns_share_365_days"] == pytest.approx(3 / (40 + 5 + 7 + 60))


def test_who_only_paid_postage_never_ordered() -> None:
    world = ledger("customer_id | ordered_at | amount | product_id\na | 2026-01-01 | 5 | POST", policy=FEES)
    assert seen(world, "2026-02-01", "a", policy=FEES)["last_order_on"] is None


def test_postage_alone_is_a_window_without_an_order_day_and_ends_no_gap() -> None:
    world = ledger(LINES, policy=FEES)
    snapshot = take_snapshot(world, [at("2026-01-05")], FEES)
    labels = labels_of(world, snapshot, 20, until=at("2026-01-30"), policy=FEES)
    assert labels.churned.tolist() == [True]
    assert labels.net_sales.tolist() == [7 - 3]
    assert gap_curve(world, FEES, at("2026-02-15")).days.tolist() == [30]


def test_a_zero_line_is_kept_and_is_no_order() -> None:
    world = ledger("customer_id | ordered_at | amount\na | 2026-01-01 | 10\na | 2026-01-05 | 0\nb | 2026-01-05 | 0")
    assert seen(world, "2026-01-10", "a")["last_order_on"].isoformat() == "2026-01-01"
    prospect = seen(world, "2026-01-10", "b")
    assert prospect["order_days_lifetime"] == 0
    assert prospect["net_sales_lifetime"] == 0


def test_a_customer_who_only_returns_has_money_below_0_and_no_order() -> None:
    world = ledger("customer_id | ordered_at | amount\na | 2026-01-05 | -20\nb | 2026-01-05 | 1")
    row = seen(world, "2026-01-10", "a")
    assert row["net_sales_lifetime"] == -20
    assert row["order_days_lifetime"] == 0
    assert row["last_order_on"] is None
    assert row["returns_share_lifetime"] is None  # nothing was sold that could come back


def test_a_return_in_another_period_takes_off_the_period_it_comes_in() -> None:
    world = ledger("customer_id | ordered_at | amount\na | 2025-01-05 | 100\na | 2026-01-05 | 10\na | 2026-01-06 | -40")
    row = seen(world, "2026-01-10", "a")
    assert row["net_sales_30_days"] == 10 - 40
    assert row["net_sales_730_days"] == 100 + 10 - 40
    assert row["returns_share_365_days"] == 40 / 10  # above 1: the sale lies before the window
    assert row["returns_share_lifetime"] == 40 / (100 + 10)
    assert row["last_order_on"].isoformat() == "2026-01-05"


def test_the_reconciliation_counts_non_product_lines_beside_returns(bring: Ingest) -> None:
    lines = (
        "customer_id,ordered_at,amount,product_id\na,2026-01-01,5,POST\na,2026-01-02,-3,ADJUST2\na,2026-01-02,-1,p\n"
    )
    account = bring(lines, policy=FEES)
    assert (account.non_products.rows, account.non_products.money) == (2, {"XXX": Decimal(5 - 3)})
    assert account.returns.rows == 1


def test_codes_come_as_a_list_of_strings(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('non_product_codes = ["POST", "ADJUST*"]\n')
    assert read_policy(path) == FEES
    assert read_policy(path).digest == FEES.digest


@pytest.mark.parametrize("text", ['"POST"', "[5]", '["*"]', '[""]'])
def test_codes_that_cannot_hold_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"non_product_codes = {text}\n")
    with pytest.raises(PolicyError, match="non_product_codes"):
        read_policy(path)
