"""Records: frozen dataclasses as JSON, and read back from the JSON that ``asdict`` made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

Record = TypeVar("Record")


def as_record(value: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON: days and instants in ISO 8601, members of an enum by their value."""
    record: dict[str, Any] = TypeAdapter(type(value)).dump_python(value, mode="json")
    return record


def read_record(kind: type[Record], record: dict[str, Any]) -> Record:
    """The dataclass a record describes, with every field that ``asdict`` wrote and no other.

    Raises:
        ValueError: a value of another type, or a key that is missing or unknown.
    """
    try:
        value = TypeAdapter(kind).validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"'{'.'.join(map(str, first['loc']))}': {first['msg']}") from None
    differing = set(_paths(record)) ^ set(_paths(asdict(value)))  # type: ignore[call-overload]  # any dataclass
    if differing:
        raise ValueError(f"'{min(differing)}' is missing or unknown")
    return value


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """The path of every key in a record, as ``shortfall.share``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, part in items:
        if isinstance(value, dict):
            yield f"{path}{key}"
        yield from _paths(part, f"{path}{key}.")
