"""Every citation of a row or a section leads to it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HISTORY = {"DECISIONS.md", "CHANGELOG.md"}
CITATION = re.compile(r"docs/(domain|design)\.md`?,? (\d+)(?: ?\(?([a-e])(?: to ([a-e]))?\b)?")
BARE = re.compile(r"\b(?:issue|design|domain) \d+\b|\bpart \d+(?: of\b|\))", re.IGNORECASE)
"""Words that only those who planned the project could follow."""


def tracked_lines() -> Iterator[tuple[str, str, str]]:
    """(file, place, line) of every line of text that git tracks, but for what is history and this file."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if name in HISTORY or path == Path(__file__) or path.suffix in {".png", ".lock"} or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield name, f"{name}:{number}", line


def rows_of_the_domain() -> set[str]:
    """``4`` of every numbered row, and ``4a`` of every lettered case within it."""
    places, row = set(), ""
    for line in (ROOT / "docs/domain.md").read_text(encoding="utf-8").splitlines():
        if numbered := re.match(r"(\d+)\. \*\*", line):
            row = numbered[1]
            places.add(row)
        elif lettered := re.match(r" +\(([a-e])\) ", line):
            places.add(row + lettered[1])
    return places


def sections_of_the_design() -> set[str]:
    """``3`` of every numbered heading."""
    return set(re.findall(r"^## (\d+)\. ", (ROOT / "docs/design.md").read_text(encoding="utf-8"), flags=re.MULTILINE))


def cited_in(line: str) -> Iterator[tuple[str, str]]:
    """(document, place) of every citation in a line; ``4b to e`` cites its first and last case."""
    for document, number, *letters in CITATION.findall(line):
        named = [letter for letter in letters if letter]
        yield from ((document, number + letter) for letter in named or [""])


def dead_citations(lines: Iterator[tuple[str, str, str]]) -> list[str]:
    """Every citation that leads nowhere, with its place."""
    places = {"domain": rows_of_the_domain(), "design": sections_of_the_design()}
    return [
        f"{at}: docs/{document}.md {place}"
        for _, at, line in lines
        for document, place in cited_in(line)
        if place not in places[document]
    ]


def test_the_domain_has_23_rows_and_the_key_account_five_cases() -> None:
    assert rows_of_the_domain() == {str(row) for row in range(1, 24)} | {f"4{case}" for case in "abcde"}


def test_the_design_has_six_sections() -> None:
    assert sections_of_the_design() == set("123456")


def test_every_citation_of_domain_and_design_leads_to_a_row_or_section() -> None:
    lines = list(tracked_lines())
    assert sum(1 for _, _, line in lines for _ in cited_in(line)) > 100
    assert dead_citations(iter(lines)) == []


@pytest.mark.parametrize(
    ("line", "dead"),
    [
        ("docs/domain.md 23", []),
        ("docs/domain.md 24", ["here: docs/domain.md 24"]),
        ("docs/domain.md 4a", []),
        ("docs/domain.md 5a", ["here: docs/domain.md 5a"]),
        ("docs/domain.md 4 b to e", []),
        ("docs/domain.md 1, advocate", []),
        ("docs/design.md 3, at risk", []),
        ("docs/design.md 7", ["here: docs/design.md 7"]),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(line: str, dead: list[str]) -> None:
    assert dead_citations(iter([("here", "here", line)])) == dead


def test_nothing_cites_what_is_not_in_the_repository() -> None:
    """Once 120 lines cited an issue or a draft that no reader could open."""
    assert [f"{at}: {line.strip()}" for _, at, line in tracked_lines() if BARE.search(line)] == []


@pytest.mark.parametrize("line", ["(part 5)", "see issue 4", "design 3", "domain 10", "part 2 of the plan"])
def test_a_bare_number_is_found(line: str) -> None:
    assert BARE.search(line)
