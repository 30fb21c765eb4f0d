"""A model trained as of T and not stored yet: `train` puts it into service, `evaluate` judges it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from threadpoolctl import threadpool_limits

from features.catalog import CATALOG_FINGERPRINT
from features.ledger.business_calendar import shut_days
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.progress import Progress
from features.snapshot import take_snapshot
from features.version import code_version
from models.bundle import Bundle
from models.manifest import Manifest
from training.dataset.folds import MOST_CONTEST_ORIGINS, ContestPlan, Origins, contest_plan, origins_of
from training.dataset.scope import TrainingScope
from training.dataset.training_set import training_set
from training.fitting.company_profile import margin_of, usual_shares
from training.fitting.learner import TrainingContext
from training.fitting.tuning import Budget, Tuned, tune
from training.selection.winner import TooLittleToLearnError, Winner, bare_rule, choose_winner


@dataclass(frozen=True)
class TrainedModel:
    """The winner as of T, and what it was trained on.

    Attributes:
        context: the training data; None where no window is closed by T.
        tuned: the result of tuning; None: it was not requested.
    """

    scope: TrainingScope
    origins: Origins
    context: TrainingContext | None
    winner: Winner
    tuned: Tuned | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """The result of tuning, where it was requested."""
        return () if self.tuned is None else (self.tuned.sentence,)


def train_model(
    ledger: Ledger,
    scope: TrainingScope,
    policy: Policy,
    *,
    seed: int,
    progress: Progress,
    tuning: Budget | None = None,
) -> TrainedModel:
    """The best model or rule that the windows closed by T prove; a bare rule where no window is closed."""
    origins = _origins(ledger, scope, policy)
    if not origins.close:
        needed = scope.horizon_days + max(scope.horizon_days, scope.active_days)
        ledger_days = (scope.until.day - scope.starts_on).days
        missing = (
            f"The ledger holds {ledger_days} days before {scope.until.day}; a first closed window needs {needed}. "
            "Load more history, or choose a shorter horizon (--horizon-days)."
        )
        return TrainedModel(scope, origins, None, bare_rule(scope.horizon_days, missing))
    rows = training_set(ledger, origins, scope.active_days, policy)
    context = TrainingContext(ledger, rows, take_snapshot(ledger, [scope.until], policy), origins, policy, seed)
    plan, tuned = contest_plan(origins), None
    with threadpool_limits(limits=1, user_api="blas"):  # of fits so small, threads wait for one another
        if tuning is not None:
            tuned = tune(context, plan, tuning, lambda step: progress(step, 0.2))
            context, plan = replace(context, blend=tuned.recipe), tuned.plan
        return TrainedModel(scope, origins, context, _winner_of(context, plan, scope, progress), tuned)


def bundle_of(trained: TrainedModel, winner: Winner, ledger: Ledger, policy: Policy, *, number: int) -> Bundle:
    """The winner as a bundle that can score; the version of a model, not of a rule, ends with the number."""
    scope = trained.scope
    margin = None if trained.context is None else margin_of(trained.context.rows, policy)
    return Bundle(
        manifest=Manifest(
            version=f"rule: {winner.name}" if winner.is_rule else f"{winner.name} {number}",
            is_rule=winner.is_rule,
            note=winner.note
            + ("" if trained.context is None else trained.context.rows.calls_note)
            + ("" if margin is None else f" {margin.sentence}"),
            horizon_days=scope.horizon_days,
            active_days=scope.active_days,
            fading_least_orders=policy.fading_least_orders,
            until=str(scope.until),
            origins=tuple(str(origin.day) for origin in trained.origins.close),
            catalogue_fingerprint=CATALOG_FINGERPRINT,
            policy_digest=policy.digest,
            ledger_digest=ledger.digest,
            code_version=code_version(),
        ),
        reference=winner.reference,
        shortfall=winner.shortfall,
        churn=winner.churn,
        decline=winner.decline,
        usual_rates=winner.usual_rates,
        usual_shares=None
        if trained.context is None
        else usual_shares(trained.context.rows, trained.origins, trained.scope.starts_on),
        margin=margin,
    )


def _origins(ledger: Ledger, scope: TrainingScope, policy: Policy) -> Origins:
    with ledger.open() as connection:
        shut = frozenset(shut_days(connection, [scope.until], policy).column("day").to_pylist())
    return origins_of(
        scope.until, scope.horizon_days, scope.active_days, starts_on=scope.starts_on, zone=policy.zone, shut=shut
    )


def _winner_of(context: TrainingContext, plan: ContestPlan, scope: TrainingScope, progress: Progress) -> Winner:
    steps = iter(range(1, 1000))
    most = 10 * min(len(context.origins.close), MOST_CONTEST_ORIGINS)

    def report(step: str) -> None:
        progress(step, min(0.25 + 0.5 * next(steps) / most, 0.78))

    try:
        return choose_winner(context, active_days=scope.active_days, step=report, plan=plan)
    except TooLittleToLearnError as error:
        return bare_rule(scope.horizon_days, str(error))
