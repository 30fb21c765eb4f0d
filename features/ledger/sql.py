"""SQL expressions of the whole ledger: quoting, business days, visibility, products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def instant_literal(moment: datetime) -> str:
    """SQL: an instant, UTC without a zone."""
    return f"TIMESTAMP {literal(moment.isoformat(sep=' '))}"


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def day_of(instant: str, zone: str) -> str:
    """The business day (DATE) of an instant."""
    return (
        f"CAST({instant} AS DATE)"
        if zone == "UTC"
        else f"CAST(timezone({literal(zone)}, timezone('UTC', {instant})) AS DATE)"
    )


def at_utc(local: str, zone: str) -> str:
    """The instant (UTC) of a local time in business time."""
    return local if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {local}))"


def visible_at(as_of: str, *, happened: str = "", relation: str = "") -> str:
    """Whether a row counts at an as-of: it happened and was visible strictly before it, and was not replaced before it.

    The rule of the product (docs/design.md 3, visible): no other statement writes it out.

    Args:
        happened: the column with the instant the row happened at; empty for states, which count once they are visible.
        relation: name or alias of the relation, where the columns need one.
    """
    prefix = f"{relation}." if relation else ""
    visible = holds_at(as_of, begins=f"{prefix}visible_from", ends=f"{prefix}replaced_at")
    return f"{prefix}{happened} < {as_of} AND {visible}" if happened else visible


def holds_at(instant: str, *, begins: str, ends: str) -> str:
    """Whether an interval after ``begins`` and until ``ends`` (null: open) contains an instant."""
    return f"{begins} < {instant} AND ({ends} IS NULL OR {ends} >= {instant})"


def is_product(codes: Sequence[str]) -> str:
    """SQL over order lines: the line's product is none of ``codes``; a code that ends in * matches any ending.

    A line without a product id counts as a product.
    """
    tests = [f"product_id IN ({', '.join(map(literal, whole))})"] if (whole := _whole(codes)) else []
    tests += [f"starts_with(product_id, {literal(code[:-1])})" for code in codes if code.endswith("*")]
    return f"NOT coalesce({' OR '.join(tests)}, false)" if tests else "true"


def _whole(codes: Sequence[str]) -> list[str]:
    return [code for code in codes if not code.endswith("*")]
