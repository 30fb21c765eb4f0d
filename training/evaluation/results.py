"""The results of an evaluation: figures by cutoff and over all, differences to baselines, calibration."""

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
    """Forecasts as of one cutoff, and the outcomes.

    Attributes:
        chance: of no order, by name of the forecast. value: at risk, by name. Ours is missing from ``chance`` where
            only a bare rule served; baselines are missing from both where none could be fitted (``skipped`` says why).
        served: name of the model or rule. sentence: the reason.
        calibration: of our chances. cells: of our intervals. segments: membership of the customers.
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
    def outcomes(self) -> OriginOutcomes:
        """The outcomes, as figures need them."""
        return OriginOutcomes(self.ids, self.churned, self.shortfall)

    def forecasts(self, figure: Figure) -> Mapping[str, Floats]:
        """The forecasts that a figure judges, by name."""
        return self.value if figure is Figure.MONEY_FOUND else self.chance

    def figure(self, figure: Figure, name: str) -> float:
        """One forecast's figure at this cutoff; NaN where there is no such forecast."""
        forecasts = self.forecasts(figure).get(name)
        if forecasts is None:
            return float("nan")
        return counted(figure, self.outcomes, forecasts)(np.ones(len(self), dtype=np.int64))


@dataclass(frozen=True)
class Evaluation:
    """The results of a model over cutoffs, beside every baseline.

    Attributes:
        means: by figure and name, over the cutoffs with all forecasts. compared: the number of these cutoffs.
        differences: ours less each baseline's, with the sign turned so that above 0 is better.
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
        """The figures of all cutoffs, with customers resampled within each."""
        means: dict[Figure, dict[str, float]] = {}
        compared: dict[Figure, int] = {}
        differences: list[MetricDifference] = []
        for figure in Figure:
            names = [
                OURS,
                *(
                    baseline.name
                    for baseline in BASELINES
                    if figure is Figure.MONEY_FOUND or _predicts_chance(baseline)
                ),
            ]
            common = [part for part in cutoffs if all(name in part.forecasts(figure) for name in names)]
            compared[figure] = len(common)
            if not common:
                means[figure] = {}
                continue
            statistics = {
                name: [counted(figure, part.outcomes, part.forecasts(figure)[name]) for part in common]
                for name in names
            }
            draws = over_draws(statistics, *_drawn(common, scope.horizon_days, seed))
            means[figure] = {name: float(values[0]) for name, values in draws.items()}
            for name in names[1:]:
                gain = figure.sign * (draws[OURS] - draws[name])
                differences.append(MetricDifference(figure, name, float(gain[0]), gain[1:]))
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

    def to_best_baseline(self, figure: Figure) -> MetricDifference | None:
        """The difference to the baseline with the best mean; None where nothing could be compared."""
        return min(
            (difference for difference in self.differences if difference.figure is figure), key=_estimate, default=None
        )

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """Our difference to the best baseline in each figure, judged together."""
        best = (self.to_best_baseline(figure) for figure in Figure)
        return judged_jointly([difference for difference in best if difference is not None])

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every tenth of every cutoff that holds enough customers."""
        return tuple(cell for part in self.cutoffs for cell in part.cells)

    @cached_property
    def segments(self) -> tuple[SegmentCalibration, ...]:
        """Calibration in each segment, over the cutoffs with chances of ours; all customers weigh the same."""
        with_chances = [part for part in self.cutoffs if OURS in part.chance]
        if not with_chances:
            return ()
        churned = np.concatenate([part.churned for part in with_chances])
        return calibration_in(
            joined([part.segments for part in with_chances]),
            np.concatenate([part.chance[OURS] for part in with_chances]),
            churned,
            weight=np.ones(len(churned)),
            customer=np.concatenate([np.asarray(part.ids, dtype=np.str_) for part in with_chances]),
            seed=self.seed,
        )

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        count = len(self.cutoffs)
        over = f"Over {count} {'cutoff' if count == 1 else 'cutoffs'}"
        if not self.differences:
            return f"{over} nothing could be compared: {self._why_not}."
        parts = [
            f"{judgement.difference.figure} {self.means[judgement.difference.figure][OURS]:.3f} "
            f"({judgement.difference.estimate:+.3f} to {judgement.difference.rival}"
            f"{', worse for sure' if judgement.is_worse else ''})"
            for judgement in self.judgements
        ]
        return f"{over}, against the best rival in each figure (above 0 is better): {'; '.join(parts)}."

    @property
    def _why_not(self) -> str:
        return next((part.skipped for part in self.cutoffs if part.skipped), "only a bare rule was served")

    def record(self) -> dict[str, Any]:
        """All figures as JSON; undefined ones are null."""
        names = [OURS, *(baseline.name for baseline in BASELINES)]
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
                    "figures": {name: {str(figure): part.figure(figure, name) for figure in Figure} for name in names},
                    "calibration": None if part.calibration is None else _calibration(part.calibration),
                }
                for part in self.cutoffs
            ],
            "means": {str(figure): dict(means) for figure, means in self.means.items()},
            "compared_cutoffs": {str(figure): count for figure, count in self.compared.items()},
            "differences": [
                {
                    "figure": str(difference.figure),
                    "rival": difference.rival,
                    **asdict(difference.interval()),
                }
                for difference in self.differences
            ],
            "against_the_best_rival": [
                {
                    "figure": str(judgement.difference.figure),
                    "rival": judgement.difference.rival,
                    "joint_interval": asdict(judgement.joint),
                    "is_worse": judgement.is_worse,
                }
                for judgement in self.judgements
            ],
            "circles": [segment.record() for segment in self.segments],
            "interval_cells": {"count": len(self.cells), "covered_share": coverage(self.cells)},
        }
        finite: dict[str, Any] = _finite(record)
        return finite


def _drawn(parts: Sequence[AtCutoff], horizon_days: int, seed: int) -> tuple[list[Ints], Iterator[Ints]]:
    """The rows of each cutoff, and customers resampled within cutoffs; as wholes where windows overlap."""
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


def _predicts_chance(baseline: Baseline) -> bool:
    return baseline.predicts is Predicts.CHANCE


def _estimate(difference: MetricDifference) -> float:
    return difference.estimate if not math.isnan(difference.estimate) else float("inf")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
