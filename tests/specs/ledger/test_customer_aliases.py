"""Two customer ids become one by a mapping alone: for rows to come, for those held, and never twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.home import Home
from features.ledger.ingest.customer_aliases import SameAsError, read_same_as
from features.ledger.mirror.parquet_mirror import read_ledger
from tests.specs.ingested import Ingest, read
from tests.text_tables import POLICY

LINES = 'customer_id,ordered_at,amount\n" a",2026-01-01,1\na,2026-01-01,2\nA,2026-01-01,3\nb,2026-01-01,4\n'
ONE = {" a": "a", "A": "a"}


def ids(home: Home) -> list[str]:
    return [row["customer_id"] for row in read(home)]


def test_look_alikes_are_reported_and_not_merged(bring: Ingest, home: Home) -> None:
    alike = bring(LINES).alike
    assert (alike.groups, alike.first) == (1, (((" a", 1), ("A", 1), ("a", 1)),))
    assert ids(home) == [" a", "a", "A", "b"]


def test_they_are_found_against_the_ledger_and_across_kinds(bring: Ingest) -> None:
    bring("customer_id,ordered_at,amount\n007,2026-01-01,1\n")
    assert bring("customer_id,ordered_at,amount\n7,2026-01-02,1\n8,2026-01-02,1\n").alike.first == (
        (("007", 1), ("7", 1)),
    )
    assert bring("customer_id,name\n08,Tea\n", "customers").alike.first == ((("08", 1), ("8", 1)),)
    assert bring("customer_id,ordered_at,amount\n9,2026-01-03,1\n").alike.groups == 0


def test_a_mapping_merges_them_and_says_so(bring: Ingest, home: Home) -> None:
    account = bring(LINES, same_as=ONE)
    assert account.renamed == 2
    assert account.alike.groups == 0
    assert ids(home) == ["a", "a", "a", "b"]


def test_it_holds_for_later_ingests_and_changes_nothing_twice(bring: Ingest, home: Home) -> None:
    bring(LINES, same_as=ONE)
    assert bring(LINES).nothing_changed
    bring("customer_id,ordered_at,amount\nA,2026-02-01,1\n")
    assert ids(home)[-1] == "a"


def test_what_the_ledger_holds_stands_under_the_one_id_too(bring: Ingest, home: Home) -> None:
    bring(LINES)
    bring("customer_id,parent_id\nb,A\n", "customers")
    assert bring(LINES, same_as=ONE).accepted.rows == 0
    assert ids(home) == ["a", "a", "a", "b"]
    assert read_ledger(home, POLICY).customers.column("parent_id").to_pylist() == ["a"]


def test_a_dry_run_merges_nothing(bring: Ingest, home: Home) -> None:
    bring(LINES)
    bring(LINES, same_as=ONE, dry_run=True)
    assert ids(home) == [" a", "a", "A", "b"]


def test_chains_end_at_their_last_id(bring: Ingest, home: Home) -> None:
    bring(LINES, same_as={" a": "A"})
    bring(LINES, same_as={"A": "b"})
    assert ids(home) == ["b", "a", "b", "b"]


@pytest.mark.parametrize("mapping", [{"a": "b", "b": "a"}, {"a": "a"}])
def test_a_circle_is_refused(mapping: dict[str, str], bring: Ingest) -> None:
    with pytest.raises(SameAsError, match="comes back"):
        bring(LINES, same_as=mapping)


def test_what_contradicts_an_earlier_mapping_is_refused(bring: Ingest) -> None:
    bring(LINES, same_as=ONE)
    with pytest.raises(SameAsError, match="was said before"):
        bring(LINES, same_as={"A": "b"})


def test_the_file_takes_ids_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "same.csv"
    path.write_text('customer_id,same_as\n" a",a\nA,a\n')
    assert read_same_as(path) == ONE
    path.write_text("customer_id,same_as\nA,a\nA,b\n")
    with pytest.raises(SameAsError, match="is said to be 'a' and 'b'"):
        read_same_as(path)
