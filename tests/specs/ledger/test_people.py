"""A customers file tells of customers and of the people there, and each of them changes on its own."""

from __future__ import annotations

from typing import Any

import pytest

from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.schema.quarantine_reasons import QuarantineReason
from tests.specs.ingested import LATER, LINES, Ingest, reasons
from tests.text_tables import POLICY, utc

SINCE_EVER, CHANGED = utc("1900-01-01"), utc("2026-09-30 12:00")


@pytest.fixture
def begun(bring: Ingest) -> Ingest:
    bring(LINES)
    return bring


def view(home: Home, name: str, *columns: str) -> list[tuple[Any, ...]]:
    with read_ledger(home, POLICY).open() as connection:
        return connection.sql(f"SELECT {', '.join(columns)} FROM {name} ORDER BY row_id").fetchall()


def people(home: Home) -> list[tuple[Any, ...]]:
    with read_ledger(home, POLICY).open() as connection:
        rows = connection.sql("FROM people ORDER BY row_id").to_arrow_table().to_pylist()
    return [
        tuple(row[name] for name in ("customer_id", "person", "role", "visible_from", "replaced_at")) for row in rows
    ]


def names(home: Home) -> list[tuple[Any, ...]]:
    found = read_ledger(home, POLICY).customers.to_pylist()
    return [(row["customer_id"], row["name"], row["visible_from"], row["replaced_at"]) for row in found]


def test_rows_of_several_people_of_one_customer_do_not_contradict(begun: Ingest, home: Home) -> None:
    account = begun("customer_id,name,person,role\na,Ann Ltd,Joe,buyer\na,,Sue,owner\na,Ann Ltd,Kim,\n", "customers")
    assert (account.accepted.rows, account.quarantined.rows) == (3, 0)
    assert names(home) == [("a", "Ann Ltd", SINCE_EVER, None)]
    assert people(home) == [
        ("a", "Joe", "buyer", SINCE_EVER, None),
        ("a", "Sue", "owner", SINCE_EVER, None),
        ("a", "Kim", None, SINCE_EVER, None),
    ]


def test_a_person_changes_without_the_customer_and_the_customer_without_the_person(begun: Ingest, home: Home) -> None:
    begun("customer_id,name,person,role\na,Ann Ltd,Joe,buyer\n", "customers")
    begun("customer_id,name,person,role\na,Ann Ltd,Joe,head\n", "customers", now=LATER)
    assert names(home) == [("a", "Ann Ltd", SINCE_EVER, None)]
    assert people(home) == [("a", "Joe", "buyer", SINCE_EVER, CHANGED), ("a", "Joe", "head", CHANGED, None)]
    begun("customer_id,name\na,Anna Ltd\n", "customers", now=LATER)
    assert [name for _, name, *_ in names(home)] == ["Ann Ltd", "Anna Ltd"]
    assert people(home)[-1] == ("a", "Joe", "head", CHANGED, None)


def test_a_file_of_people_alone_leaves_their_customers_as_they_are(begun: Ingest, home: Home) -> None:
    begun("customer_id,name\na,Ann Ltd\n", "customers")
    account = begun("customer_id,person,role\na,Joe,buyer\nb,Tom,owner\n", "customers", now=LATER)
    assert account.accepted.rows == 2
    assert names(home) == [("a", "Ann Ltd", SINCE_EVER, None), ("b", None, CHANGED, None)]
    assert [(customer, person) for customer, person, *_ in people(home)] == [("a", "Joe"), ("b", "Tom")]
    assert begun("customer_id,person,role\na,Joe,buyer\nb,Tom,owner\n", "customers", now=LATER).nothing_changed


def test_a_person_met_first_hides_no_name_that_comes_later(begun: Ingest, home: Home) -> None:
    begun("customer_id,person,known_at\na,Joe,2026-01-05\n", "customers")
    assert names(home) == [("a", None, utc("2026-01-05"), None)]
    account = begun("customer_id,name,known_at\na,Ann Ltd,2026-01-03\n", "customers")
    assert account.accepted.rows == 1
    assert names(home) == [("a", "Ann Ltd", utc("2026-01-03"), None)]


def test_ids_of_which_only_people_are_known_may_look_alike_too(begun: Ingest) -> None:
    begun("customer_id,person\nkim,Joe\n", "customers")
    [group] = begun("customer_id,name,person\nKim,,Sue\nKIM,Kim Ltd,Sue\n", "customers", now=LATER).alike.first
    assert group == (("KIM", 1), ("Kim", 1), ("kim", 1))


def test_rows_that_contradict_in_what_they_say_of_the_customer_are_told(begun: Ingest, home: Home) -> None:
    account = begun("customer_id,name,person\na,Ann,Joe\na,Anna,Sue\n", "customers")
    assert reasons(account) == {QuarantineReason.TWICE: 1}
    assert [person for _, person, *_ in people(home)] == ["Sue"]


def test_a_person_given_twice_with_other_values_is_told(begun: Ingest, home: Home) -> None:
    account = begun("customer_id,person,role\na,Joe,buyer\na,Joe,head\na,Joe,head\n", "customers")
    assert reasons(account) == {QuarantineReason.TWICE: 1}
    assert (account.accepted.rows, account.merged.rows) == (1, 1)
    assert [role for _, _, role, *_ in people(home)] == ["head"]


def test_a_role_without_a_person_is_set_aside_and_counted(begun: Ingest, home: Home) -> None:
    account = begun("customer_id,name,person,role\na,Ann,,buyer\nb,Bob,Tom,buyer\n", "customers")
    assert account.set_aside == {"person_role": 1}
    assert [(person, role) for _, person, role, *_ in people(home)] == [("Tom", "buyer")]
    assert begun("customer_id,name,role\nc,Cy,buyer\n", "customers").set_aside == {"person_role": 1}


def test_a_parent_is_dated_by_when_we_knew(begun: Ingest, home: Home) -> None:
    begun("customer_id,parent,known_at\na,,2026-01-01\na,b,2026-03-01\n", "customers")
    assert view(home, "customers", "parent_id") == [(None,), ("b",)]
    assert [until for *_, until in names(home)] == [utc("2026-03-01"), None]


def test_a_manager_given_twice_is_told_and_a_change_is_a_version(begun: Ingest, home: Home) -> None:
    account = begun("manager_id,name\nm1,Maria\nm1,Mary\n", "managers")
    assert reasons(account) == {QuarantineReason.MANAGER_TWICE: 1}
    begun("manager_id,name\nm1,Maria\n", "managers", now=LATER)
    assert view(home, "managers", "name") == [("Mary",), ("Maria",)]
    assert [at is None for (at,) in view(home, "managers", "replaced_at::VARCHAR")] == [False, True]


@pytest.mark.parametrize("lines", [("m1,Ann,", "m1,Anna,2026-02-01"), ("m1,Anna,2026-02-01", "m1,Ann,")])
def test_a_file_that_dates_a_change_but_not_the_beginning_says_nothing_new_again(
    begun: Ingest, home: Home, lines: tuple[str, str]
) -> None:
    file = "\n".join(["manager_id,name,known_at", *lines])
    assert begun(file, "managers").accepted.rows == 2
    assert begun(file, "managers", now=LATER).nothing_changed
    assert sorted(view(home, "managers", "name", "replaced_at IS NULL")) == [("Ann", False), ("Anna", True)]
    begun("manager_id,name\nm1,Ann\n", "managers", now=LATER)
    assert ("Ann", True) in view(home, "managers", "name", "replaced_at IS NULL")
