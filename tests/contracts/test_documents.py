"""The documents keep up with the project they speak of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from features.catalog.page import PAGE, page

ROOT = Path(__file__).parents[2]
IN_DOCS = tuple(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "DECISIONS.md", "GLOSSARY.md", "CHANGELOG.md", *IN_DOCS)


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
    missing = [target for target in targets if target and not ((ROOT / document).parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", IN_DOCS)
def test_readme_leads_to_every_page_of_docs(document: str) -> None:
    assert f"]({document})" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "CHANGELOG.md"])
def test_contributing_and_changelog_lead_to_domain_and_design(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert [page for page in ("docs/domain.md", "docs/design.md") if f"]({page})" not in text] == []


def test_the_glossary_is_in_the_order_of_the_alphabet_and_has_each_term_once() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    terms = [row.casefold() for row in rows if row != "term"]
    assert terms == sorted(set(terms))


def test_the_catalogue_page_is_what_make_results_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
