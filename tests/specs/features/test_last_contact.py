"""Before a call (docs/domain.md 17): contact person, language, last contact and last words."""

from __future__ import annotations

from typing import Any

from features.ledger.ledger import Ledger
from features.standing.last_contact import last_contacts_at
from serving.nightly import lists_of
from serving.scores import score_customers
from tests.specs.serving.test_scores import BARE_RULE
from tests.text_tables import POLICY, at, day, ledger

ORDERS = """
    customer_id | ordered_at | known_at
    a           | 2026-01-01 | 2026-01-01
    b           | 2026-01-01 | 2026-01-01
"""


def contact_of(world: Ledger, as_of: str, customer: str = "a") -> dict[str, Any]:
    """The known contact columns of a customer on a list."""
    with world.open() as connection:
        rows = last_contacts_at(connection, at(as_of)).to_pylist()
    (row,) = [row for row in rows if row["customer_id"] == customer] or [{}]
    return {name: value for name, value in row.items() if value is not None and name != "customer_id"}


def ledger_with(**others: str) -> Ledger:
    orders = ORDERS.replace("| known_at", "| amount | known_at").replace("| 2026-01-01\n", "| 10 | 2026-01-01\n")
    return ledger(orders, others.pop("customers", None), history=False, **others)


CONTACTS = ledger_with(
    contacts="""
    customer_id | contact_id | contacted_at     | person | words             | listed_on  | known_at
    a           | 1          | 2026-02-01 10:00 | Joe    | asked for a price |            | 2026-02-01 10:00
    a           | 2          | 2026-03-01 10:00 |        |                   | 2026-03-01 | 2026-03-05 10:00
    a           | 3          | 2026-04-01 10:00 | Sue    | will order        |            | 2026-04-01 10:00
    """,
    complaints="""
    customer_id | complaint_id | opened_at  | words        | known_at
    a           | 7            | 2026-02-10 | came in bits | 2026-02-12
    """,
)


def test_the_newest_contact_known_then_counts_also_one_that_a_call_list_began() -> None:
    assert contact_of(CONTACTS, "2026-02-01") == {}
    assert contact_of(CONTACTS, "2026-03-05")["last_contact_on"] == day("2026-02-01")  # 1 March is not known yet
    assert contact_of(CONTACTS, "2026-03-06")["last_contact_on"] == day("2026-03-01")


def test_the_last_words_are_the_newest_said_and_known_whatever_they_came_with() -> None:
    assert contact_of(CONTACTS, "2026-02-12")["last_words"] == "asked for a price"
    assert contact_of(CONTACTS, "2026-02-13")["last_words"] == "came in bits"
    assert contact_of(CONTACTS, "2026-04-02")["last_words"] == "will order"


def test_whom_we_spoke_to_last_by_name_is_asked_for_again() -> None:
    assert contact_of(CONTACTS, "2026-03-06")["contact_person"] == "Joe"  # on 1 March nobody is named
    assert contact_of(CONTACTS, "2026-04-02")["contact_person"] == "Sue"


def test_where_no_contact_names_anybody_it_is_a_buyer_else_who_was_told_of_first() -> None:
    world = ledger_with(
        customers="""
        customer_id | person | person_role | person_level | known_at
        a           | Kim    | accounts    | accountant   | 2026-02-01
        a           | Joe    |             | Head buyer   | 2026-02-01
        b           | Ann    |             |              | 2026-02-01
        b           | Bo     | owner       |              | 2026-02-01
        """,
        contacts="""
        customer_id | contact_id | contacted_at | person | known_at
        a           | 1          | 2026-03-01   | Kim    | 2026-03-01
        """,
    )
    assert contact_of(world, "2026-02-02") == {"contact_person": "Joe (Head buyer)"}
    assert contact_of(world, "2026-02-02", "b") == {"contact_person": "Ann"}
    assert contact_of(world, "2026-03-02")["contact_person"] == "Kim (accounts)"


def test_the_language_is_that_of_the_customer_as_known_then() -> None:
    world = ledger_with(
        customers="""
        customer_id | language | known_at
        a           | de       | 2026-02-01
        a           | en       | 2026-03-01
        """
    )
    assert [contact_of(world, on) for on in ("2026-02-01", "2026-02-02", "2026-03-02")] == [
        {},
        {"language": "de"},
        {"language": "en"},
    ]


def test_a_call_list_says_all_of_it_and_how_many_complaints_are_open() -> None:
    world = ledger(
        """
        customer_id | ordered_at | amount
        a           | 2026-05-01 | 100
        b           | 2026-05-01 | 100
        """,
        """
        customer_id | person | person_role | language | key_mark
        a           | Joe    | buyer       | de       | strategic
        b           |        |             |          | strategic
        """,
        contacts="customer_id | contacted_at | words\na | 2026-05-20 10:00 | soon\na | 2026-08-01 | from the future",
        complaints="""
        customer_id | opened_at  | closed_at
        a           | 2026-05-02 |
        a           | 2026-05-03 |
        a           | 2026-05-04 | 2026-05-05
        """,
    )
    # two lapsed key accounts
    (calls,) = lists_of(score_customers(world, at("2026-08-01"), BARE_RULE, POLICY), POLICY)
    shown = {
        line.customer_id: (
            line.contact_person, line.last_contact_on, line.last_words, line.open_complaints, line.language
        )
        for line in calls.lines
    }  # fmt: skip
    assert shown == {"a": ("Joe (buyer)", day("2026-05-20"), "soon", 2, "de"), "b": (None, None, None, 0, None)}
