"""Few new rows meet those of their own customers and keys, many the whole mirror: the ledger is the same either way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.push import push_rows
from features.ledger.ingest.request import IngestRequest, InputTable
from features.ledger.merge.resolve import FEW_ROWS
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import read_ledger
from tests.specs.ingested import LATER, NOW, rows_of
from tests.text_tables import POLICY, table
from tests.text_tables_of_kinds import KINDS_DRAWN

ORDERS = [
    {
        "customer_id": f"c{at % 500}",
        "ordered_at": f"2026-01-{at % 28 + 1:02d} 10:00",
        "amount": str(at % 7 + 1),
        "order_id": f"o{at}" if at % 3 else None,
        "line_id": "1" if at % 3 else None,
    }
    for at in range(FEW_ROWS + 300)
]
NEXT = [
    *ORDERS[:200],  # the same again
    *(row | {"amount": "99"} for row in ORDERS[200:400]),  # corrections, and other lines
    *(row | {"customer_id": "moved"} for row in ORDERS[400:500] if row["order_id"]),  # versions of another customer
    *(row | {"amount": f"-{row['amount']}", "ordered_at": f"{row['ordered_at'][:-2]}30", "order_id": None}  # type: ignore[index]
      for row in ORDERS[500:600]),  # returns half an hour later
    *ORDERS[600:],
]  # fmt: skip


def bring(home: Home, rows: Sequence[dict[str, str | None]], *, at_once: int) -> None:
    for start in range(0, len(rows), at_once):
        part = pa.Table.from_pylist(list(rows[start : start + at_once]))
        ingest(IngestRequest("orders", InputTable(part, "pushed"), home=home, policy=POLICY, now=NOW))


@pytest.mark.slow
def test_few_rows_at_once_make_the_ledger_that_many_make(tmp_path: Path) -> None:
    many, few = Home(tmp_path / "many"), Home(tmp_path / "few")
    for home, at_once in ((many, len(NEXT)), (few, 600)):
        bring(home, ORDERS, at_once=len(ORDERS))
        bring(home, NEXT, at_once=at_once)
    assert len(NEXT) > FEW_ROWS
    assert rows_of(read_ledger(few, POLICY)) == rows_of(read_ledger(many, POLICY))
    assert {row["replaced_at"] is None for row in rows_of(read_ledger(few, POLICY))} == {True, False}


def push(home: Home, rows: Sequence[dict[str, str | None]], *, at_once: int) -> None:
    for start in range(0, len(rows), at_once):
        part = pa.Table.from_pylist(list(rows[start : start + at_once]))
        push_rows("orders", part, home=home, policy=POLICY, now=NOW, permit=lambda _: None)


def test_pushes_wait_in_the_database_and_are_folded_when_the_ledger_is_read(tmp_path: Path) -> None:
    home = Home(tmp_path)
    push(home, ORDERS[:90], at_once=30)
    assert not home.mirror.exists()
    assert len(rows_of(read_ledger(home, POLICY))) == 90
    folder = home.mirror / "orders" / "batches"
    assert [path.name for path in folder.iterdir()] == ["000001-000003.json"]
    push(home, ORDERS[90:120], at_once=15)
    before = rows_of(read_ledger(home, POLICY))
    assert sorted(path.name for path in folder.iterdir()) == ["000001-000003.json", "000004-000005.json"]
    (folder / "000001-000003.json").unlink()
    assert rows_of(read_ledger(home, POLICY)) == before
    assert check_consistency(home, POLICY, rebuild=False).sound


def test_two_marks_of_the_same_batch_count_it_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    push(home, ORDERS[:30], at_once=30)
    read_ledger(home, POLICY)
    push(home, ORDERS[30:60], at_once=30)
    read_ledger(home, POLICY)  # marks 1 and 2
    before, folder = rows_of(read_ledger(home, POLICY)), home.mirror / "orders" / "batches"
    kept = (folder / "000001.json").read_text()
    (folder / "000001.json").unlink()
    (folder / "000002.json").unlink()
    assert rows_of(read_ledger(home, POLICY)) == before  # folded into 1-2
    (folder / "000001.json").write_text(kept)
    assert rows_of(read_ledger(home, POLICY)) == before


@pytest.mark.parametrize("kind", KINDS_DRAWN)
def test_an_empty_push_changes_nothing(kind: str, tmp_path: Path) -> None:
    nothing = table(KINDS_DRAWN[kind]).slice(0, 0)
    account = ingest(IngestRequest(kind, InputTable(nothing, "pushed"), home=Home(tmp_path), policy=POLICY, now=LATER))
    assert account.nothing_changed
