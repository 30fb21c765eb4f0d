"""The call list (docs/domain.md 17): its customers, their order, and the notes above it."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from features.policy import Policy
from serving.decisions.call_list import LIST_COLUMNS, CallList, Section, call_lists
from serving.decisions.list_notes import CompanyContext
from serving.decisions.portfolios import ScoredCustomer, list_ids

POLICY = Policy()
COMPANY = CompanyContext(
    as_of_day=date(2026, 9, 1),
    currency="GBP",
    horizon_days=90,
    active_days=90,
    active_customers=600,
    key_accounts=2,
    largest_name="Brightwell",
    largest_share=0.14,
    model_version="lightgbm 3",
    is_rule=False,
    model_note="",
    ledger_ends_on=date(2026, 8, 31),
)


def customer(customer_id: str, value_at_risk: float | None = 100.0, **changes: object) -> ScoredCustomer:
    drawn = ScoredCustomer(
        customer_id=customer_id,
        name=customer_id.title(),
        group_id=customer_id,
        manager_id=None,
        population="active",
        is_newcomer=False,
        is_key_account=False,
        is_key_for_manager=False,
        at_risk=True,
        at_risk_because="overdue",
        reasons="usually orders every 18 days",
        value_at_risk=value_at_risk,
        sales_365_days=4_000.005,
        last_order_on=date(2026, 7, 1),
        own_rhythm_days=18.4,
        silent_days=62,
        contact_person="Joe (buyer)",
        last_contact_on=date(2026, 6, 30),
        last_words="will order soon",
        open_complaints=1,
        language="de",
    )
    return dataclasses.replace(drawn, **changes)  # type: ignore[arg-type]


def only_list(*customers: ScoredCustomer, company: CompanyContext = COMPANY, policy: Policy = POLICY) -> CallList:
    (call_list,) = call_lists(customers, company, policy)
    return call_list


def ids(call_list: CallList) -> list[str]:
    return [line.customer_id for line in call_list.lines]


def test_the_columns_are_those_of_the_door_in_its_order() -> None:
    assert ", ".join(LIST_COLUMNS) == (
        "rank, customer_id, name, is_key_account, at_risk_because, reasons, value_at_risk, sales_365_days, "
        "last_order_on, own_rhythm_days, silent_days, play, contact_person, last_contact_on, last_words, "
        "open_complaints, language"
    )


def test_key_accounts_come_first_then_money_then_the_id() -> None:
    call_list = only_list(
        customer("small", 10), customer("b", 500), customer("a", 500), customer("key", 1, is_key_account=True)
    )
    assert ids(call_list) == ["key", "a", "b", "small"]
    assert [line.rank for line in call_list.lines] == [1, 2, 3, 4]


def test_who_is_not_at_risk_is_not_called() -> None:
    assert ids(only_list(customer("calm", at_risk=False), customer("shaky"))) == ["shaky"]


def test_who_has_nothing_to_lose_gets_no_call_unless_it_is_key() -> None:
    call_list = only_list(customer("empty", 0), customer("key", 0, is_key_account=True))
    assert ids(call_list) == ["key"]
    assert call_list.notes == ("1 customer at risk with nothing to lose: no call.",)


def test_where_a_rule_knows_no_money_the_customer_is_still_called_last() -> None:
    assert ids(only_list(customer("unknown", None), customer("known", 1))) == ["known", "unknown"]


def test_a_manager_gets_as_many_lines_as_the_policy_says_and_is_told_how_many_are_left() -> None:
    call_list = only_list(*(customer(f"c{n:02}", n + 1) for n in range(25)))
    assert (len(call_list.lines), call_list.lines[0].customer_id) == (20, "c24")
    assert "25 customers at risk are worth a call; these are the 20 with the most at stake." in call_list.notes


def test_newcomers_with_enough_at_stake_stand_after_the_others_in_their_own_section() -> None:
    call_list = only_list(
        customer("new", 900, is_newcomer=True),
        customer("old", 500),
        customer("new key", 5, is_newcomer=True, is_key_account=True),
        customer("new small", 1, is_newcomer=True),
        policy=Policy(lines_per_manager=3),
    )
    assert ids(call_list) == ["new key", "old", "new"]
    assert call_list.sections == (Section.KEY_ACCOUNTS, Section.CUSTOMERS, Section.NEWCOMERS)


def test_each_manager_has_a_list_and_those_without_one_have_theirs() -> None:
    lists = call_lists(
        [customer("x", manager_id="Zoe"), customer("y", manager_id="Al"), customer("z")], COMPANY, POLICY
    )
    assert [(call_list.title, call_list.manager_id, ids(call_list)) for call_list in lists] == [
        ("Al", "Al", ["y"]),
        ("Zoe", "Zoe", ["x"]),
        ("without a manager", None, ["z"]),
    ]


def test_where_there_are_no_managers_there_is_one_list_for_everyone() -> None:
    assert only_list(customer("x")).title == "everyone"
    assert only_list().lines == ()


def test_a_key_account_of_one_manager_alone_is_first_on_that_list_without_being_called_key() -> None:
    call_list = only_list(customer("rich", 900), customer("mine", 5, is_key_for_manager=True))
    assert ids(call_list) == ["mine", "rich"]
    assert not call_list.lines[0].is_key_account


def test_money_is_in_cents_and_the_rhythm_in_whole_days() -> None:
    (line,) = only_list(customer("x", 1 / 3)).lines
    assert (line.value_at_risk, line.own_rhythm_days) == (0.33, 18)


def test_list_ids_are_safe_and_never_alike() -> None:
    names = ["../../etc/passwd", "Ann Lee", "ann-lee", "con", "经理", "", "A" * 300]
    list_id_of = list_ids([*names, None])
    assert list_id_of["../../etc/passwd"] == "etc-passwd"
    assert list_id_of[None] == "without-a-manager"
    assert len(set(list_id_of.values())) == len(list_id_of)
    assert all(set(list_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for list_id in list_id_of.values())
    assert list_id_of["con"].startswith("con-") and list_id_of["经理"].startswith("manager-")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"largest_share": 0.073, "key_accounts": 0},
            "Nobody brings more than 10 % of our sales (the largest, Brightwell, brings 7.3 %), "
            "so the list is sorted by money.",
        ),
        ({"largest_name": None, "largest_share": None}, "No customer bought anything in the last 365 days."),
        (
            {"active_customers": 31},
            "Only 31 customers active: too few to prove any ranking. The reasons are facts; the order is only a hint.",
        ),
        (
            {"active_customers": 0},
            "No customer is active: too few to prove any ranking. The reasons are facts; the order is only a hint.",
        ),
        (
            {"is_rule": True, "model_version": "rule: recency"},
            "Ranked by a simple rule (recency); no model has proved better.",
        ),
        ({"model_note": "Weakly proven: 2 windows."}, "Weakly proven: 2 windows."),
        (
            {"ledger_ends_on": date(2026, 4, 1)},
            # 1 Apr to 31 Aug: 152 days
            "The ledger stopped on 1 Apr 2026, 152 days before: silences below may be missing orders. "
            "Update the ledger before calling.",
        ),
    ],
)
def test_the_notes_say_what_the_list_stands_on(changes: dict[str, object], expected: str) -> None:
    company = dataclasses.replace(COMPANY, **changes)  # type: ignore[arg-type]
    assert expected in only_list(customer("brightwell"), company=company).notes


def test_a_manager_is_not_told_the_name_of_somebody_elses_customer() -> None:
    company = dataclasses.replace(COMPANY, largest_share=0.073, key_accounts=0)
    mine, yours = customer("brightwell", manager_id="Al"), customer("x", manager_id="Bo")
    al, bo = call_lists([mine, yours], company, POLICY)
    assert "(the largest, Brightwell, brings 7.3 %)" in al.notes[0]
    assert "(the largest brings 7.3 %)" in bo.notes[0]


def test_a_healthy_list_needs_no_notes() -> None:
    assert only_list(customer("x")).notes == ()


def test_a_manager_over_the_limit_of_key_accounts_is_told_so_counting_groups_once() -> None:
    keys = [customer(f"k{n}", manager_id="Al", is_key_account=True) for n in range(4)]
    branch = customer("k0 branch", manager_id="Al", is_key_account=True, group_id="k0")
    (over,) = call_lists([*keys, branch], COMPANY, POLICY)
    (within,) = call_lists([*keys[:3], branch], COMPANY, POLICY)
    assert over.notes == ("Al has 4 key accounts; one manager can care for 3. Hand some over.",)
    assert within.notes == ()


def test_key_accounts_without_a_manager_are_named_as_such() -> None:
    lists = call_lists([customer("k", is_key_account=True), customer("x", manager_id="Al")], COMPANY, POLICY)
    assert lists[1].notes == ("1 key account without a manager: each needs one by name.",)


def test_key_accounts_that_are_all_well_are_said_to_be() -> None:
    call_list = only_list(customer("k", is_key_account=True, at_risk=False), customer("x"))
    assert call_list.notes == (
        "No key account here is at risk (there is 1): K silent for 62 days, usually orders every 18 days.",
    )


def test_an_empty_list_says_so() -> None:
    assert only_list(customer("calm", at_risk=False)).notes == ("No calls today: no customer here is at risk.",)
