"""How a model does that is trained as if each cutoff were today, against every rival, by what came.

Nothing is promoted, and nothing known on or after a cutoff is read for fitting; only the window after it is labelled as
known later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.progress import Progress, no_progress
from features.snapshot import Floats
from training.dataset.folds import contest_plan, origins_of
from training.dataset.labels import HorizonOutlastsLedgerError
from training.dataset.scope import TrainingScope, scope_of
from training.errors import TrainingError
from training.evaluation.baselines import BASELINES, BaselineInputs, Predicts
from training.evaluation.cutoff_customers import CutoffCustomers, customers_at_cutoff
from training.evaluation.results import OURS, AtCutoff, Evaluation
from training.metrics.calibration import CalibrationFigures, Cell, cells_of
from training.metrics.segments import segments_at
from training.selection.build import TrainedModel, bundle_of, train_model

MOST_CUTOFFS = 4
"""Where none are asked for: the contest's last origins."""


class NoCutoffError(TrainingError):
    """A ledger too short for any cutoff, or one at which nobody can be judged."""


def evaluate(
    ledger: Ledger,
    policy: Policy,
    *,
    cutoffs: Sequence[AsOf] = (),
    horizon_days: int | None = None,
    active_days: int | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Evaluation:
    """How the model that `train --until D` would serve did after each cutoff D, beside every rival.

    H and W are those asked for, else the policy's, else as the gaps propose as of the oldest cutoff; where no cutoffs
    are asked for, as of the ledger's end.

    Raises:
        NoCutoffError: no window is closed that could be judged, or nobody had an order day before any cutoff.
        HorizonOutlastsLedgerError: the window after a cutoff is not closed yet.
        AsOfBeforeLedgerError, WindowError, HorizonBeyondLedgerError: a cutoff, H or W that cannot be.
    """
    first = scope_of(
        ledger,
        policy,
        until=min(cutoffs, default=None),
        horizon_days=horizon_days,
        active_days=active_days,
    )
    chosen = sorted(set(cutoffs)) or _last_origins(first, policy)
    end = ledger.ends_on + timedelta(days=1)
    for cutoff in chosen:
        if cutoff.day + timedelta(days=first.horizon_days) > end:
            raise HorizonOutlastsLedgerError(cutoff.day, first.horizon_days, end)
    parts = []
    for place, cutoff in enumerate(chosen):
        scope = scope_of(ledger, policy, until=cutoff, horizon_days=first.horizon_days, active_days=first.active_days)

        def told(step: str, share: float, place: int = place, cutoff: AsOf = cutoff) -> None:
            progress(f"{cutoff.day}: {step}", (place + share) / (len(chosen) + 1))

        parts.append(_at(ledger, scope, policy, seed, told))
    if not any(len(part) for part in parts):
        raise NoCutoffError(
            f"Nobody had an order day in the {first.horizon_days} days before any cutoff.", "Choose other cutoffs."
        )
    progress("drawing customers anew", len(chosen) / (len(chosen) + 1))
    found = Evaluation.of([part for part in parts if len(part)], first, seed=seed)
    progress("done", 1.0)
    return found


def _at(ledger: Ledger, scope: TrainingScope, policy: Policy, seed: int, progress: Progress) -> AtCutoff:
    made = train_model(ledger, scope, policy, seed=seed, progress=progress)
    bundle = bundle_of(made, made.winner, ledger, policy, number=1)
    judged = customers_at_cutoff(made, ledger, policy)
    scores = bundle.score(judged.snapshot)
    told = {name: scores.column(name).to_numpy() for name in ("churn_probability", "churn_low", "churn_high")}
    chance, value, skipped = _of_rivals(made, judged, progress)
    value[OURS] = scores.column("value_at_risk").to_numpy()
    calibration: CalibrationFigures | None = None
    cells: tuple[Cell, ...] = ()
    if made.winner.churn is not None and len(judged.churned):
        ours = chance[OURS] = told["churn_probability"]
        calibration = CalibrationFigures.of(
            ours, judged.churned, last_rate=judged.last_rate, has_year_before=judged.has_year_before, seed=seed
        )
        cells = cells_of(ours, told["churn_low"], told["churn_high"], judged.churned)
    return AtCutoff(
        cutoff=scope.until,
        ids=judged.snapshot.customer_ids,
        churned=judged.churned,
        reference=judged.reference,
        shortfall=judged.shortfall,
        chance=chance,
        value=value,
        served=made.winner.name,
        sentence=made.winner.sentence,
        skipped=skipped,
        calibration=calibration,
        cells=cells,
        segments=segments_at(ledger, judged.snapshot, as_of=scope.until, reference=judged.reference, policy=policy),
    )


def _of_rivals(
    made: TrainedModel, judged: CutoffCustomers, progress: Progress
) -> tuple[dict[str, Floats], dict[str, Floats], str]:
    """Their chances and values at risk, and why there are none."""
    past = BaselineInputs.of(made, judged)
    if past is None:
        return {}, {}, "no rival could be fitted: too few closed windows, or too few of one outcome in them"
    chance: dict[str, Floats] = {}
    value: dict[str, Floats] = {}
    for place, rival in enumerate(BASELINES):
        progress(f"rival {rival.name}", 0.8 + 0.2 * place / len(BASELINES))
        forecast = rival.fit(past)(judged.snapshot)
        if rival.tells is Predicts.CHANCE:
            chance[rival.name] = forecast
        value[rival.name] = forecast * judged.reference if rival.tells is Predicts.CHANCE else forecast
    return chance, value, ""


def _last_origins(scope: TrainingScope, policy: Policy) -> list[AsOf]:
    origins = origins_of(
        scope.until, scope.horizon_days, scope.active_days, starts_on=scope.starts_on, zone=policy.zone
    )
    folds = contest_plan(origins).folds[:MOST_CUTOFFS]
    if not folds:
        needed = max(scope.horizon_days, scope.active_days) + 2 * scope.horizon_days
        held = (scope.until.day - scope.starts_on).days
        raise NoCutoffError(
            f"The ledger holds {held} days; to train before a cutoff and judge after it {needed:,} are needed "
            f"with a horizon of {scope.horizon_days} days.",
            "Choose a shorter horizon (--horizon-days), name cutoffs (--cutoffs), or load more history.",
        )
    return sorted(fold.at for fold in folds)
