"""The features that every rival makes too, out of the catalogue, and the dates of the contest."""

from __future__ import annotations

from datetime import date

from benchmarks.speed.rivals.answer import WINDOWS
from features.catalog import CATALOG
from features.catalog.definition import Feature

RIVAL_NAMES = (
    "days_since_last_order",
    "days_since_first_order",
    *(f"order_days_{days}_days" for days in WINDOWS),
    "order_days_lifetime",
    *(f"net_sales_{days}_days" for days in WINDOWS),
    "net_sales_lifetime",
    "gap_mean_days",
    "gap_deviation_days",
)
RIVAL_CATALOGUE: tuple[Feature, ...] = tuple(feature for feature in CATALOG if feature.name in RIVAL_NAMES)

TWELVE_DATES = (*(date(2025, month, 1) for month in range(2, 13)), date(2026, 1, 1))
ONE_DATE = TWELVE_DATES[-1:]
