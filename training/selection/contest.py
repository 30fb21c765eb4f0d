"""The contest: every candidate forecasts unseen windows, and the best proven one serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from features.clock import AsOf
from features.snapshot import Floats
from models.probability import Probability
from models.reference import orders_expected
from models.shortfall import ShortfallKind
from training.dataset.folds import ContestPlan
from training.dataset.training_set import TrainingSet
from training.fitting.candidates import CANDIDATES, Candidate, Rank
from training.fitting.learner import FittedModels, TrainingContext
from training.fitting.member_forecasts import MemberForecasts, forecasts_of
from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval, interval_over_origins
from training.metrics.segments import SegmentCalibration, joined, segments_at
from training.selection.out_of_sample import OutOfSample


@dataclass(frozen=True)
class MoneyGuard:
    """The money that a model with the better chances may miss and still win.

    Attributes:
        lost: the difference may not fall below minus this. lost_for_sure: nor its lower bound below minus this.
    """

    lost: float
    lost_for_sure: float

    def holds(self, difference: Interval) -> bool:
        """No more money is missed than allowed; true where there was nothing to find."""
        too_much = difference.estimate < -self.lost or difference.low < -self.lost_for_sure
        return bool(np.isnan(difference.estimate)) or not too_much


FOUND_AT_LEAST = MoneyGuard(0.02, 0.05)

RULES = {candidate.name for candidate in CANDIDATES if candidate.rank is Rank.RULE}

Key = TypeVar("Key", str, ShortfallKind)


@dataclass(frozen=True)
class CandidateScores:
    """Scores of one candidate over all contest origins.

    Attributes:
        levelled_brier: Brier score with the chances of each origin moved to the rate that came.
    """

    name: str
    rank: Rank
    auc: float
    brier: float
    levelled_brier: float
    log_loss: float
    calibration_error: float
    perfect_calibration_error: float
    money_found: float


@dataclass(frozen=True)
class ContestResult:
    """The winner of a contest, and its margins.

    Attributes:
        served: the candidate for the chance of no order. decline: that for declining; None: none could be judged.
        shortfall: the kind of value at risk. money: money found by each kind with the chances of ``served``.
        segments: calibration of ``served`` among all customers, and where it matters most.
        improvement: levelled Brier of the best rule less that of the best model; None: no model took part.
        as_forecast: the same with the levels as forecast, over origins. money_difference: money found by the best model
            less that by the best rule. None likewise.
    """

    figures: tuple[CandidateScores, ...]
    skipped: dict[str, str]
    best_rule: str
    best_model: str | None
    improvement: Interval | None
    as_forecast: Interval | None
    money_difference: Interval | None
    served: str
    decline: str | None
    shortfall: ShortfallKind
    money: dict[ShortfallKind, float]
    segments: tuple[SegmentCalibration, ...]
    sentence: str

    @property
    def skill(self) -> float:
        """1 − levelled Brier of the best model ÷ that of the best rule; NaN: no model took part."""
        brier = {scores.name: scores.levelled_brier for scores in self.figures}
        return 1 - brier[self.best_model] / brier[self.best_rule] if self.best_model else float("nan")


def hold_contest(context: TrainingContext, plan: ContestPlan, step: Callable[[str], None]) -> OutOfSample | None:
    """Forecasts of every candidate, fitted and calibrated at each contest origin, for the window after it.

    The oldest origin comes first: the blend's weights at an origin come from forecasts of windows closed by then.
    An origin counts where a rule could be fitted. A candidate takes part if it could be fitted at all origins that
    count. None: no origin counts.
    """
    contexts = {fold.at: context.back_at(fold.at) for fold in plan.folds}
    fitted, members = _fit_at_folds(context, contexts, plan, step)
    usable = [models for models in fitted if RULES & set(models.churn)]
    if not usable:
        return None
    rows = context.rows.active_at([models.fold.at for models in usable])
    parts = [rows.active_at([models.fold.at]) for models in usable]  # rows are sorted by origin, and so are the parts
    churn = _forecasts([models.churn for models in usable], parts)
    if not RULES & set(churn):
        return None
    references = [models.reference.sales(part.snapshot) for models, part in zip(usable, parts, strict=True)]
    reference, expected = np.concatenate(references), orders_expected(rows.snapshot, rows.horizon_days)
    segments = [
        segments_at(context.ledger, part.snapshot, as_of=models.fold.at, reference=sales, policy=context.policy)
        for models, part, sales in zip(usable, parts, references, strict=True)
    ]

    def value_at_risk(kind: ShortfallKind, name: str) -> Floats:
        by_origin = []
        for models, part, sales in zip(usable, parts, references, strict=True):
            shortfall = contexts[models.fold.at].shortfall(models, kind, models.churn[name])
            by_origin.append(shortfall.value_at_risk(part.snapshot, sales, models.churn[name].chance(part.snapshot)))
        return np.concatenate(by_origin)

    shared_kinds = set.intersection(*(set(models.shares) for models in usable))
    return OutOfSample(
        rows=rows,
        reference=reference,
        telling=expected >= context.policy.fading_least_orders,
        declined=rows.labels.churned | rows.labels.fading(reference, expected, context.policy),
        churn=churn,
        decline=_forecasts([models.decline for models in usable], parts),
        by_chance={name: value_at_risk(ShortfallKind.STOP_OR_SHRINK, name) for name in churn},
        shares={kind: value_at_risk(kind, next(iter(churn))) for kind in sorted(shared_kinds)},
        segments=joined(segments),
        skipped={name: reason for models in fitted for name, reason in models.skipped.items()},
        overlapping=plan.weaker,
        seed=context.seed,
        members=tuple(members),
    )


def _fit_at_folds(
    context: TrainingContext, contexts: Mapping[AsOf, TrainingContext], plan: ContestPlan, step: Callable[[str], None]
) -> tuple[list[FittedModels], list[MemberForecasts]]:
    """The models fitted at each fold, and the forecasts of their members for the window after it, oldest first."""
    fitted: list[FittedModels] = []
    members: list[MemberForecasts] = []
    for fold in sorted(plan.folds, key=lambda fold: fold.at):
        closed = context.origins.before(fold.at)
        past = [forecasts for forecasts in members if forecasts.origin in closed]
        fitted.append(contexts[fold.at].learn(fold, past=past, progress=step))
        members.append(forecasts_of(fitted[-1].churn.values(), fold.at, context.rows.active_at([fold.at])))
    return fitted, members


def judge(unseen: OutOfSample) -> ContestResult:
    """The best model serves if it beats the best calibrated rule for sure and finds no less money; else the rule does.

    Both are judged at the observed rates: the level of a new window is common to all customers, a few origins hardly
    show which candidate guesses it better, and its error would hide which one tells customers apart. With the levels
    as forecast, the model must not be worse for sure over origins.
    """
    figures = tuple(_figures(unseen, candidate) for candidate in CANDIDATES if candidate.name in unseen.churn)
    rule = min((scores for scores in figures if scores.rank is Rank.RULE), key=lambda scores: scores.levelled_brier)
    models = [scores for scores in figures if scores.rank is Rank.MODEL]
    model = min(models, key=lambda scores: scores.levelled_brier, default=None)
    improvement, as_forecast, money = None, None, None
    served, sentence = rule.name, f"No model could be fitted, so the rule '{rule.name}' is served."
    if model is not None:
        improvement = unseen.mean_interval(unseen.better(unseen.levelled(model.name), unseen.levelled(rule.name)))
        differences = unseen.better(unseen.churn[model.name], unseen.churn[rule.name])
        as_forecast = interval_over_origins(differences, unseen.rows.origin, unseen.rows.weight)
        money = unseen.money_interval(best_value(unseen, model.name), best_value(unseen, rule.name))
        wins = improvement.is_above_zero and as_forecast.high >= 0 and FOUND_AT_LEAST.holds(money)
        served = model.name if wins else rule.name
        sentence = _sentence(rule, model, improvement, as_forecast, money)
    kind, money_found = choose_shortfall(unseen, served)
    return ContestResult(
        figures=figures,
        skipped=unseen.skipped,
        best_rule=rule.name,
        best_model=None if model is None else model.name,
        improvement=improvement,
        as_forecast=as_forecast,
        money_difference=money,
        served=served,
        decline=_choose_decline(unseen, served),
        shortfall=kind,
        money=money_found,
        segments=unseen.calibration(served),
        sentence=sentence,
    )


def serving_rule(outcome: ContestResult, unseen: OutOfSample, why: str) -> ContestResult:
    """The result with the best rule in place of the model, and the sentence that says why."""
    kind, money_found = choose_shortfall(unseen, outcome.best_rule)
    return replace(
        outcome,
        served=outcome.best_rule,
        decline=_choose_decline(unseen, outcome.best_rule),
        shortfall=kind,
        money=money_found,
        segments=unseen.calibration(outcome.best_rule),
        sentence=f"The rule '{outcome.best_rule}' is served: {why}",
    )


def best_value(unseen: OutOfSample, churn: str) -> Floats:
    """The kind of value at risk that finds most money with a candidate's chances."""
    _, money_found = choose_shortfall(unseen, churn)
    return unseen.value(max(money_found, key=lambda kind: money_found[kind]), churn)


def choose_shortfall(unseen: OutOfSample, churn: str) -> tuple[ShortfallKind, dict[ShortfallKind, float]]:
    """The kind of value at risk to serve, and the money found by each kind.

    The learned kind serves unless "reference alone" or "stop or shrink" finds more for sure: with few forecasts one
    large account makes any kind look good.
    """
    simple = (ShortfallKind.REFERENCE_ALONE, ShortfallKind.STOP_OR_SHRINK)
    values = {kind: unseen.value(kind, churn) for kind in (*simple, *unseen.shares)}
    money_found = {kind: unseen.money_found(value) for kind, value in values.items()}
    best = max(simple, key=lambda kind: money_found[kind])
    learned = max(unseen.shares, key=lambda kind: money_found[kind], default=None)
    if learned is None:
        return best, money_found
    is_worse = (
        money_found[best] > money_found[learned] and unseen.money_interval(values[best], values[learned]).is_above_zero
    )
    return (best if is_worse else learned), money_found


def _choose_decline(unseen: OutOfSample, served: str) -> str | None:
    telling, declined = unseen.telling, unseen.declined
    if not unseen.decline or not telling.any():
        return None
    at_least_churn = {name: np.maximum(chance, unseen.churn[served]) for name, chance in unseen.decline.items()}
    weight = unseen.rows.weight[telling]
    return min(at_least_churn, key=lambda name: metrics.brier(at_least_churn[name][telling], declined[telling], weight))


def _figures(unseen: OutOfSample, candidate: Candidate) -> CandidateScores:
    chance, churned, weight = unseen.churn[candidate.name], unseen.churned, unseen.rows.weight
    money = unseen.money_found(chance * unseen.reference)
    return CandidateScores(
        name=candidate.name,
        rank=candidate.rank,
        auc=unseen.mean_auc(chance),
        brier=metrics.brier(chance, churned, weight),
        levelled_brier=metrics.brier(unseen.levelled(candidate.name), churned, weight),
        log_loss=metrics.log_loss(chance, churned, weight),
        calibration_error=metrics.calibration_error(chance, churned, weight),
        perfect_calibration_error=metrics.perfect_calibration_error(chance, unseen.seed, weight),
        money_found=money,
    )


def _forecasts(models: Sequence[Mapping[Key, Probability]], parts: Sequence[TrainingSet]) -> dict[Key, Floats]:
    """Chances of the models present at every origin, origin after origin."""
    shared_keys = [key for key in models[0] if all(key in chances for chances in models)]
    return {
        key: np.concatenate([chances[key].chance(part.snapshot) for chances, part in zip(models, parts, strict=True)])
        for key in shared_keys
    }


def _sentence(
    rule: CandidateScores, model: CandidateScores, improvement: Interval, as_forecast: Interval, money: Interval
) -> str:
    figures = (
        f"Brier {model.levelled_brier:.3f} against {rule.levelled_brier:.3f} at the observed rates of unseen windows, "
        f"better by {improvement.estimate:.3f} (95 % interval {improvement.low:.3f} to {improvement.high:.3f})"
    )
    if not improvement.is_above_zero:
        return f"The rule '{rule.name}' is served: the best model, {model.name}, is not better for sure ({figures})."
    if as_forecast.high < 0:
        return (
            f"The rule '{rule.name}' is served: {model.name} ranks customers better ({figures}), but expects too "
            f"many or too few to stop: as forecast, Brier is worse by {-as_forecast.estimate:.3f}, date after date."
        )
    if not FOUND_AT_LEAST.holds(money):
        return (
            f"The rule '{rule.name}' is served: {model.name} has the better chances ({figures}) but finds less of the "
            f"money at risk ({money.estimate:+.3f}, 95 % interval {money.low:+.3f} to {money.high:+.3f})."
        )
    return f"{model.name} is served: it beats the best rule, '{rule.name}' ({figures})."
