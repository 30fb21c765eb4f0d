"""Customer ids are the customer's own: kept as they are written, but for what belongs to the file's layout."""

from __future__ import annotations

import pyarrow as pa
import pytest

from features.home import Home
from features.ledger.ingest.in_memory import ledger_of
from tests.specs.ingested import Ingest, read, rows_of
from tests.text_tables import POLICY


def kept(*ids: str) -> list[str]:
    """The ids of these lines, as they stand in the ledger."""
    lines = pa.table({"customer_id": ids, "ordered_at": ["2026-01-01"] * len(ids), "amount": ["1"] * len(ids)})
    return [row["customer_id"] for row in rows_of(ledger_of(lines, None, POLICY))]


@pytest.mark.parametrize("ids", [(" a", "a", "A"), ("a ", "a"), (" a",), (" a", "bb"), ("a\u00a0", "a"), ("007", "7")])
def test_ids_stay_as_they_are_written(ids: tuple[str, ...]) -> None:
    assert kept(*ids) == list(ids)


@pytest.mark.parametrize(
    ("ids", "bare"),
    [
        ((" a", " b", "  c"), ["a", "b", " c"]),  # a blank after every comma
        (("a  ", "bb ", "ccc"), ["a", "bb", "ccc"]),  # a fixed width of three
        (("a   ", "bb  "), ["a", "bb"]),  # of four
        (("  1", " 12"), ["1", "12"]),
    ],
)
def test_padding_that_every_value_carries_is_the_files_and_goes(ids: tuple[str, ...], bare: list[str]) -> None:
    assert kept(*ids) == bare


def test_a_blank_id_is_none(bring: Ingest) -> None:
    assert bring("customer_id,ordered_at,amount\n  ,2026-01-01,1\n a,2026-01-01,1\n").quarantined.rows == 1


def test_ids_are_kept_as_written_by_ingest_too(bring: Ingest, home: Home) -> None:
    bring('customer_id,ordered_at,amount\n" a",2026-01-01,1\na,2026-01-01,2\nA,2026-01-01,3\n')
    assert [row["customer_id"] for row in read(home)] == [" a", "a", "A"]
