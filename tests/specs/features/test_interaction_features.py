"""Every feature of contacts, complaints, surveys and people, on drawn rows, with the sum that gives it."""

from __future__ import annotations

from typing import Any

import pytest

from features.catalog.interactions import INTERACTIONS
from features.ledger.ledger import Ledger
from tests.text_tables import ledger, seen

ORDERS = """
    customer_id | ordered_at | amount
    a           | 2025-01-10 | 10
    a           | 2026-05-30 | 10
    b           | 2025-01-10 | 10
    c           | 2025-01-10 | 10
    """
NAMES = {feature.name for feature in INTERACTIONS}


def known(world: Ledger, as_of: str, customer: str) -> dict[str, Any]:
    """The known interaction features of a customer."""
    row = seen(world, as_of, customer)
    return {name: row[name] for name in NAMES if row[name] is not None}


CONTACTS = ledger(
    ORDERS,
    contacts="""
    customer_id | contacted_at     | began_by | listed_on
    a           | 2025-08-01T10:00 | us       |
    a           | 2026-04-20T10:00 | us       |
    a           | 2026-05-20T10:00 | customer |
    a           | 2026-06-05T10:00 | customer |
    a           | 2026-06-20T10:00 | us       | 2026-06-20
    c           | 2026-06-10T10:00 |          |
    """,
)


def test_silence_is_counted_from_the_last_contact_that_no_call_list_began_and_from_that_of_each_side() -> None:
    assert known(CONTACTS, "2026-07-01", "a") == {
        "days_since_last_contact": 26,  # 5 June; the call of 20 June was listed
        "days_since_our_last_contact": 72,
        "days_since_its_last_contact": 26,
        "last_contact_by_us": 0,
        "contacts_30_days": 1,
        "contacts_90_days": 3,
        "contacts_365_days": 4,
        "contacts_by_us_30_days": 0,
        "contacts_by_us_90_days": 1,
        "contacts_by_us_365_days": 2,
        "contacts_by_customer_30_days": 1,
        "contacts_by_customer_90_days": 2,
        "contacts_by_customer_365_days": 2,
        "days_from_last_contact_to_last_order": 26 - 32,  # in contact since it ordered on 30 May
    }


def test_nobody_spoke_is_zero_only_where_contacts_are_recorded() -> None:
    assert set(known(CONTACTS, "2026-07-01", "b").values()) == {0}
    assert known(CONTACTS, "2025-08-01T12:00", "a").keys() == {  # the first contact of all came today
        "days_since_last_contact",
        "days_since_our_last_contact",
        "last_contact_by_us",
        "days_from_last_contact_to_last_order",
    }


def test_where_no_contact_names_who_began_it_nobody_is_said_to_have_begun_none() -> None:
    assert known(CONTACTS, "2026-07-01", "c") == {
        "days_since_last_contact": 21,
        "contacts_30_days": 1,
        "contacts_90_days": 1,
        "contacts_365_days": 1,
        "days_from_last_contact_to_last_order": 21 - 537,
    }


COMPLAINTS = ledger(
    ORDERS,
    complaints="""
    customer_id | complaint_id | complaint_kind | opened_at        | answered_at      | closed_at        | known_at
    a           | 1            | late           | 2025-09-01T10:00 | 2025-09-03T10:00 | 2025-09-10T10:00 | 2025-09-02
    a           | 2            | late           | 2026-05-01T10:00 | 2026-05-11T10:00 |                  | 2026-05-02
    a           | 3            | broken         | 2026-06-22T10:00 |                  |                  | 2026-06-25
    c           | 4            |                | 2026-06-01T10:00 |                  | 2026-06-30T23:00 | 2026-06-02
    """,
)


def test_complaints_are_counted_as_open_repeated_and_answered() -> None:
    assert known(COMPLAINTS, "2026-07-01", "a") == {
        "complaints_open": 2,
        "complaint_open_days": 61,
        "complaints_365_days": 3,
        "complaints_repeated_365_days": 3 - 2,  # late twice
        "complaint_answer_mean_days": (2 + 10) / 2,
        "days_since_last_complaint": 9,
    }


def test_a_complaint_known_late_is_not_seen_before_and_an_answer_not_before_it_is_given() -> None:
    assert known(COMPLAINTS, "2026-06-24", "a")["complaints_open"] == 1
    assert known(COMPLAINTS, "2026-06-26", "a")["complaints_open"] == 2
    assert "complaint_answer_mean_days" in known(COMPLAINTS, "2026-05-11T10:00:01", "a")
    assert known(COMPLAINTS, "2026-05-11T10:00", "a")["complaint_answer_mean_days"] == 2
    assert known(COMPLAINTS, "2026-06-30T23:00", "c")["complaints_open"] == 1
    assert known(COMPLAINTS, "2026-07-01", "c")["complaints_open"] == 0


def test_without_a_kind_nobody_knows_whether_a_complaint_repeats_one() -> None:
    assert "complaints_repeated_365_days" not in known(COMPLAINTS, "2026-07-01", "c")
    assert set(known(COMPLAINTS, "2026-07-01", "b").values()) == {0}
    assert known(COMPLAINTS, "2025-09-01", "b") == {}


def test_surveys_are_shares_of_the_best_answer_and_compared_with_the_year_before() -> None:
    world = ledger(
        ORDERS,
        surveys="""
        customer_id | answered_at      | score | score_max
        a           | 2025-05-01T10:00 | 9     | 10
        a           | 2025-10-01T10:00 | 4     | 5
        a           | 2026-06-21T10:00 | 3     | 10
        """,
    )
    assert known(world, "2026-07-01", "a") == pytest.approx(
        {
            "survey_score_last_share": 0.3,
            "survey_score_mean_365_days_share": (0.8 + 0.3) / 2,
            "survey_score_change": (0.8 + 0.3) / 2 - 0.9,
            "days_since_last_survey": 10,
        }
    )
    assert known(world, "2025-06-01", "a").keys() == {
        "survey_score_last_share",
        "survey_score_mean_365_days_share",
        "days_since_last_survey",
    }
    assert known(world, "2026-07-01", "b") == {}


def test_people_and_levels_are_counted_as_they_are_known() -> None:
    world = ledger(
        ORDERS,
        """
        customer_id | name | person | person_level | known_at
        a           | A    | Ann    | owner        | 2025-01-10
        a           | A    | Bob    | buyer        | 2025-01-10
        a           | A    | Cy     | buyer        | 2026-06-10
        c           | C    | Dan    |              | 2025-01-10
        """,
    )
    assert known(world, "2026-06-10", "a") == {"people_known": 2, "levels_known": 2}
    assert known(world, "2026-07-01", "a") == {"people_known": 3, "levels_known": 2}
    assert known(world, "2026-07-01", "b") == {"people_known": 0, "levels_known": 0}
    assert known(world, "2026-07-01", "c") == {"people_known": 1}


def test_a_new_buyer_owner_or_supplier_is_counted_from_when_it_was_known() -> None:
    world = ledger(
        ORDERS,
        events="""
        customer_id | event          | happened_at      | known_at
        a           | buyer_changed  | 2024-12-30T10:00 | 2025-02-01T10:00
        a           | buyer_changed  | 2026-05-02T10:00 | 2026-06-01T10:00
        a           | supplier_added | 2026-06-30T10:00 | 2026-06-30T10:00
        """,
    )
    assert known(world, "2026-06-01", "a") == {"buyer_changes_365_days": 0, "days_since_buyer_change": 518}
    assert known(world, "2026-07-01", "a") == {
        "buyer_changes_365_days": 1,
        "days_since_buyer_change": 60,
        "new_suppliers_365_days": 1,
        "days_since_new_supplier": 1,
    }
    assert known(world, "2026-07-01", "b") == {"buyer_changes_365_days": 0, "new_suppliers_365_days": 0}
