"""A feature as data: what it means, and the expression that computes it."""

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
        name: of its column; ends in the unit where the type does not show it.
        unit: what the number counts.
        meaning: one phrase for a data scientist.
        expression: the computation, made of the closed list of primitives.
        missing: when the feature is unknown (null), in words; "never" where it is always known.
        sentence: the meaning for a manager, with ``{value}``.
        source: the domain row, design section or paper the feature comes from.
        learnable: whether a model may learn from it.
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
    """The features as a catalogue, with unique names.

    Raises:
        FeatureError: two of one name, or a sentence without its value.
    """
    catalogue = tuple(features)
    names: set[str] = set()
    for feature in catalogue:
        if feature.name in names:
            raise FeatureError(f"Two features are called {feature.name}.", "Rename one of them.")
        if "{value}" not in feature.sentence:
            raise FeatureError(
                f"The sentence of {feature.name} has no {{value}}.", "Put {value} where the number belongs."
            )
        names.add(feature.name)
    return catalogue


def fingerprint_of(catalogue: Iterable[Feature]) -> str:
    """SHA-256, hex, of names and expressions in order; equal only where all features are computed alike."""
    text = "\n".join(f"{feature.name}={feature.expression!r}" for feature in catalogue)
    return hashlib.sha256(text.encode()).hexdigest()
