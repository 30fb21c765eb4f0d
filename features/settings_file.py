"""Settings files: a TOML table read into a dataclass, checked by the types of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

Settings = TypeVar("Settings")

_WORDS: Mapping[str, str] = {
    "string_type": "a string",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date",
    "datetime_type": "a date",
    "tuple_type": "a list of strings",
    "dict_type": "a table of strings",
}
"""What a setting takes, by pydantic's name for the fault."""


class SettingError(ValueError):
    """A setting that does not exist, or a value of the wrong type.

    Attributes:
        problem: ends a sentence that begins with the file. hint: what to write instead.
    """

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


def settings_of(kind: type[Settings], table: Mapping[str, Any], **fixed: Any) -> Settings:
    """The dataclass with the values of a table, and those of ``fixed``, which a table must not set.

    Raises:
        SettingError: the table has an unknown setting, or a value of the wrong type.
    """
    from pydantic import TypeAdapter, ValidationError  # a tenth of a second that only a settings file pays

    types = {name: hint for name, hint in get_type_hints(kind).items() if name not in fixed}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    for name, value in values.items():
        if name not in types:
            raise SettingError(f"'{name}', which is not a setting", f"Settings are: {', '.join(types)}.")
        try:
            TypeAdapter(types[name]).validate_python(value, strict=True)
        except ValidationError as error:
            faults = error.errors(include_url=False)
            kinds = dict.fromkeys(_WORDS[fault["type"]] for fault in faults)
            keys = faults[0]["loc"] if len(faults) == 1 else ()  # the faults of a union name its types there
            place = ".".join((name, *map(str, keys)))
            raise SettingError(f"{place} to {_shown(faults[0]['input'])}", f"It takes {' or '.join(kinds)}.") from None
    return kind(**fixed, **values)


def _shown(value: Any) -> str:
    """A wrong value as text, without what a list or table holds: that may be a password."""
    if isinstance(value, list | tuple):
        return "a list"
    return "a table" if isinstance(value, dict) else repr(value)
