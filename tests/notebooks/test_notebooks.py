"""Every notebook runs from its first cell to its last on a company of its own, and leaves its answers behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from features.clock import now
from features.home import Home
from features.ledger.demo.company import write_demo
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from tests.text_tables import POLICY, at
from training.pipeline import train

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PICTURES = {
    "can_i_add_a_feature": 0,
    "did_the_calls_help": 0,
    "is_the_new_model_better": 3,
    "is_the_ledger_sound": 3,
    "which_horizon_fits": 2,
    "why_this_customer": 2,
}
"""What each is expected to draw."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("home")
    there = Home(folder)
    for kind, file in write_demo(folder / "files", seed=5, customers=110, ends_on=date(2025, 12, 31)).items():
        ingest(
            IngestRequest(
                "customers" if kind == "people" else kind,
                InputFiles([file]),
                home=there,
                policy=POLICY,
                currency="EUR",
                now=now(),
            )
        )
    train(there, POLICY, until=at("2026-01-01"), horizon_days=90, active_days=90)
    return there


def test_every_notebook_is_listed_here() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(PICTURES)


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_notebook_runs_to_its_end(name: str, home: Home) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source += f"\nHOME = {str(home.root)!r}"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    assert sum("image/png" in each.get("data", {}) for each in outputs(notebook)) == PICTURES[name]


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_notebook_asks_a_question_and_is_kept_without_answers(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert notebook.cells[0].source.splitlines()[0].endswith("?")
    assert not list(outputs(notebook))
    assert all(cell.get("execution_count") is None for cell in notebook.cells)


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])
