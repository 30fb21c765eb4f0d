"""Which customer ids look alike, and which parents run in a circle."""

from __future__ import annotations

import duckdb
import pytest

from features.ledger.data_quality import parent_loops
from features.ledger.reconciliation.look_alikes import likeness_of, look_alikes

ALIKE = [" a", "a", "A", "a ", "a.", "-A-", "\u00a0a", "\u200ba", "ａ", "0a", "00A"]


@pytest.mark.parametrize("customer", ALIKE)
def test_padding_case_width_punctuation_and_leading_zeros_make_no_other_look(customer: str) -> None:
    assert likeness_of(customer) == likeness_of("a")


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a0", "a"), ("1", "10"), ("--", "-"), ("-", "0"), ("é", "e")])
def test_other_letters_and_digits_do(one: str, other: str) -> None:
    assert likeness_of(one) != likeness_of(other)


@pytest.mark.parametrize(
    ("written", "meant"), [("\u0410nna", "Anna"), ("\u0412\u041e\u0425", "BOX"), ("\u0397\u03bf\u03c4", "Hot")]
)
def test_letters_of_other_scripts_look_like_the_latin_ones(written: str, meant: str) -> None:
    assert likeness_of(written) == likeness_of(meant)


def test_zeros_alone_look_alike_and_sharp_s_is_two() -> None:
    assert likeness_of("0") == likeness_of("000") == likeness_of("0-0")
    assert likeness_of("GROSS") == likeness_of("groß")


@pytest.mark.parametrize("customer", ["0", "0-0", "a b_c", "007", "X+1", "\t1"])
def test_plain_ids_are_told_in_the_database_as_others_are_in_python(customer: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE given AS SELECT unnest($1) AS customer_id", [[customer, f"{customer}\u200b"]])
        found = look_alikes(connection, "SELECT customer_id, 1 AS rows, true AS is_new FROM given")
    assert found.groups == 1  # one by each way


def test_groups_are_counted_the_largest_shown_first_and_only_where_something_is_new() -> None:
    rows = [
        ("a", 5, False),
        ("A", 1, True),
        ("b", 9, False),
        ("B", 1, False),
        ("é", 20, True),
        ("É", 1, True),
        ("c", 1, True),
    ]
    values = ", ".join(f"('{customer}', {count}, {new})" for customer, count, new in rows)
    with duckdb.connect() as connection:
        found = look_alikes(connection, f"SELECT * FROM (VALUES {values}) v (customer_id, rows, is_new)")
    assert found.groups == 2
    assert found.first == ((("é", 20), ("É", 1)), (("a", 5), ("A", 1)))
    assert "2 groups of customer ids look alike: 'é' (20 rows) and 'É' (1 rows)" in found.sentence


def test_each_circle_of_parents_is_found_once() -> None:
    assert parent_loops({"a": "b", "b": "c"}) == ()
    assert parent_loops({"a": "a", "d": "c", "c": "b", "b": "c", "e": "d"}) == (("a",), ("b", "c"))
