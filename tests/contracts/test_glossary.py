"""The glossary names what the code has, and a stranger finds our word by the field's word."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from features.catalog import CATALOG

ROOT = Path(__file__).parents[2]
CODE = ("features", "models", "training", "serving", "benchmarks", "callfirst.py")
FIELD_WORDS = (
    "frequency", "recency", "T", "monetary value", "P(alive)", "churn score", "segment", "lapsed customer",
    "attrition", "CLV", "churned", "inter-purchase time", "feature importance", "control group", "precision at k",
)  # fmt: skip


class Term(NamedTuple):
    """One row of the glossary."""

    term: str
    meaning: str
    in_code: str
    also_called: str


def terms() -> list[Term]:
    """Every term, in the order of the glossary."""
    lines = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    assert rows[0] == ["term", "meaning", "in code", "also called"]
    return [Term(*row) for row in rows[1:]]


def source_text() -> str:
    """All code, the names of all modules with dots, and the names of all features."""
    listed = subprocess.run(["git", "ls-files", *CODE], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607
    paths = [line for line in listed.stdout.splitlines() if line.endswith(".py") and (ROOT / line).exists()]
    texts = [(ROOT / path).read_text(encoding="utf-8") for path in paths if path != "features/moved.py"]
    modules = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths]
    return "\n".join([*texts, *modules, *(feature.name for feature in CATALOG)])


def names_of(term: Term) -> set[str]:
    """The identifiers in a term's code column: ``Fold`` and ``calibrate`` of ``Fold.calibrate``."""
    quoted = re.findall(r"`([^`]+)`", term.in_code)
    return {name for code in quoted for name in re.findall(r"\w+", code)}


def test_every_name_in_the_column_in_code_is_in_the_code() -> None:
    text = source_text()
    words = set(re.findall(r"\w+", text))
    parts = {part for word in words for part in (f"_{piece}" for piece in word.split("_")[1:])}
    unknown = {term.term: sorted(names_of(term) - words - parts) for term in terms()}
    assert {term: names for term, names in unknown.items() if names} == {}


def test_every_module_in_the_column_in_code_is_there() -> None:
    text = source_text()
    quoted = r"`((?:features|models|training|serving|benchmarks)\.[\w.]+)`"
    modules = [module for term in terms() for module in re.findall(quoted, term.in_code)]
    assert [module for module in modules if module not in text] == []


def test_every_term_has_a_meaning_a_place_and_words_of_others() -> None:
    assert [term.term for term in terms() if not all(term)] == []


@pytest.mark.parametrize("word", FIELD_WORDS)
def test_who_searches_for_a_word_of_the_field_finds_ours(word: str) -> None:
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE if word != "T" else 0)
    assert [term.term for term in terms() if pattern.search(term.also_called)] != []
