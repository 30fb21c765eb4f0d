"""The documents keep up with the project they speak of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from features.catalog.page import PAGE, page

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "DECISIONS.md", "GLOSSARY.md", "CHANGELOG.md")


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]
    asked = [*project["dependencies"], *(each for extra in optional.values() for each in extra)]
    return sorted({re.split(r"[\[<>=!~; ]", each)[0] for each in asked})


@pytest.mark.parametrize("package", dependencies())
def test_every_dependency_has_its_reason(package: str) -> None:
    assert f"| `{package}` |" in (ROOT / "DECISIONS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_project_leads_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    missing = [target for target in targets if target and not (ROOT / target).exists()]
    assert missing == []


def test_the_glossary_is_in_the_order_of_the_alphabet_and_has_each_term_once() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    terms = [row.casefold() for row in rows if row != "term"]
    assert terms == sorted(set(terms))


def test_the_catalogue_page_is_what_make_results_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
