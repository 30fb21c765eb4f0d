"""The mirror follows the database, whatever happened to it; and a killed ingest leaves the ledger as it was."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.consistency import check_consistency
from features.ledger.mirror.parquet_mirror import MirrorError, read_ledger
from features.ledger.store.database import open_store
from features.ledger.store.row_codec import StoredRowError
from features.ledger.store.tables import ORDER_LINES
from features.policy import Policy

POLICY = Policy()
NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
HEADER = "customer_id,ordered_at,order_id,line_id,amount,cost,promised_on,known_at\n"
FIRST = HEADER + "".join(f"c{at},2026-01-{at % 28 + 1:02d},o{at},1,{at}.05,,2026-02-01,\n" for at in range(40))
SECOND = HEADER + "c1,2026-01-02,o1,1,100,7.5,,2026-05-01\nc9,2026-06-01,o99,1,-3.3333,,,\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    for at, text in enumerate((FIRST, SECOND)):
        path = tmp_path / f"{at}.csv"
        path.write_text(text)
        ingest(IngestRequest("orders", InputFiles([path]), home=home, policy=POLICY, now=NOW))
    return home


def content(home: Home) -> tuple[str, list[dict[str, Any]]]:
    ledger = read_ledger(home, POLICY)
    with ledger.open() as connection:
        return ledger.digest, connection.sql("FROM order_lines ORDER BY row_id").to_arrow_table().to_pylist()


def test_a_mirror_made_anew_from_the_database_says_exactly_what_the_first_said(home: Home) -> None:
    before = content(home)
    found = check_consistency(home, POLICY, rebuild=True)
    assert found.sound
    assert found.holdings[0].mirror_rows == 40 + 2
    assert content(home) == before


@pytest.mark.parametrize("value", ["soon", b"\xff", 2**63 - 1])
def test_a_stored_value_that_no_ingest_writes_is_named_with_its_table(home: Home, value: object) -> None:
    with open_store(home) as store, store.writing() as database:
        database.exec_driver_sql("UPDATE order_lines SET amount = ? WHERE row_id = 2", (value,))
    with pytest.raises(StoredRowError, match=r"order_lines.*no ingest writes.*amount"):
        check_consistency(home, POLICY, rebuild=True)


def test_a_crash_between_commit_and_mirror_is_healed_by_the_next_reader(home: Home) -> None:
    before = content(home)
    (home.mirror / "orders" / "batches" / "000002.json").unlink()
    whole, *_ = (home.mirror / "orders").glob("bucket=*/batch-000002.parquet")
    whole.write_bytes(b"half")
    whole.with_name(f".{whole.name}.unfinished").write_bytes(b"left behind")
    assert content(home) == before


@pytest.mark.parametrize("lost", ["one file", "all files", "their content"])
def test_lost_files_of_the_mirror_are_made_again(lost: str, home: Home) -> None:
    before = content(home)
    if lost == "all files":
        shutil.rmtree(home.mirror)
    elif lost == "their content":  # as a power cut may leave it: the size is right
        for path in (home.mirror / "orders").glob("bucket=*/*.parquet"):
            path.write_bytes(bytes(path.stat().st_size))
    else:
        next((home.mirror / "orders").glob("bucket=*/batch-000001.parquet")).unlink()
    assert content(home) == before


def test_another_database_in_the_same_place_is_not_mistaken_for_the_old_one(home: Home, tmp_path: Path) -> None:
    for path in home.var.glob("callfirst.db*"):
        path.unlink()
    with pytest.raises(EmptyLedgerError):
        read_ledger(home, POLICY)
    (tmp_path / "other.csv").write_text("customer_id,ordered_at,amount\nz,2026-01-01,1\n")
    ingest(IngestRequest("orders", InputFiles([tmp_path / "other.csv"]), home=home, policy=POLICY, now=NOW))
    assert [row["customer_id"] for row in content(home)[1]] == ["z"]


def test_the_doctor_sees_a_byte_that_changed_in_the_mirror_and_makes_it_anew(home: Home) -> None:
    path = next((home.mirror / "orders").glob("bucket=*/batch-000001.parquet"))
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    found = check_consistency(home, POLICY, rebuild=False)
    assert not found.sound and "1 damaged" in found.sentence
    assert check_consistency(home, POLICY, rebuild=True).sound
    assert check_consistency(home, POLICY, rebuild=False).sound


def test_a_mirror_that_cannot_be_written_is_one_sentence(home: Home) -> None:
    shutil.rmtree(home.mirror)
    home.mirror.write_text("in the way")
    for doing in (lambda: check_consistency(home, POLICY, rebuild=True), lambda: read_ledger(home, POLICY)):
        with pytest.raises(MirrorError, match="cannot be written"):
            doing()


def test_the_doctor_sees_a_database_that_lost_rows(home: Home) -> None:
    with open_store(home) as store, store.writing() as database:
        database.execute(delete(ORDER_LINES).where(ORDER_LINES.c.row_id == 7))
    found = check_consistency(home, POLICY, rebuild=False)
    assert not found.sound
    assert found.holdings[0].database_rows == found.holdings[0].mirror_rows - 1


def test_a_home_without_a_ledger_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyLedgerError):
        check_consistency(Home(tmp_path), POLICY, rebuild=False)
    with pytest.raises(EmptyLedgerError):
        read_ledger(Home(tmp_path), POLICY)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.policy import Policy

def progress(step, share):
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

home, path = Home(Path(sys.argv[1])), Path(sys.argv[2])
files = InputFiles([path])
ingest(IngestRequest("orders", files, home=home, policy=Policy(), now=datetime.now(UTC), progress=progress))
"""


@pytest.mark.parametrize("step", ["Comparing with the ledger", "Storing rows"])
def test_an_ingest_killed_on_its_way_leaves_the_ledger_as_it_was(step: str, home: Home, tmp_path: Path) -> None:
    before = content(home)
    (tmp_path / "third.csv").write_text("customer_id,ordered_at,amount\nz,2026-07-01,1\n")
    killed = subprocess.run(  # noqa: S603
        [sys.executable, "-c", KILLED, str(home.root), str(tmp_path / "third.csv"), step], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert content(home) == before
    account = ingest(IngestRequest("orders", InputFiles([tmp_path / "third.csv"]), home=home, policy=POLICY, now=NOW))
    assert (account.accepted.rows, account.batch_id) == (1, 3)
