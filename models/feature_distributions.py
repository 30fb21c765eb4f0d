"""What customers usually looked like while a model learned: how they are spread over each feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats, Snapshot

STEPS = 10


@dataclass(frozen=True)
class FeatureDistribution:
    """How the customers are spread over one feature.

    Attributes:
        edges: between the steps, rising; a value on an edge belongs above it.
        shares: of the customers in each step, then of those of whom the feature is unknown; they add up to 1.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    def shares_of(self, values: Floats, weight: Floats) -> Floats:
        """How other customers are spread over the same steps."""
        step = np.where(np.isnan(values), len(self.edges) + 1, np.searchsorted(self.edges, values, side="right"))
        counted = np.bincount(step.astype(np.int64), weights=weight, minlength=len(self.edges) + 2)
        shares: Floats = counted / counted.sum()
        return shares


@dataclass(frozen=True)
class TrainingDistribution:
    """The active customers a model learned from, as its features showed them.

    Attributes:
        customers: a usual instant had so many.
        held_days: days the ledger held before the first of its instants.
        features: each with its steps: equal ones of a tenth where its values allow.
    """

    customers: int
    held_days: int
    features: Mapping[str, FeatureDistribution]

    @classmethod
    def seen(
        cls, snapshot: Snapshot, weight: Floats, *, names: tuple[str, ...], customers: int, held_days: int
    ) -> TrainingDistribution:
        """The steps that part these rows into tenths."""
        return cls(customers, held_days, {name: _steps(snapshot.feature(name), weight) for name in names})


def _steps(values: Floats, weight: Floats) -> FeatureDistribution:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, STEPS) / STEPS)) if len(known) else np.empty(0)
    edges = edges[edges > known.min()] if len(known) else edges  # nothing lies under the smallest
    bare = FeatureDistribution(tuple(float(edge) for edge in edges), ())
    return FeatureDistribution(bare.edges, tuple(round(float(share), 6) for share in bare.shares_of(values, weight)))
