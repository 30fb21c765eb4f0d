"""The winner of a training, ready to serve: proven in a contest, a calibrated rule, or a bare rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.manifest import UsualRates
from models.probability import Probability
from models.reference import Reference
from models.shortfall import Shortfall, ShortfallKind
from training.dataset.folds import ContestPlan, Fold, Origins, contest_plan
from training.errors import TrainingError
from training.fitting.candidates import CANDIDATES, BlendRecipe, Candidate, Rank
from training.fitting.company_profile import usual_rates
from training.fitting.fit import FitTask, NotFitted, fit
from training.fitting.learner import FittedModels, TrainingContext, churned
from training.fitting.shortfall import MoneyForecasts, sales_factor, spread_of
from training.metrics import scoring as metrics
from training.selection.confidence import how_sure, weaker_proof
from training.selection.contest import ContestResult, hold_contest, judge, serving_rule
from training.selection.contest_gates import contest_checks
from training.selection.gates import Bars, GateResult, failures
from training.selection.out_of_sample import OutOfSample

LEAST_CUSTOMERS = 30
"""Customers with an order that a chance can be learned from (docs/design.md 6: a small company begins at 30)."""
LEAST_ACTIVE = 10
"""Customers needed that are active at the newest closed window: its outcomes are the closest to today."""


class TooLittleToLearnError(TrainingError):
    """No chance can be learned; the rule that needs none serves instead."""


@dataclass(frozen=True)
class Winner:
    """The parts of a bundle, and how they were chosen.

    Attributes:
        name: the candidate that serves. is_rule: it is a rule.
        sentence: the verdict. note: how sure it is.
        outcome, unseen: the contest; None where none could be held.
        checks: results of the contest's checks of its best model; none where no model took part.
    """

    name: str
    is_rule: bool
    reference: Reference
    shortfall: Shortfall
    churn: Probability | None
    decline: Probability | None
    usual_rates: UsualRates
    sentence: str
    note: str
    outcome: ContestResult | None = None
    unseen: OutOfSample | None = None
    checks: tuple[GateResult, ...] = ()


def bare_rule(horizon_days: int, missing: str) -> Winner:
    """The rule that needs no closed window: value at risk is the reference R, and there are no chances."""
    return Winner(
        name=str(ShortfallKind.REFERENCE_ALONE),
        is_rule=True,
        reference=Reference(horizon_days),
        shortfall=Shortfall(ShortfallKind.REFERENCE_ALONE, lift=1.0),
        churn=None,
        decline=None,
        usual_rates=UsualRates(),
        sentence=f"The rule 'reference alone' is served, without chances. {missing}",
        note=missing,
    )


def choose_winner(
    context: TrainingContext, *, active_days: int, step: Callable[[str], None], plan: ContestPlan | None = None
) -> Winner:
    """The best candidate that the closed windows prove; ``plan``: the contest's folds, by default all of them.

    Raises:
        TooLittleToLearnError: too few customers, or only one outcome.
    """
    origins = context.origins
    _check_enough(context)
    plan = plan or contest_plan(origins)
    unseen = hold_contest(context, plan, step) if plan.folds else None
    fold = origins.fold(origins.until)
    if unseen is None or fold is None:
        return _calibrated_rule(context, fold, active_days=active_days, tried=len(plan.folds))
    step("judging")
    outcome = judge(unseen)
    results = contest_checks(context, unseen, outcome)
    barred = failures(results, Bars.MODEL)
    if barred and outcome.served == outcome.best_model:
        outcome = serving_rule(outcome, unseen, f"{barred[0].check.code} failed. {barred[0].sentence}")
    step("fitting what won")
    winner = _winner(context, fold, outcome=outcome, unseen=unseen, plan=plan, active_days=active_days)
    return replace(winner, checks=results)


def rule_instead(context: TrainingContext, model: Winner, *, active_days: int, why: str) -> Winner:
    """The best rule of a contest won by a model that must not serve; ``why`` says the reason."""
    origins = context.origins
    fold = origins.fold(origins.until)
    if model.outcome is None or model.unseen is None or fold is None:
        raise ValueError(f"{model.name} has won no contest")
    outcome = serving_rule(model.outcome, model.unseen, why)
    rule = _winner(
        context, fold, outcome=outcome, unseen=model.unseen, plan=contest_plan(origins), active_days=active_days
    )
    return replace(rule, checks=model.checks)


def _winner(
    context: TrainingContext,
    fold: Fold,
    *,
    outcome: ContestResult,
    unseen: OutOfSample,
    plan: ContestPlan,
    active_days: int,
) -> Winner:
    candidate = next(option for option in CANDIDATES if option.name == outcome.served)
    fitted = context.learn(
        fold,
        past=unseen.members,
        churn=[candidate],
        decline=[outcome.decline] if outcome.decline else [],
        shares=[outcome.shortfall] if outcome.shortfall in unseen.shares else [],
    )
    churn = fitted.churn.get(candidate.name)
    kind = outcome.shortfall
    if churn is None or (kind in unseen.shares and kind not in fitted.shares):
        why = "; ".join(f"{name}: {reason}" for name, reason in fitted.skipped.items())
        raise TooLittleToLearnError(
            f"The winner of the contest cannot be fitted now ({why}).", "Wait for the next window."
        )
    fitted = replace(fitted, reference=context.in_season(fitted))
    money = MoneyForecasts(unseen.value(kind, candidate.name), unseen.reference, unseen.shortfall, unseen.rows)
    shortfall = replace(_served_shortfall(context, fitted, kind, churn), spread=spread_of(money))
    weaker = weaker_proof(plan)
    return Winner(
        name=candidate.name,
        is_rule=candidate.rank is Rank.RULE,
        reference=fitted.reference,
        shortfall=shortfall,
        churn=churn,
        decline=fitted.decline.get(outcome.decline or ""),
        usual_rates=usual_rates(
            context.rows, context.origins, fitted.reference, active_days=active_days, policy=context.policy
        ),
        sentence=f"{outcome.sentence}{weaker}",
        note=how_sure(unseen, candidate.name, churn, until=context.origins.until) + weaker,
        outcome=outcome,
        unseen=unseen,
    )


def _calibrated_rule(context: TrainingContext, fold: Fold | None, *, active_days: int, tried: int) -> Winner:
    """The rule with the best Brier score in the newest closed window, where no model could be proven."""
    origins = context.origins
    window = origins.close[0]
    stand_in = fold or Fold(origins.until, (window,), window)
    rows = context.rows.active_at([stand_in.calibrate])
    fitted_rules = [(rule, _fit_rule(context, stand_in, rule)) for rule in CANDIDATES]
    chances = [(rule, model) for rule, model in fitted_rules if rule.rank is Rank.RULE and model is not None]
    if not chances:
        raise TooLittleToLearnError(
            "In the closed windows nearly everybody or nearly nobody stopped: too few of one outcome to learn a chance "
            f"over {origins.horizon_days} days.",
            "Choose another horizon (--horizon-days), or load more history.",
        )
    churned_then, weight = rows.labels.churned, rows.weight
    rule, churn = min(chances, key=lambda pair: metrics.brier(pair[1].chance(rows.snapshot), churned_then, weight))
    fitted = FittedModels(stand_in, context.rows.reference(origins.chain(origins.until)))
    reference = context.in_season(fitted)
    fitted = replace(fitted, reference=reference)
    kind = ShortfallKind.STOP_OR_SHRINK
    missing = (
        "No model could be tested: the windows before each date show too few of one outcome to learn from."
        if tried
        else f"No window is left to test a model on: a contest needs {_contest_days(origins, active_days)} days of "
        f"ledger before the date trained for."
    )
    return Winner(
        name=rule.name,
        is_rule=True,
        reference=reference,
        shortfall=replace(_served_shortfall(context, fitted, kind, churn), spread=spread_of(None)),
        churn=churn,
        decline=None,
        usual_rates=usual_rates(context.rows, origins, reference, active_days=active_days, policy=context.policy),
        sentence=f"The rule '{rule.name}' is served. {missing}",
        note=f"{missing} The chances come from the newest closed window and are widened for it.",
    )


def _fit_rule(context: TrainingContext, fold: Fold, rule: Candidate) -> Probability | None:
    if rule.rank is not Rank.RULE or isinstance(rule.recipe, BlendRecipe):
        return None
    result = fit(rule.name, rule.recipe, FitTask(context.rows, context.origins, fold, churned), context.seed)
    return None if isinstance(result, NotFitted) else result


def _served_shortfall(
    context: TrainingContext, fitted: FittedModels, kind: ShortfallKind, churn: Probability
) -> Shortfall:
    """The shortfall of one kind, with the factor that matches expected to observed net sales of closed windows."""
    shortfall = context.shortfall(fitted, kind, churn)
    newest = context.rows.active_at([fitted.fold.calibrate])
    closed = context.rows.active_at(context.origins.before(fitted.fold.at))
    return replace(
        shortfall, sales_factor=sales_factor(shortfall, fitted.reference, churn, newest=newest, closed=closed)
    )


def _check_enough(context: TrainingContext) -> None:
    customers = int(np.sum(~np.isnan(context.now.feature("days_since_last_order"))))
    if customers < LEAST_CUSTOMERS:
        raise _too_few(f"{customers} customers that ever ordered", LEAST_CUSTOMERS)
    newest = context.origins.close[0]
    active = len(context.rows.active_at([newest]))
    if active < LEAST_ACTIVE:
        raise _too_few(f"{active} customers active on {newest.day}", LEAST_ACTIVE)


def _too_few(have: str, needed: int) -> TooLittleToLearnError:
    return TooLittleToLearnError(
        f"{have} are too few to learn chances from: {needed} are needed.", "Load more customers."
    )


def _contest_days(origins: Origins, active_days: int) -> int:
    return max(origins.horizon_days, active_days) + 2 * origins.horizon_days  # to begin; to fit, to test on
