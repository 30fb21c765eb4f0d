"""All that is learned at one fold: chances of leaving and declining, shares of R that go missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats, Snapshot
from models.probability import Probability
from models.reference import Reference
from models.shortfall import Shortfall, ShortfallKind
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts
from training.dataset.folds import Fold, Origins
from training.dataset.training_set import TrainingSet, known_at
from training.fitting.blend import fit_blend
from training.fitting.candidates import BLEND, CANDIDATES, BlendRecipe, Candidate
from training.fitting.fit import FitTask, NotFitted, fit
from training.fitting.member_forecasts import MemberForecasts, seen_of
from training.fitting.operational_time import operational_time
from training.fitting.reference_season import season_at
from training.fitting.shortfall import DECLINE_RECIPES, LEARNED_KINDS, declined, learn_share, lifted_shortfall


@dataclass(frozen=True)
class FittedModels:
    """What was learned at a fold.

    Attributes:
        reference: R with the carries of windows closed by the fold's instant.
        churn, decline: calibrated chances by candidate.
        shares: models of shortfall ÷ R.
        skipped: candidate → why it could not be fitted.
    """

    fold: Fold
    reference: Reference
    churn: dict[str, Probability] = field(default_factory=dict)
    decline: dict[str, Probability] = field(default_factory=dict)
    shares: dict[ShortfallKind, Probability] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingContext:
    """What all lessons of one training have in common.

    Attributes:
        rows: labelled as known at the teacher's instant. now: all customers as of that instant.
        blend: what the blend is made of.
    """

    ledger: Ledger
    rows: TrainingSet
    now: Snapshot
    origins: Origins
    policy: Policy
    seed: int
    blend: BlendRecipe = BLEND

    def back_at(self, at: AsOf) -> TrainingContext:
        """The teacher as it would have been at an earlier instant: knows only windows closed by then, as known then."""
        now = self.rows.at([at]).snapshot
        return replace(self, rows=known_at(self.rows, self.ledger, self.origins, at, self.policy), now=now)

    def learn(
        self,
        fold: Fold,
        *,
        past: Sequence[MemberForecasts] = (),
        churn: Iterable[Candidate] = CANDIDATES,
        decline: Iterable[str] = tuple(DECLINE_RECIPES),
        shares: Iterable[ShortfallKind] = LEARNED_KINDS,
        progress: Callable[[str], None] = lambda _: None,
    ) -> FittedModels:
        """The asked for candidates, fitted and calibrated at the fold, which is at the teacher's instant.

        Args:
            past: what rules and the blend's members said at origins whose windows are closed by now: what they are
                calibrated on, as far as there is any.
        """
        learned = FittedModels(fold, self.rows.reference(self.origins.chain(fold.at)))
        for candidate in churn:
            progress(f"{fold.at.day} {candidate.name}")
            task = FitTask(self.rows, self.origins, fold, churned)
            self._keep(learned, learned.churn, candidate.name, self._fitted(candidate, task, past))
        for name in decline:
            progress(f"{fold.at.day} decline, {name}")
            task = FitTask(self.rows, self.origins, fold, declined(learned.reference, self.policy))
            found = fit(name, DECLINE_RECIPES[name], task, self.seed)
            self._keep(learned, learned.decline, f"decline, {name}", found)
        for kind in shares:
            progress(f"{fold.at.day} {kind}")
            self._share(learned, kind)
        return learned

    def in_season(self, learned: FittedModels) -> Reference:
        """The fold's R, with what the same weeks of last year say of its level."""
        return replace(learned.reference, season=season_at(learned.fold.at, self.rows, self.origins, learned.reference))

    def shortfall(self, learned: FittedModels, kind: ShortfallKind, churn: Probability) -> Shortfall:
        """The shortfall told in one way, lifted so that the sum over the fold's calibration window comes true."""
        seen = self.rows.active_at([learned.fold.calibrate])
        return lifted_shortfall(Shortfall(kind, learned.shares.get(kind)), seen, learned.reference, churn)

    def _fitted(self, candidate: Candidate, task: FitTask, past: Sequence[MemberForecasts]) -> Probability | NotFitted:
        if isinstance(candidate.recipe, BlendRecipe):
            time = operational_time(self.ledger, self.now, task.fold.at, self.origins.horizon_days)
            return fit_blend(self.blend, task, everybody=self.now, time=time, past=past, seed=self.seed)
        found = fit(candidate.name, candidate.recipe, task, self.seed)
        seen = None if isinstance(found, NotFitted) else seen_of(task, past, [candidate.name])
        if isinstance(found, NotFitted) or seen is None:
            return found
        told, later = seen
        happened = task.target(later) >= 0.5
        forecasts = Forecasts(told[:, 0], happened, later.origin, later.weight, later.horizon_days)
        return replace(found, calibrator=fit_calibrator(forecasts))

    def _share(self, learned: FittedModels, kind: ShortfallKind) -> None:
        found = learn_share(self.rows, self.origins, fold=learned.fold, reference=learned.reference, seed=self.seed)
        if isinstance(found, NotFitted):
            learned.skipped[str(kind)] = found.reason
        else:
            learned.shares[kind] = found

    @staticmethod
    def _keep(learned: FittedModels, kept: dict[str, Probability], name: str, found: Probability | NotFitted) -> None:
        if isinstance(found, NotFitted):
            learned.skipped[name] = found.reason
        else:
            kept[name.removeprefix("decline, ")] = found


def churned(rows: TrainingSet) -> Floats:
    """1 where no order day lies in the window, else 0."""
    return rows.labels.churned.astype(np.float64)
