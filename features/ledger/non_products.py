"""Here you find which order lines are of no product: postage, fees, corrections; money, but no order and no return."""

from __future__ import annotations

from collections.abc import Sequence

from features.ledger.parsing.text import literal


def is_product(codes: Sequence[str]) -> str:
    """SQL over order lines: the line's product is none of ``codes``; one that ends in * stands for any end.

    A line that names no product is of one.
    """
    tests = [f"product_id IN ({', '.join(map(literal, whole))})"] if (whole := _whole(codes)) else []
    tests += [f"starts_with(product_id, {literal(code[:-1])})" for code in codes if code.endswith("*")]
    return f"NOT coalesce({' OR '.join(tests)}, false)" if tests else "true"


def _whole(codes: Sequence[str]) -> list[str]:
    return [code for code in codes if not code.endswith("*")]
