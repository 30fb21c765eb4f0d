"""An evaluation as it stands: figures by cutoff and over all, differences to rivals, calibration."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.snapshot import Floats
from training.dataset.scope import TrainingScope
from training.evaluation.baselines import BASELINES, Baseline, Predicts
from training.metrics.bootstrap import resamples
from training.metrics.calibration import CalibrationFigures, Cell, coverage
from training.metrics.multiple_comparisons import Judgement, MetricDifference, judged_jointly
from training.metrics.resampled import Figure, Ints, OriginOutcomes, counted, over_draws
from training.metrics.segments import Flags, Segment, SegmentCalibration, calibration_in, joined

OURS = "callfirst"
DRAWS = 2000
"""Enough for bounds that hold jointly over three ledgers and three figures: 0.3 % on each side."""


@dataclass(frozen=True)
class AtCutoff:
    """What was told as of one cutoff, and what came.

    Attributes:
        chance: of no order, by who told it; value: what money is ranked by. Ours is missing from ``chance`` where only
            a bare rule was served, rivals from both where none could be fitted (``skipped`` says why).
        served: name of what was served. sentence: why.
        calibration: how our chances held. cells: how our intervals did. circles: who was in which.
    """

    cutoff: AsOf
    ids: Sequence[str]
    churned: npt.NDArray[np.bool_]
    reference: Floats
    shortfall: Floats
    chance: Mapping[str, Floats]
    value: Mapping[str, Floats]
    served: str
    sentence: str
    skipped: str
    calibration: CalibrationFigures | None
    cells: tuple[Cell, ...]
    segments: Mapping[Segment, Flags]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def scene(self) -> OriginOutcomes:
        """What came, for whoever counts it."""
        return OriginOutcomes(self.ids, self.churned, self.shortfall)

    def told(self, figure: Figure) -> Mapping[str, Floats]:
        """What each forecast is judged on for a figure."""
        return self.value if figure is Figure.MONEY_FOUND else self.chance

    def figure(self, figure: Figure, name: str) -> float:
        """One forecast's figure at this cutoff; NaN where it told nothing."""
        told = self.told(figure).get(name)
        if told is None:
            return float("nan")
        return counted(figure, self.scene, told)(np.ones(len(self), dtype=np.int64))


@dataclass(frozen=True)
class Evaluation:
    """How a model did over cutoffs, beside every rival.

    Attributes:
        means: by figure and name, over the cutoffs at which everybody told it. compared: how many these are.
        differences: ours less each rival's, turned so that above 0 is better.
    """

    horizon_days: int
    active_days: int
    seed: int
    remarks: tuple[str, ...]
    cutoffs: tuple[AtCutoff, ...]
    means: Mapping[Figure, Mapping[str, float]]
    compared: Mapping[Figure, int]
    differences: tuple[MetricDifference, ...]

    @classmethod
    def of(cls, cutoffs: Sequence[AtCutoff], scope: TrainingScope, *, seed: int) -> Evaluation:
        """The figures of all cutoffs, with customers drawn anew within each."""
        means: dict[Figure, dict[str, float]] = {}
        compared: dict[Figure, int] = {}
        differences: list[MetricDifference] = []
        for figure in Figure:
            names = [OURS, *(rival.name for rival in BASELINES if figure is Figure.MONEY_FOUND or _tells_chance(rival))]
            common = [part for part in cutoffs if all(name in part.told(figure) for name in names)]
            compared[figure] = len(common)
            if not common:
                means[figure] = {}
                continue
            told = {name: [counted(figure, part.scene, part.told(figure)[name]) for part in common] for name in names}
            found = over_draws(told, *_drawn(common, scope.horizon_days, seed))
            means[figure] = {name: float(each[0]) for name, each in found.items()}
            for name in names[1:]:
                better = figure.sign * (found[OURS] - found[name])
                differences.append(MetricDifference(figure, name, float(better[0]), better[1:]))
        return cls(
            horizon_days=scope.horizon_days,
            active_days=scope.active_days,
            seed=seed,
            remarks=scope.remarks,
            cutoffs=tuple(cutoffs),
            means=means,
            compared=compared,
            differences=tuple(differences),
        )

    def to_best_rival(self, figure: Figure) -> MetricDifference | None:
        """The difference to the rival of the best mean; None where nothing could be compared."""
        return min((each for each in self.differences if each.figure is figure), key=_estimate, default=None)

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """Our difference to the best rival in each figure, judged together."""
        best = (self.to_best_rival(figure) for figure in Figure)
        return judged_jointly([each for each in best if each is not None])

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every tenth of every cutoff that holds enough customers."""
        return tuple(cell for part in self.cutoffs for cell in part.cells)

    @cached_property
    def segments(self) -> tuple[SegmentCalibration, ...]:
        """How our chances held in each circle, over the cutoffs at which we told any; all judged count alike."""
        telling = [part for part in self.cutoffs if OURS in part.chance]
        if not telling:
            return ()
        churned = np.concatenate([part.churned for part in telling])
        return calibration_in(
            joined([part.segments for part in telling]),
            np.concatenate([part.chance[OURS] for part in telling]),
            churned,
            weight=np.ones(len(churned)),
            customer=np.concatenate([np.asarray(part.ids, dtype=np.str_) for part in telling]),
            seed=self.seed,
        )

    @property
    def sentence(self) -> str:
        """What it came to."""
        count = len(self.cutoffs)
        over = f"Over {count} {'cutoff' if count == 1 else 'cutoffs'}"
        if not self.differences:
            return f"{over} nothing could be compared: {self._why_not}."
        parts = [
            f"{each.difference.figure} {self.means[each.difference.figure][OURS]:.3f} "
            f"({each.difference.estimate:+.3f} to {each.difference.rival}{', worse for sure' if each.is_worse else ''})"
            for each in self.judgements
        ]
        return f"{over}, against the best rival in each figure (above 0 is better): {'; '.join(parts)}."

    @property
    def _why_not(self) -> str:
        return next((part.skipped for part in self.cutoffs if part.skipped), "only a bare rule was served")

    def record(self) -> dict[str, Any]:
        """All figures as JSON; what cannot be told is null."""
        names = [OURS, *(rival.name for rival in BASELINES)]
        record = {
            "horizon_days": self.horizon_days,
            "active_days": self.active_days,
            "seed": self.seed,
            "sentence": self.sentence,
            "remarks": list(self.remarks),
            "cutoffs": [
                {
                    "cutoff": str(part.cutoff.day),
                    "judged": len(part),
                    "served": part.served,
                    "sentence": part.sentence,
                    "skipped": part.skipped,
                    "figures": {name: {str(each): part.figure(each, name) for each in Figure} for name in names},
                    "calibration": None if part.calibration is None else _calibration(part.calibration),
                }
                for part in self.cutoffs
            ],
            "means": {str(figure): dict(found) for figure, found in self.means.items()},
            "compared_cutoffs": {str(figure): count for figure, count in self.compared.items()},
            "differences": [
                {"figure": str(each.figure), "rival": each.rival, **asdict(each.interval())}
                for each in self.differences
            ],
            "against_the_best_rival": [
                {
                    "figure": str(each.difference.figure),
                    "rival": each.difference.rival,
                    "joint_interval": asdict(each.joint),
                    "is_worse": each.is_worse,
                }
                for each in self.judgements
            ],
            "circles": [each.record() for each in self.segments],
            "interval_cells": {"count": len(self.cells), "covered_share": coverage(self.cells)},
        }
        known: dict[str, Any] = _known(record)
        return known


def _drawn(parts: Sequence[AtCutoff], horizon_days: int, seed: int) -> tuple[list[Ints], Iterator[Ints]]:
    """The rows of each cutoff, and customers drawn within cutoffs; as wholes where windows overlap."""
    edges = np.cumsum([0, *(len(part) for part in parts)])
    rows = [np.arange(start, stop) for start, stop in pairwise(edges)]
    customer = np.unique(np.concatenate([np.asarray(part.ids, dtype=np.str_) for part in parts]), return_inverse=True)[
        1
    ]
    origin = np.repeat(np.arange(len(parts)), np.diff(edges))
    overlapping = any((later.cutoff.day - part.cutoff.day).days < horizon_days for part, later in pairwise(parts))
    return rows, resamples(customer, origin, overlapping=overlapping, draws=DRAWS, seed=seed)


def _calibration(calibration: CalibrationFigures) -> dict[str, Any]:
    return {
        **asdict(calibration),
        "gap": calibration.gap,
        "mean_kept": calibration.mean_kept,
        "error_kept": calibration.error_kept,
        "is_across_season_change": calibration.is_across_season_change,
    }


def _tells_chance(rival: Baseline) -> bool:
    return rival.tells is Predicts.CHANCE


def _estimate(difference: MetricDifference) -> float:
    return difference.estimate if not math.isnan(difference.estimate) else float("inf")


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_known(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
