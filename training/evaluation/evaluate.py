"""Evaluation of models trained as if each cutoff were today, against every baseline, by the outcomes.

Nothing is promoted. Nothing known on or after a cutoff is read for fitting; only the window after it is labelled as
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
"""Default number of cutoffs: the contest's last origins."""


class NoCutoffError(TrainingError):
    """A ledger too short for any cutoff, or without customers to judge."""


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
    """The results after each cutoff D of the model that `train --until D` would serve, beside every baseline.

    H and W are the requested ones, else the policy's, else from the gaps as of the oldest cutoff (by default as of the
    ledger's end).

    Raises:
        NoCutoffError: no window is closed, or no customer had an order day before any cutoff.
        HorizonOutlastsLedgerError: the window after a cutoff is not closed yet.
        AsOfBeforeLedgerError, WindowError, HorizonBeyondLedgerError: a cutoff, H or W is impossible.
    """
    first = scope_of(
        ledger,
        policy,
        until=min(cutoffs, default=None),
        horizon_days=horizon_days,
        active_days=active_days,
    )
    instants = sorted(set(cutoffs)) or _last_origins(first, policy)
    end = ledger.ends_on + timedelta(days=1)
    for cutoff in instants:
        if cutoff.day + timedelta(days=first.horizon_days) > end:
            raise HorizonOutlastsLedgerError(cutoff.day, first.horizon_days, end)
    parts = []
    for place, cutoff in enumerate(instants):
        scope = scope_of(ledger, policy, until=cutoff, horizon_days=first.horizon_days, active_days=first.active_days)

        def report(step: str, share: float, place: int = place, cutoff: AsOf = cutoff) -> None:
            progress(f"{cutoff.day}: {step}", (place + share) / (len(instants) + 1))

        parts.append(_at(ledger, scope, policy, seed, report))
    if not any(len(part) for part in parts):
        raise NoCutoffError(
            f"No customer had an order day in the {first.horizon_days} days before any cutoff.", "Choose other cutoffs."
        )
    progress("drawing customers anew", len(instants) / (len(instants) + 1))
    evaluation = Evaluation.of([part for part in parts if len(part)], first, seed=seed)
    progress("done", 1.0)
    return evaluation


def _at(ledger: Ledger, scope: TrainingScope, policy: Policy, seed: int, progress: Progress) -> AtCutoff:
    trained = train_model(ledger, scope, policy, seed=seed, progress=progress)
    bundle = bundle_of(trained, trained.winner, ledger, policy, number=1)
    customers = customers_at_cutoff(trained, ledger, policy)
    scores = bundle.score(customers.snapshot)
    columns = {name: scores.column(name).to_numpy() for name in ("churn_probability", "churn_low", "churn_high")}
    chance, value, skipped = _of_baselines(trained, customers, progress)
    value[OURS] = scores.column("value_at_risk").to_numpy()
    calibration: CalibrationFigures | None = None
    cells: tuple[Cell, ...] = ()
    if trained.winner.churn is not None and len(customers.churned):
        own_chance = chance[OURS] = columns["churn_probability"]
        calibration = CalibrationFigures.of(
            own_chance,
            customers.churned,
            last_rate=customers.last_rate,
            has_year_before=customers.has_year_before,
            seed=seed,
        )
        cells = cells_of(own_chance, columns["churn_low"], columns["churn_high"], customers.churned)
    return AtCutoff(
        cutoff=scope.until,
        ids=customers.snapshot.customer_ids,
        churned=customers.churned,
        reference=customers.reference,
        shortfall=customers.shortfall,
        chance=chance,
        value=value,
        served=trained.winner.name,
        sentence=trained.winner.sentence,
        skipped=skipped,
        calibration=calibration,
        cells=cells,
        segments=segments_at(
            ledger, customers.snapshot, as_of=scope.until, reference=customers.reference, policy=policy
        ),
    )


def _of_baselines(
    trained: TrainedModel, customers: CutoffCustomers, progress: Progress
) -> tuple[dict[str, Floats], dict[str, Floats], str]:
    """Chances and values at risk of the baselines, and the reason where there are none."""
    inputs = BaselineInputs.of(trained, customers)
    if inputs is None:
        return {}, {}, "no rival could be fitted: too few closed windows, or too few of one outcome in them"
    chance: dict[str, Floats] = {}
    value: dict[str, Floats] = {}
    for place, baseline in enumerate(BASELINES):
        progress(f"rival {baseline.name}", 0.8 + 0.2 * place / len(BASELINES))
        forecast = baseline.fit(inputs)(customers.snapshot)
        if baseline.predicts is Predicts.CHANCE:
            chance[baseline.name] = forecast
        value[baseline.name] = forecast * customers.reference if baseline.predicts is Predicts.CHANCE else forecast
    return chance, value, ""


def _last_origins(scope: TrainingScope, policy: Policy) -> list[AsOf]:
    origins = origins_of(
        scope.until, scope.horizon_days, scope.active_days, starts_on=scope.starts_on, zone=policy.zone
    )
    folds = contest_plan(origins).folds[:MOST_CUTOFFS]
    if not folds:
        needed = max(scope.horizon_days, scope.active_days) + 2 * scope.horizon_days
        history_days = (scope.until.day - scope.starts_on).days
        raise NoCutoffError(
            f"The ledger holds {history_days} days; to train before a cutoff and judge after it {needed:,} are needed "
            f"with a horizon of {scope.horizon_days} days.",
            "Choose a shorter horizon (--horizon-days), name cutoffs (--cutoffs), or load more history.",
        )
    return sorted(fold.at for fold in folds)
