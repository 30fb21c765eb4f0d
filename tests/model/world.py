"""One made-up company with its windows, shared by the tests of models; small enough for a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Snapshot, take_snapshot
from tests.text_tables import POLICY, at
from training.dataset.folds import Origins, origins_of
from training.dataset.training_set import TrainingSet, training_set
from training.fitting.learner import TrainingContext
from training.selection.winner import Winner, choose_winner

UNTIL = "2026-01-01"
HORIZON = 90


@dataclass(frozen=True)
class ModelWorld:
    ledger: Ledger
    policy: Policy
    origins: Origins
    rows: TrainingSet
    now: Snapshot


@cache
def world() -> ModelWorld:
    company = invent_company(ends_on=date(2025, 12, 31), seed=3, customers=260, years=3)
    ledger = ledger_of(company.orders, company.customers, POLICY, currency="EUR")
    until = at(UNTIL)
    origins = origins_of(until, HORIZON, HORIZON, starts_on=ledger.starts_on, zone=POLICY.zone)
    rows = training_set(ledger, origins, HORIZON, POLICY)
    return ModelWorld(ledger, POLICY, origins, rows, take_snapshot(ledger, [until], POLICY))


@cache
def drafted(seed: int = 5) -> Winner:
    here = world()
    return choose_winner(context(here, seed), active_days=HORIZON, step=lambda _step: None)


def context(here: ModelWorld, seed: int) -> TrainingContext:
    return TrainingContext(here.ledger, here.rows, here.now, here.origins, here.policy, seed)
