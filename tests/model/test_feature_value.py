"""What a feature of one's own is worth: told on windows not seen, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from features.clock import AsOf
from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import take_snapshot
from tests.text_tables import POLICY, ledger
from training.dataset.labels import labels_of
from training.evaluation.feature_value import NothingToTellError, feature_value_of


@pytest.fixture(scope="module")
def company() -> Ledger:
    made = invent_company(ends_on=date(2025, 12, 31), seed=3, customers=150, years=3)
    return ledger_of(made.orders, None, POLICY, currency="EUR")


def test_a_feature_that_half_knows_the_answer_helps_for_sure(company: Ledger) -> None:
    def answer(held: Ledger, as_ofs: Sequence[AsOf], policy: Policy) -> pa.Table:
        snapshot = take_snapshot(held, as_ofs, policy)
        until = AsOf.parse("2026-01-01", policy.zone)
        churned = labels_of(held, snapshot, 90, until=until, policy=policy).churned
        draws = np.random.default_rng(5).random(len(snapshot))
        return snapshot.table.select(["customer_id", "as_of"]).append_column("hint", pa.array(churned * 0.3 + draws))

    worth = feature_value_of(answer, company, POLICY, horizon_days=90, active_days=90)
    assert worth.features == ("hint",)
    assert worth.improvement.low > 0
    assert worth.brier[1] < worth.brier[0]
    assert "They help" in str(worth)


def test_a_ledger_too_short_for_any_test_is_named() -> None:
    short = ledger("customer_id | ordered_at | amount\na | 2026-01-05 | 10\na | 2026-03-05 | 10\n")
    with pytest.raises(NothingToTellError, match="no window is left"):
        feature_value_of(take_snapshot, short, POLICY, horizon_days=30)
