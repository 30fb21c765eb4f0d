"""Every kind of rows through the command line: in, again, looked at, made anew, and refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from callfirst import app
from features.ledger.schema.record_types import RECORD_TYPES, RELATIONS
from tests.command_line import answered, run
from tests.text_tables import table
from tests.text_tables_of_kinds import KINDS_DRAWN, as_csv


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("every_kind")
    for kind in reversed(RECORD_TYPES):  # orders last: the others may come first
        (home / f"{kind}.csv").write_text(as_csv(KINDS_DRAWN[kind]), encoding="utf-8")
        account = answered(home, "ingest", kind, str(home / f"{kind}.csv"))
        assert account["accepted"]["rows"] == account["read"]["rows"] == table(KINDS_DRAWN[kind]).num_rows
    return home


def test_the_doctor_finds_every_kind_and_the_mirror_like_the_database(home: Path) -> None:
    found = answered(home, "doctor", "--rebuild")
    assert found["sound"]
    assert set(found["shelves"]) == set(RELATIONS)
    assert found["shelves"]["payments"]["mirror"]["money"] == "150.2500"  # 100.00 + 50.25


@pytest.mark.parametrize("kind", ["complaints", "customers", "rates"])
def test_a_file_read_twice_changes_nothing_and_says_so(kind: str, home: Path) -> None:
    assert answered(home, "ingest", kind, str(home / f"{kind}.csv"))["nothing_changed"]


def test_a_bad_row_is_told_in_a_sentence_with_what_to_do(home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("customer,opened,closed\na,2026-01-05,2026-01-04\nb,2026-03-01,\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["--home", str(home), "ingest", "complaints", str(bad)])
    assert done.exit_code == 0
    assert "dates contradict: 1" in done.stdout and "closed or answered before opened" in done.stdout


def test_a_file_of_another_kind_is_refused_with_what_it_lacks(home: Path) -> None:
    done = run(home, "ingest", "surveys", str(home / "rates.csv"))
    assert done.returncode == 1
    assert "has no column for customer_id" in done.stderr and "--map" in done.stderr
