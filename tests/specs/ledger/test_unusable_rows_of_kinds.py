"""Which rows of the other kinds cannot be used, and which of their values are set aside instead."""

from __future__ import annotations

import pytest

from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy
from tests.specs.ingested import Ingest, reasons

BAD_ROWS = [
    ("contacts", "customer,date", "a,2026-01-05", ",2026-01-05", QuarantineReason.CUSTOMER),
    ("contacts", "customer,date", "a,2026-01-05", "a,someday", QuarantineReason.WHEN),
    ("contacts", "customer,date,listed_on", "a,2026-01-05,2026-01-05", "a,2026-01-05,2026-01-06",
    QuarantineReason.CONTRADICTION), ("complaints", "customer,opened,closed", "a,2026-01-05 14:30,2026-01-05",
    "a,2026-01-05,2026-01-04",
     QuarantineReason.CONTRADICTION),
    ("complaints", "customer,opened,answered", "a,2026-01-05 09:00,2026-01-05 10:00",
     "a,2026-01-05 14:30,2026-01-05 10:00", QuarantineReason.CONTRADICTION),
    ("complaints", "customer,opened,known_at", "a,2026-01-05,", "a,2026-01-05,soon", QuarantineReason.KNOWN_AT),
    ("surveys", "customer,date,score", "a,2026-01-05,0", "a,2026-01-05,good", QuarantineReason.NUMBER),
    ("surveys", "customer,date,score", "a,2026-01-05,10", "a,2026-01-05,11", QuarantineReason.SCALE),
    ("surveys", "customer,date,score,score_max", "a,2026-01-05,85,100", "a,2026-01-05,-1,100", QuarantineReason.SCALE),
    ("payments", "customer,invoice date,paid,amount", "a,2026-01-05 09:00,2026-01-05,1", "a,2026-01-05,2026-01-04,1",
     QuarantineReason.CONTRADICTION),
    ("payments", "customer,invoice date,amount,currency", "a,2026-01-05,1,EUR", "a,2026-01-05,1,EURO",
    QuarantineReason.CURRENCY), ("payments", "customer,invoice date,amount", "a,2026-01-05,1", "a,2026-01-05,",
    QuarantineReason.AMOUNT), ("events", "customer,event,date", ",closed,2026-01-05", "a,rained,2026-01-05",
    QuarantineReason.WORD), ("events", "event,date,until", "closed,2026-01-05,2026-01-06",
    "closed,2026-01-05,2026-01-05",
     QuarantineReason.CONTRADICTION),
    ("managers", "manager,name", "m1,Maria", ",Mark", QuarantineReason.MANAGER),
    ("managers", "manager,absent from,absent until", "m1,2026-01-05,2026-01-06", "m2,2026-01-05,2026-01-05",
     QuarantineReason.CONTRADICTION),
    ("calls", "customer,called at", "a,2026-01-05", "a,1066-10-14", QuarantineReason.WHEN_IMPOSSIBLE),
    ("outcomes", "customer,date,outcome", "a,2026-01-05,ordered", "a,2026-01-05,", QuarantineReason.OUTCOME),
    ("rates", "currency,date,rate", "USD,2026-01-05,0.9", "USD,2026-01-05,0", QuarantineReason.NUMBER),
    ("rates", "currency,date,rate", "USD,2026-01-05,0.9", "USD,2026-01-05,-0.9", QuarantineReason.NUMBER),
    ("rates", "currency,date,rate", "USD,2026-01-05,0.9", ",2026-01-05,0.9", QuarantineReason.CURRENCY),
    ("rates", "currency,date,rate", "USD,2026-01-05,0.9", "US$,2026-01-05,0.9", QuarantineReason.CURRENCY),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "header", "good", "bad", "reason"), BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_reason_and_the_good_one_is_kept(
    kind: str, header: str, good: str, bad: str, reason: QuarantineReason, bring: Ingest
) -> None:
    account = bring(f"{header}\n{good}\n{bad}\n", kind)
    assert reasons(account) == {reason: 1}
    assert (account.accepted.rows, account.quarantine[0].line) == (1, 3)


@pytest.mark.parametrize(
    ("kind", "header", "row", "column"),
    [
        ("contacts", "customer,date,channel", "a,2026-01-05,pigeon", "channel"),
        ("contacts", "customer,date,direction", "a,2026-01-05,sideways", "began_by"),
        ("calls", "customer,called at,arm", "a,2026-01-05,maybe", "arm"),
        ("calls", "customer,called at,propensity", "a,2026-01-05,0", "arm_probability"),
        ("calls", "customer,called at,propensity", "a,2026-01-05,1.2", "arm_probability"),
        ("customers", "customer,blacklisted", "a,perhaps", "blacklisted"),
        ("customers", "customer,key account", "a,strategic; pretty", "key_mark"),
        ("customers", "customer,potential", "a,much", "potential_sales"),
        ("customers", "customer,potential", "a,-1", "potential_sales"),
        ("complaints", "customer,opened,resolved", "a,2026-01-05,never", "closed_at"),
        ("payments", "customer,invoice date,amount,due", "a,2026-01-05,1,30 days", "due_on"),
    ],
)
def test_an_optional_value_that_cannot_be_used_is_set_aside_and_counted(
    kind: str, header: str, row: str, column: str, bring: Ingest
) -> None:
    account = bring(f"{header}\n{row}\n", kind)
    assert (account.accepted.rows, account.set_aside) == (1, {column: 1})


def test_the_scale_of_surveys_that_name_none_is_the_policy_s(bring: Ingest) -> None:
    text = "customer,date,score\na,2026-01-05,85\n"
    assert reasons(bring(text, "surveys")) == {QuarantineReason.SCALE: 1}
    assert bring(text, "surveys", policy=Policy(survey_score_max=100)).accepted.rows == 1


def test_arm_none_is_an_arm_and_no_gap(bring: Ingest) -> None:
    account = bring("customer,called at,arm\na,2026-01-05,none\nb,2026-01-05,None\n", "calls")
    assert (account.accepted.rows, account.set_aside) == (2, {})


def test_a_currency_beside_the_potential_of_customers_is_pointed_at(bring: Ingest) -> None:
    account = bring("customer,potential,currency\na,100,USD\n", "customers")
    assert account.columns_unused == ("currency",)
    assert [said for said in account.remarks if "'currency' beside it was not read" in said]
