"""The rule of what is visible at an as-of stands in one place."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from features.ledger.sql import visible_at

ROOT = Path(__file__).parents[2]
PLACE = Path("features/ledger/sql.py")
BY_HAND = re.compile(r"visible_from\s*<\s*[$\w.]*(as_of|until)|(replaced_at|ends) IS NULL OR", re.IGNORECASE)


def test_no_statement_writes_out_by_hand_what_is_visible() -> None:
    """Fifteen statements once did; one with ``<=`` for ``<`` would have been a leak that no reader notices."""
    by_hand = [
        f"{path.relative_to(ROOT)}:{number}"
        for package in ("features", "models", "training", "serving")
        for path in sorted((ROOT / package).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if BY_HAND.search(line) and path.relative_to(ROOT) != PLACE
    ]
    assert by_hand == []


def test_a_row_counts_strictly_after_it_happened_and_was_visible_until_it_is_replaced() -> None:
    rows = """(VALUES ('counts', 1, 2, NULL), ('happens then', 5, 2, NULL), ('visible then', 1, 5, NULL),
        ('replaced then', 1, 2, 5), ('replaced before', 1, 2, 4)) AS r(name, happened, visible_from, replaced_at)"""
    visible = visible_at("$as_of", happened="happened", relation="r")
    names = duckdb.sql(f"SELECT name FROM {rows} WHERE {visible} ORDER BY name", params={"as_of": 5}).fetchall()
    assert names == [("counts",), ("replaced then",)]


def test_a_state_counts_once_it_is_visible() -> None:
    assert visible_at("$as_of") == "visible_from < $as_of AND (replaced_at IS NULL OR replaced_at >= $as_of)"
