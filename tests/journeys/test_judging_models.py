"""Through the doors: a model against its rivals, and refused with a check's sentence where it leaks or is no better."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from callfirst import app
from features.errors import CallfirstError
from features.home import Home
from features.ledger.store.database import open_store
from models.findings import FindingKind, newest
from models.registry import promotions
from tests.command_line import answered
from training.evaluation.baselines import BASELINES

BEGIN, END = date(2024, 1, 1), date(2025, 12, 31)
DAYS = (END - BEGIN).days
CUSTOMERS = 90
H = ["--until", "2026-01-01", "--horizon-days", "60", "--active-days", "60"]

Line = tuple[str, date, int]


def alike(seed: int, *, leave_share: float) -> list[Line]:
    """Order lines of customers that are all alike: each day the same chance of an order, and of leaving after it."""
    chance = np.random.default_rng(seed)
    lines = []
    for place in range(CUSTOMERS):
        day = float(chance.exponential(25))
        while day < DAYS:
            lines.append((f"c{place:03d}", BEGIN + timedelta(days=int(day)), 10 + int(chance.integers(90))))
            if chance.random() < leave_share:
                day += 150  # it pauses for long, and comes back as if nothing had been
            day += float(chance.exponential(25))
    return [*lines, ("stranger", END, 10)]


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def check(trained: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in trained["checks"] if each["code"] == code)
    return found


def last_days(lines: Iterable[Line], silence_days: int) -> list[tuple[str, date]]:
    """The day after each order that no other follows for so long: what a clerk writes down later, dated back."""
    days: dict[str, list[date]] = {}
    for customer, day, _ in lines:
        days.setdefault(customer, []).append(day)
    return [
        (customer, day + timedelta(days=1))
        for customer, there in days.items()
        for day, following in zip(there, [*there[1:], END + timedelta(days=60)], strict=True)
        if (following - day).days > silence_days and day < END
    ]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("alike")
    orders = write(home / "orders.csv", ("customer_id", "ordered_at", "amount"), alike(5, leave_share=0.12))
    answered(home, "ingest", "orders", str(orders))
    return home


def test_evaluate_judges_by_what_came_keeps_a_finding_and_promotes_nothing(honest: Path, tmp_path: Path) -> None:
    asked = ["--cutoffs", "2025-10-01", "--horizon-days", "60", "--active-days", "60"]
    found = answered(honest, "evaluate", *asked, "--out", str(tmp_path / "out"))
    assert [each["cutoff"] for each in found["cutoffs"]] == ["2025-10-01"]
    assert all(each["judged"] > 30 for each in found["cutoffs"])
    names = ["callfirst", *(rival.name for rival in BASELINES)]
    assert list(found["means"]["money found"]) == names
    assert set(found["means"]["AUC"]) < set(names)
    for each in found["differences"]:
        assert each["low"] <= each["estimate"] <= each["high"]
    assert {each["figure"] for each in found["against_the_best_rival"]} == {"AUC", "Brier", "money found"}
    assert [each["circle"] for each in found["circles"]] == ["everybody", "top value tier", "newcomers", "key accounts"]
    assert all((each["calibration"] is None) == (each["forecasts"] < 50) for each in found["circles"])
    written = {each.name for each in (tmp_path / "out").iterdir()}
    pictures = {"auc", "brier", "money_found", "money_curve", "leavers_curve", "calibration"}
    assert written == {"evaluation.json", "evaluation.md", *(f"{name}.png" for name in pictures)}
    page = (tmp_path / "out" / "evaluation.md").read_text(encoding="utf-8")
    assert "| **callfirst** |" in page
    [kept_promise] = [each["calibration"] for each in found["cutoffs"]]
    assert f"| {kept_promise['predicted'] - kept_promise['observed']:+.3f} |" in page
    assert "| key accounts | 0 | 0 | there were none | | |" in page
    with open_store(Home(honest)) as store:
        kept, served = newest(store, FindingKind.EVALUATION), promotions(store)
    assert kept is not None and kept.sentence == found["sentence"]
    assert served == ()


REFUSED = {
    "a window that is not closed": (["--cutoffs", "2025-12-01"], "Cannot label 2025-12-01"),
    "a horizon that leaves no cutoff": (["--horizon-days", "300"], "to train before a cutoff and judge after it 900"),
    "a date nobody can read": (["--cutoffs", "soon"], "Cannot read 'soon' as an as-of."),
    "a cutoff before the ledger": (["--cutoffs", "2020-01-01"], "2020-01-01"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_cutoffs_that_cannot_be_are_refused_in_a_sentence(case: str, honest: Path) -> None:
    asked, words = REFUSED[case]
    horizon = [] if "--horizon-days" in asked else ["--horizon-days", "60", "--active-days", "60"]
    done = CliRunner().invoke(app, ["--home", str(honest), "evaluate", *asked, *horizon])
    assert isinstance(done.exception, CallfirstError)
    assert words in done.exception.sentence
    assert done.exception.hint


def test_a_model_no_better_than_the_rule_is_refused_with_the_checks_sentence(honest: Path) -> None:
    trained = answered(honest, "train", *H)
    assert trained["is_rule"]
    failed = check(trained, "CF101")
    assert failed["outcome"] == "failed"
    assert failed["sentence"].startswith("Brier skill")
    assert "is not better for sure" in trained["sentence"]


def test_a_planted_leak_is_refused_with_the_checks_sentence(honest: Path, tmp_path: Path) -> None:
    orders = alike(5, leave_share=0.12)
    farewells = [(customer, day, "customer", "phone") for customer, day in last_days(orders, 60)]
    contacts = write(tmp_path / "contacts.csv", ("customer_id", "contacted_at", "began_by", "channel"), farewells)
    answered(tmp_path, "ingest", "orders", str(honest / "orders.csv"))
    answered(tmp_path, "ingest", "contacts", str(contacts), "--history")
    trained = answered(tmp_path, "train", *H)
    assert trained["is_rule"] and trained["promoted"]
    failed = check(trained, "CF107")
    assert failed["outcome"] == "failed"
    assert "contact" in failed["sentence"]
    assert failed["sentence"] in trained["sentence"] or "is not better" in trained["sentence"]
    assert math.isfinite(trained["seconds"])
