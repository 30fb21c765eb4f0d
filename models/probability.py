"""A learned chance: members blended in log-odds, then calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.snapshot import Floats, Snapshot
from models.calibration import UNCHANGED, Calibrator
from models.members import AnyMember, chance_of, row_sums


@dataclass(frozen=True)
class Probability:
    """Σ weight × member's log-odds, calibrated, as a chance."""

    members: tuple[AnyMember, ...]
    weights: tuple[float, ...]
    calibrator: Calibrator = UNCHANGED

    def log_odds(self, snapshot: Snapshot) -> Floats:
        """The blend before calibration."""
        parts = [weight * member.log_odds(snapshot) for member, weight in zip(self.members, self.weights, strict=True)]
        return row_sums(np.column_stack(parts))

    def calibrated_log_odds(self, snapshot: Snapshot) -> Floats:
        """The blend after calibration."""
        return self.calibrator.apply(self.log_odds(snapshot), snapshot.as_of_days)

    def chance(self, snapshot: Snapshot) -> Floats:
        """The chance of each row; NaN where a member has none."""
        return chance_of(self.calibrated_log_odds(snapshot))

    def with_bounds(self, snapshot: Snapshot) -> tuple[Floats, Floats, Floats]:
        """The chance of each row, and the rates between which customers like it end at 90 of 100 new origins."""
        log_odds = self.calibrated_log_odds(snapshot)
        low, high = self.calibrator.spread.bounds(log_odds, snapshot.as_of_days)
        return chance_of(log_odds), chance_of(low), chance_of(high)

    @property
    def features(self) -> tuple[str, ...]:
        """The features of all members, each once."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.features))

    @property
    def made_of(self) -> dict[str, float]:
        """The share of each member in the blend, by name; together 1."""
        total = sum(self.weights)
        return {member.name: weight / total for member, weight in zip(self.members, self.weights, strict=True)}

    @property
    def made_of_words(self) -> str:
        """The same for a person: "curves 60%, trees 40%"."""
        return ", ".join(f"{name} {share:.0%}" for name, share in self.made_of.items())

    def contributions(self, snapshot: Snapshot) -> Floats:
        """Rows × (features, then the constant), which add up to the blend's log-odds before calibration."""
        names = self.features
        total = np.zeros((len(snapshot), len(names) + 1))
        for member, weight in zip(self.members, self.weights, strict=True):
            parts = weight * member.contributions(snapshot)
            for place, name in enumerate(member.features):
                total[:, names.index(name)] += parts[:, place]
            total[:, -1] += parts[:, -1]
        return total


def alone(member: AnyMember, calibrator: Calibrator = UNCHANGED) -> Probability:
    """The chance one member gives."""
    return Probability((member,), (1.0,), calibrator)
