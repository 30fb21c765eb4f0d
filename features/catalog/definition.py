"""What a feature is: one immutable record that says what it means and how it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from features.catalog.primitives import Expression
from features.errors import CallfirstError


class Unit(StrEnum):
    """What a feature's number counts."""

    DAYS = "days"
    DATE = "calendar day"
    COUNT = "count"
    MONEY = "money, reporting currency"
    SHARE = "share, 0 to 1"
    RATIO = "ratio"


class FeatureError(CallfirstError):
    """A feature that cannot be part of a catalogue."""


@dataclass(frozen=True)
class Feature:
    """One point-in-time feature of a customer.

    Attributes:
        name: its column; the unit stands in it where the type does not say it.
        unit: what the number counts.
        meaning: one phrase for a data scientist.
        expression: how it is made, of the closed list of primitives.
        missing: when it is unknown (null), in words; "never" where it is always known.
        sentence: the same for a manager, with ``{value}``.
        source: the domain row, design section or paper it comes from.
        learnable: a model may learn from it.
    """

    name: str
    unit: Unit
    meaning: str
    expression: Expression
    missing: str
    sentence: str
    source: str
    learnable: bool = True


def catalogue_of(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """The features as a catalogue.

    Raises:
        FeatureError: two of one name, or a sentence without its value.
    """
    catalogue = tuple(features)
    seen: set[str] = set()
    for feature in catalogue:
        if feature.name in seen:
            raise FeatureError(f"Two features are called {feature.name}.", "Rename one of them.")
        if "{value}" not in feature.sentence:
            raise FeatureError(f"The sentence of {feature.name} shows no {{value}}.", "Write where the number goes.")
        seen.add(feature.name)
    return catalogue


def fingerprint_of(catalogue: Iterable[Feature]) -> str:
    """SHA-256, hex, of names and expressions in their order: equal only where every feature is made alike."""
    text = "\n".join(f"{feature.name}={feature.expression!r}" for feature in catalogue)
    return hashlib.sha256(text.encode()).hexdigest()
