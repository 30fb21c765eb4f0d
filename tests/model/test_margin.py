"""Value at risk in margin: only where costs are known for enough of what the whole company sells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.snapshot import take_snapshot
from models.margin import Margin
from tests.model.test_bundle import bundle_of
from tests.text_tables import POLICY, at, ledger
from training.dataset.folds import origins_of
from training.dataset.training_set import TrainingSet, training_set
from training.fitting.company_profile import margin_of
from training.selection.winner import bare_rule

LINES = """
    customer_id | ordered_at | amount | cost
    rich        | 2026-01-05 | 600    | 300
    poor        | 2026-01-06 | 200    | 180
    unknown     | 2026-01-07 | {amount} |
    rich        | 2026-03-31 | 1      | 1
    """


def windows(unknown_sales: int) -> TrainingSet:
    sold = ledger(LINES.format(amount=unknown_sales))
    origins = origins_of(at("2026-04-01"), 30, 30, starts_on=sold.starts_on, zone=POLICY.zone)
    newest = replace(origins, close=(at("2026-02-05"),), spaced=(at("2026-02-05"),))
    return training_set(sold, newest, 40, POLICY)


def test_the_companys_margin_is_that_of_the_sales_whose_costs_are_known() -> None:
    found = margin_of(windows(100), POLICY)
    assert found is not None
    assert found.share == pytest.approx((300 + 20) / (600 + 200))
    assert found.cover == pytest.approx((600 + 200) / (600 + 200 + 100))


def test_with_costs_known_for_under_four_fifths_of_sales_money_stays_sales() -> None:
    assert margin_of(windows(250), POLICY) is None  # 800 of 1,050


def test_value_at_risk_is_the_accounts_own_margin_and_the_companys_where_costs_are_unknown() -> None:
    rows = windows(100)
    here = rows.snapshot
    sales = bundle_of(bare_rule(30, ""))
    margin = replace(sales, margin=Margin(0.4, 0.89))
    in_sales, in_margin = (bundle.score(here).column("value_at_risk").to_numpy() for bundle in (sales, margin))
    left = dict(zip(here.customer_ids, in_margin / in_sales, strict=True))
    assert left == {"poor": pytest.approx(20 / 200), "rich": pytest.approx(300 / 600), "unknown": pytest.approx(0.4)}
    assert margin.score(here).column("reference_sales").equals(sales.score(here).column("reference_sales"))


def test_nothing_is_at_risk_where_sales_bring_a_loss() -> None:
    sold = ledger("""
        customer_id | ordered_at | amount | cost
        loss        | 2026-01-05 | 100    | 130
        """)
    assert Margin(0.4, 1.0).of(take_snapshot(sold, [at("2026-02-05")], POLICY)).tolist() == [0.0]
