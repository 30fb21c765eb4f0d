"""A published night, written by hand: what API and page read, without a ledger or a model."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from features.home import Home
from features.ledger.store.database import open_store
from features.policy import Policy
from serving.decisions.call_list import call_lists
from serving.decisions.list_notes import CompanyContext
from serving.decisions.portfolios import ScoredCustomer
from serving.publication.publish import RunInputs, publish

NOW = datetime(2026, 9, 1, 4, 30, tzinfo=UTC)
MADE = RunInputs(
    as_of=datetime(2026, 9, 1, tzinfo=UTC),
    as_of_day=date(2026, 9, 1),
    model_version="lightgbm 3",
    bundle_digest="b" * 64,
    ledger_digest="1" * 64,
    policy_digest="a" * 64,
    currency="GBP",
    horizon_days=90,
    made_up=True,
)
COMPANY = CompanyContext(
    as_of_day=date(2026, 9, 1),
    currency="GBP",
    horizon_days=90,
    active_days=90,
    active_customers=6,
    key_accounts=1,
    largest_name="Brightwell & Daughters",
    largest_share=0.14,
    model_version="lightgbm 3",
    is_rule=False,
    model_note="",
    ledger_ends_on=date(2026, 8, 31),
)


def row(customer_id: str, manager_id: str | None, value_at_risk: float, **changes: Any) -> dict[str, Any]:
    """One customer's score and details."""
    return {
        "customer_id": customer_id,
        "name": customer_id.title(),
        "group_id": customer_id,
        "company_share": 0.019,
        "manager_id": manager_id,
        "is_key_for_manager": False,
        "population": "active",
        "is_newcomer": False,
        "churn_probability": 0.62,
        "churn_low": 0.5,
        "churn_high": 0.7,
        "decline_probability": 0.7,
        "reference_sales": 5_000.0,
        "expected_sales": 3_000.0,
        "value_at_risk": value_at_risk,
        "value_at_risk_low": 0.8 * value_at_risk,
        "value_at_risk_high": 1.1 * value_at_risk,
        "at_risk": True,
        "at_risk_because": "overdue: an order was due after 30 days, silent for 41; "
        "62 % chance of no order in 90 days (40 % is usual)",
        "overdue_days": 11.0,
        "rung": "regular",
        "is_key_account": False,
        "key_reasons": None,
        "reasons": "usually orders every 18 days, silent for 41 days; 18,000 GBP a year, 1.9 % of our sales",
        "sales_365_days": 18_250.5,
        "last_order_on": date(2026, 7, 22),
        "own_rhythm_days": 18.0,
        "silent_days": 41,
        "contact_person": None,
        "last_contact_on": None,
        "last_words": None,
        "open_complaints": None,
        "language": None,
    } | changes


ROWS = (
    row(
        "brightwell",
        "Ann",
        31_400.0,
        name="Brightwell & Daughters",
        is_key_account=True,
        key_reasons="14 % of our sales",
    ),
    row(
        "corner shop",
        "Ann",
        2_100.0,
        contact_person="Joe (buyer)",
        last_contact_on=date(2026, 7, 20),
        last_words="<b>call back</b>",
        open_complaints=2,
        language="de",
    ),
    row("newby", "Ann", 800.0, is_newcomer=True, own_rhythm_days=None, reasons="new customer: one order so far"),
    row("calm", "Ann", 100.0, at_risk=False, at_risk_because=None),
    row("a/b <b>", "Bob", 900.0, name="<script>alert(1)</script>"),
    row("nobody's", None, 50.0),
)


def published(folder: Path, rows: tuple[dict[str, Any], ...] = ROWS) -> Home:
    """A home in which one night has published those rows."""
    home = Home(folder)
    with open_store(home) as store:
        lists = call_lists([ScoredCustomer.of(score) for score in rows], COMPANY, Policy())
        publish(store, MADE, scores=rows, lists=lists, newest_batch=0, now=NOW)
    return home
