"""Out-of-sample forecasts beside the outcomes, and the intervals of differences between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.snapshot import Floats
from models.members import chance_of, log_odds_of
from models.shortfall import ShortfallKind
from training.calibration.origin_levels import Forecasts, levelled
from training.dataset.training_set import TrainingSet, customer_codes, micros_of
from training.fitting.member_forecasts import MemberForecasts
from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval, interval_of_draws, interval_of_mean, resamples
from training.metrics.resampled import Figure, OriginOutcomes, counted, over_draws
from training.metrics.segments import Segment, SegmentCalibration, calibration_in

MONEY_DRAWS = 1000

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OutOfSample:
    """Forecasts of active customers at the contest origins, and the outcomes; one row per (origin, customer).

    Attributes:
        churn: chance of no order by candidate. decline: of no order or fading by candidate, valid where ``telling``.
        by_chance: value at risk by candidate, from its chance. shares: value at risk by learned model of the shortfall.
        segments: membership as of the origin. overlapping: windows overlap, so customers are resampled as wholes.
        members: forecasts of each rule and each member of the blend, by origin.
    """

    rows: TrainingSet
    reference: Floats
    telling: Flags
    declined: Flags
    churn: dict[str, Floats]
    decline: dict[str, Floats]
    by_chance: dict[str, Floats]
    shares: dict[ShortfallKind, Floats]
    segments: Mapping[Segment, Flags]
    skipped: dict[str, str]
    overlapping: bool
    seed: int
    members: tuple[MemberForecasts, ...] = ()

    @cached_property
    def customer(self) -> npt.NDArray[np.int64]:
        """A number per customer."""
        return customer_codes(self.rows.snapshot)

    @cached_property
    def ids(self) -> npt.NDArray[np.str_]:
        """The customer of each row."""
        return np.asarray(self.rows.snapshot.customer_ids, dtype=np.str_)

    @cached_property
    def shortfall(self) -> Floats:
        """max(R - net sales, 0)."""
        return self.rows.labels.shortfall(self.reference)

    @property
    def churned(self) -> Flags:
        """No order day in the window."""
        return self.rows.labels.churned

    def value(self, kind: ShortfallKind, churn: str) -> Floats:
        """The value at risk that ranks customers."""
        if kind in self.shares:
            return self.shares[kind]
        return self.reference if kind is ShortfallKind.REFERENCE_ALONE else self.by_chance[churn]

    def money_found(self, value: Floats) -> float:
        """Money found by a ranking, mean over origins."""
        return metrics.pooled_money_found(value, self.shortfall, self.ids.tolist(), self.rows.origin)

    @cached_property
    def origins(self) -> tuple[AsOf, ...]:
        """The contest origins, oldest first."""
        present = set(np.unique(self.rows.origin).tolist())
        return tuple(as_of for as_of in self.rows.snapshot.as_ofs if micros_of(as_of) in present)

    def since(self, origin: AsOf) -> OutOfSample | None:
        """The forecasts of one origin and all later ones; None where there are none."""
        late = self.rows.origin >= micros_of(origin)
        if not late.any():
            return None
        return replace(
            self,
            rows=self.rows.where(late),
            reference=self.reference[late],
            telling=self.telling[late],
            declined=self.declined[late],
            churn={name: chance[late] for name, chance in self.churn.items()},
            decline={name: chance[late] for name, chance in self.decline.items()},
            by_chance={name: value[late] for name, value in self.by_chance.items()},
            shares={kind: value[late] for kind, value in self.shares.items()},
            segments={segment: members[late] for segment, members in self.segments.items()},
        )

    def calibration(self, churn: str) -> tuple[SegmentCalibration, ...]:
        """Calibration of a candidate's chances in each segment."""
        return calibration_in(
            self.segments,
            self.churn[churn],
            self.churned,
            weight=self.rows.weight,
            customer=self.customer,
            seed=self.seed,
        )

    def levelled(self, churn: str) -> Floats:
        """A candidate's chances moved at each origin to the observed rate, so that only the ranking is compared."""
        rows = self.rows
        forecasts = Forecasts(log_odds_of(self.churn[churn]), self.churned, rows.origin, rows.weight, rows.horizon_days)
        return chance_of(levelled(forecasts))

    def better(self, chance: Floats, other: Floats) -> Floats:
        """Squared error of the other forecast less that of this one, row by row."""
        return np.asarray((other - self.churned) ** 2 - (chance - self.churned) ** 2)

    def mean_auc(self, chance: Floats) -> float:
        """ROC AUC, mean over the origins with both outcomes; NaN: there is none."""
        origin, weight = self.rows.origin, self.rows.weight
        aucs = [
            metrics.auc(chance[rows], self.churned[rows], weight[rows])
            for rows in (origin == moment for moment in np.unique(origin))
        ]
        defined = [area for area in aucs if not np.isnan(area)]
        return float(np.mean(defined)) if defined else float("nan")

    def mean_interval(self, differences: Floats) -> Interval:
        """The weighted mean of one difference per row, with its bounds."""
        share = self.rows.weight / self.rows.weight.mean()
        return interval_of_mean(
            differences * share, self.customer, self.rows.origin, overlapping=self.overlapping, seed=self.seed
        )

    def money_interval(self, value: Floats, other: Floats) -> Interval:
        """Money found by one ranking less that by another, with its bounds."""
        origin = self.rows.origin
        parts = [np.flatnonzero(origin == moment) for moment in np.unique(origin)]
        outcomes = [OriginOutcomes(self.ids[rows].tolist(), self.churned[rows], self.shortfall[rows]) for rows in parts]
        figures = {
            name: [
                counted(Figure.MONEY_FOUND, outcome, ranking[rows])
                for outcome, rows in zip(outcomes, parts, strict=True)
            ]
            for name, ranking in (("value", value), ("other", other))
        }
        draws = resamples(self.customer, origin, overlapping=self.overlapping, draws=MONEY_DRAWS, seed=self.seed)
        drawn = over_draws(figures, parts, draws)
        difference = drawn["value"] - drawn["other"]
        return interval_of_draws(float(difference[0]), difference[1:])
