"""The distribution of each feature among the customers a model learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats, Snapshot

STEPS = 10


@dataclass(frozen=True)
class FeatureDistribution:
    """The distribution of one feature over steps.

    Attributes:
        edges: between the steps, rising; a value on an edge belongs to the step above it.
        shares: of the customers in each step, then of those whose feature is unknown; they add up to 1.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    def shares_of(self, values: Floats, weight: Floats) -> Floats:
        """The shares of other customers in the same steps."""
        step = np.where(np.isnan(values), len(self.edges) + 1, np.searchsorted(self.edges, values, side="right"))
        counted = np.bincount(step.astype(np.int64), weights=weight, minlength=len(self.edges) + 2)
        shares: Floats = counted / counted.sum()
        return shares


@dataclass(frozen=True)
class TrainingDistribution:
    """The distribution of every feature among the active customers a model learned from.

    Attributes:
        customers: their number at a usual instant.
        held_days: days of ledger before the first instant.
        features: the distribution by feature, over tenths where the values allow.
    """

    customers: int
    held_days: int
    features: Mapping[str, FeatureDistribution]

    @classmethod
    def observed(
        cls, snapshot: Snapshot, weight: Floats, *, names: tuple[str, ...], customers: int, held_days: int
    ) -> TrainingDistribution:
        """The distributions over the steps that divide these rows into tenths."""
        return cls(customers, held_days, {name: _steps(snapshot.feature(name), weight) for name in names})


def _steps(values: Floats, weight: Floats) -> FeatureDistribution:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, STEPS) / STEPS)) if len(known) else np.empty(0)
    edges = edges[edges > known.min()] if len(known) else edges  # nothing lies under the smallest
    bare = FeatureDistribution(tuple(float(edge) for edge in edges), ())
    return FeatureDistribution(bare.edges, tuple(round(float(share), 6) for share in bare.shares_of(values, weight)))
