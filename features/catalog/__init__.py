"""The catalogue: every feature as data, in snapshot order."""

from __future__ import annotations

from features.catalog.definition import Feature, catalogue_of, fingerprint_of
from features.catalog.interactions import INTERACTIONS
from features.catalog.obligations import OBLIGATIONS
from features.catalog.orders import ORDERS
from features.catalog.trends import TRENDS

CATALOG: tuple[Feature, ...] = catalogue_of(ORDERS + TRENDS + INTERACTIONS + OBLIGATIONS)
"""Every feature, in snapshot order."""

CATALOG_FINGERPRINT = fingerprint_of(CATALOG)

MODEL_FEATURES: tuple[str, ...] = tuple(feature.name for feature in CATALOG if feature.learnable)
"""Names of the features a model may learn from."""
