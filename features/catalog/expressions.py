"""A walk over expressions: the parts of an expression, and all parts within it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from features.catalog.primitives import Expression


def operands_of(expression: Expression) -> tuple[Expression, ...]:
    """The direct parts of an expression, in the order of its fields; a primitive has none."""
    values = (getattr(expression, field.name) for field in fields(expression))
    return tuple(value for value in values if isinstance(value, Expression))


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything it is made of, outermost first."""
    yield expression
    for operand in operands_of(expression):
        yield from walk(operand)
