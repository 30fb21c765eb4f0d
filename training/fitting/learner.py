"""Everything learned at one fold: chances of no order, chances of declining, and the shortfall as a share of R."""

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
from training.fitting.member_forecasts import MemberForecasts, known_forecasts
from training.fitting.operational_time import operational_time
from training.fitting.reference_season import season_at
from training.fitting.shortfall import DECLINE_RECIPES, LEARNED_KINDS, declined, learn_share, lifted_shortfall


@dataclass(frozen=True)
class FittedModels:
    """The models fitted at a fold.

    Attributes:
        reference: R with the carries of windows closed by the fold's instant.
        churn, decline: calibrated chances by candidate.
        shares: models of shortfall ÷ R.
        skipped: candidate → the reason it could not be fitted.
    """

    fold: Fold
    reference: Reference
    churn: dict[str, Probability] = field(default_factory=dict)
    decline: dict[str, Probability] = field(default_factory=dict)
    shares: dict[ShortfallKind, Probability] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingContext:
    """Data and settings that all fits of one training share.

    Attributes:
        rows: labelled as known at the training's instant. now: all customers as of that instant.
        blend: the recipe of the blend.
    """

    ledger: Ledger
    rows: TrainingSet
    now: Snapshot
    origins: Origins
    policy: Policy
    seed: int
    blend: BlendRecipe = BLEND

    def back_at(self, at: AsOf) -> TrainingContext:
        """The context at an earlier instant: only windows closed by then, labelled as known then."""
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
        """The requested candidates, fitted and calibrated at the fold, which is at the training's instant.

        Args:
            past: forecasts of rules and of the blend's members for windows that are closed by now; they calibrate the
                candidates, as far as there are any.
        """
        fitted = FittedModels(fold, self.rows.reference(self.origins.chain(fold.at)))
        for candidate in churn:
            progress(f"fitting {candidate.name} as of {fold.at.day}")
            task = FitTask(self.rows, self.origins, fold, churned)
            self._keep(fitted, fitted.churn, candidate.name, self._fitted(candidate, task, past))
        for name in decline:
            progress(f"fitting decline by {name} as of {fold.at.day}")
            task = FitTask(self.rows, self.origins, fold, declined(fitted.reference, self.policy))
            result = fit(name, DECLINE_RECIPES[name], task, self.seed)
            self._keep(fitted, fitted.decline, f"decline, {name}", result)
        for kind in shares:
            progress(f"fitting {kind} as of {fold.at.day}")
            self._share(fitted, kind)
        return fitted

    def in_season(self, fitted: FittedModels) -> Reference:
        """The fold's R, with its level adjusted by the same weeks of last year."""
        return replace(fitted.reference, season=season_at(fitted.fold.at, self.rows, self.origins, fitted.reference))

    def shortfall(self, fitted: FittedModels, kind: ShortfallKind, churn: Probability) -> Shortfall:
        """The shortfall of one kind, lifted so that its sum matches the fold's calibration window."""
        rows = self.rows.active_at([fitted.fold.calibrate])
        return lifted_shortfall(Shortfall(kind, fitted.shares.get(kind)), rows, fitted.reference, churn)

    def _fitted(self, candidate: Candidate, task: FitTask, past: Sequence[MemberForecasts]) -> Probability | NotFitted:
        if isinstance(candidate.recipe, BlendRecipe):
            time = operational_time(self.ledger, self.now, task.fold.at, self.origins.horizon_days)
            return fit_blend(self.blend, task, everybody=self.now, time=time, past=past, seed=self.seed)
        result = fit(candidate.name, candidate.recipe, task, self.seed)
        forecasts_and_rows = None if isinstance(result, NotFitted) else known_forecasts(task, past, [candidate.name])
        if isinstance(result, NotFitted) or forecasts_and_rows is None:
            return result
        log_odds, rows = forecasts_and_rows
        happened = task.target(rows) >= 0.5
        past_forecasts = Forecasts(log_odds[:, 0], happened, rows.origin, rows.weight, rows.horizon_days)
        return replace(result, calibrator=fit_calibrator(past_forecasts))

    def _share(self, fitted: FittedModels, kind: ShortfallKind) -> None:
        result = learn_share(self.rows, self.origins, fold=fitted.fold, reference=fitted.reference, seed=self.seed)
        if isinstance(result, NotFitted):
            fitted.skipped[str(kind)] = result.reason
        else:
            fitted.shares[kind] = result

    @staticmethod
    def _keep(
        fitted: FittedModels, chances: dict[str, Probability], name: str, result: Probability | NotFitted
    ) -> None:
        if isinstance(result, NotFitted):
            fitted.skipped[name] = result.reason
        else:
            chances[name.removeprefix("decline, ")] = result


def churned(rows: TrainingSet) -> Floats:
    """1 where no order day lies in the window, else 0."""
    return rows.labels.churned.astype(np.float64)
