"""Here you find the contest: every candidate forecasts windows it has not seen, and the best proven one is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from features.snapshot import Floats
from models.probability import Probability
from models.reference import orders_expected
from models.shortfall import ShortfallKind
from training import metrics
from training.blend import MemberForecasts, forecasts_of
from training.bootstrap import Interval, interval_of, interval_of_mean
from training.candidates import BLENDED, CANDIDATES, Candidate, Rank
from training.dataset import TrainingSet, customer_codes
from training.folds import ContestPlan
from training.learn import Learned, Teacher

MONEY_MARGIN = 0.02
"""Money found may be lower by this much, and a model with the better chances still wins."""
LARGE_CONTEST_ROWS = 1000
"""Under so many forecasts a learned shortfall must prove better; from here on, finding as much is enough."""

RULES = {candidate.name for candidate in CANDIDATES if candidate.rank is Rank.RULE}

Key = TypeVar("Key", str, ShortfallKind)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Unseen:
    """Forecasts of active customers at the contest origins, and what came; one row per (origin, customer).

    Attributes:
        churn: chance of no order by candidate. decline: of no order or fading by candidate, told where ``telling``.
        by_chance: value at risk by candidate, of its chance. shares: value at risk by learned model of the shortfall.
        overlapping: windows overlap, so customers are resampled as wholes.
        members: what each member of the blend said, origin by origin.
    """

    rows: TrainingSet
    reference: Floats
    telling: Flags
    declined: Flags
    churn: dict[str, Floats]
    decline: dict[str, Floats]
    by_chance: dict[str, Floats]
    shares: dict[ShortfallKind, Floats]
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
        """What a money ranking goes by."""
        if kind in self.shares:
            return self.shares[kind]
        return self.reference if kind is ShortfallKind.REFERENCE_ALONE else self.by_chance[churn]

    def money_found(self, value: Floats, rows: npt.NDArray[np.int64] | None = None) -> float:
        """Money found by a ranking, mean over origins; of some rows only where they are given."""
        chosen = np.arange(len(value)) if rows is None else rows
        origin = self.rows.origin[chosen]
        return metrics.pooled_money_found(value[chosen], self.shortfall[chosen], self.ids[chosen].tolist(), origin)

    def mean_interval(self, differences: Floats) -> Interval:
        """The weighted mean of one difference per row, with its bounds."""
        share = self.rows.weight / self.rows.weight.mean()
        return interval_of_mean(
            differences * share, self.customer, self.rows.origin, overlapping=self.overlapping, seed=self.seed
        )

    def money_interval(self, value: Floats, rival: Floats) -> Interval:
        """Money found by one ranking less that by another, with its bounds."""
        return interval_of(
            lambda rows: self.money_found(value, rows) - self.money_found(rival, rows),
            self.customer,
            self.rows.origin,
            overlapping=self.overlapping,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Figures:
    """How one candidate did over all contest origins."""

    name: str
    rank: Rank
    auc: float
    brier: float
    log_loss: float
    calibration_error: float
    perfect_calibration_error: float
    money_found: float


@dataclass(frozen=True)
class Outcome:
    """Who won, and by what.

    Attributes:
        served: the candidate for the chance of no order. decline: that for declining, None: none could be judged.
        shortfall: how value at risk is told. money: money found by each way of telling it with ``served``.
        improvement: Brier of the best rule less that of the best model; None: no model took part.
    """

    figures: tuple[Figures, ...]
    skipped: dict[str, str]
    best_rule: str
    best_model: str | None
    improvement: Interval | None
    served: str
    decline: str | None
    shortfall: ShortfallKind
    money: dict[ShortfallKind, float]
    sentence: str


def hold_contest(teacher: Teacher, plan: ContestPlan, progress: Callable[[str], None]) -> Unseen | None:
    """Every candidate fitted and calibrated at every contest origin, and its forecasts of the window that follows.

    From the oldest on, as the blend's weights at an origin come from forecasts of windows that are closed by then.
    An origin counts where a rule could be fitted; a candidate takes part where it could be at each of those. None: no
    origin counts.
    """
    teachers = {fold.at: teacher.back_at(fold.at) for fold in plan.folds}
    members: list[MemberForecasts] = []
    tried: list[Learned] = []
    for fold in sorted(plan.folds, key=lambda fold: fold.at):
        closed = teacher.origins.before(fold.at)
        past = [each for each in members if each.origin in closed]
        tried.append(teachers[fold.at].learn(fold, past=past, progress=progress))
        if (blend := tried[-1].churn.get(BLENDED)) is not None:
            members.append(forecasts_of(blend, fold.at, teacher.rows.active_at([fold.at])))
    learned = [each for each in tried if RULES & set(each.churn)]
    if not learned:
        return None
    rows = teacher.rows.active_at([each.fold.at for each in learned])
    parts = [rows.active_at([each.fold.at]) for each in learned]  # rows are sorted by origin, and so are the parts
    reference = np.concatenate([each.reference.sales(part.snapshot) for each, part in zip(learned, parts, strict=True)])
    expected = orders_expected(rows.snapshot, rows.horizon_days)
    churn = _forecasts([each.churn for each in learned], parts)
    if not RULES & set(churn):
        return None

    def at_risk(kind: ShortfallKind, name: str) -> Floats:
        told = [teachers[each.fold.at].shortfall(each, kind, each.churn[name]) for each in learned]
        each_part = zip(told, learned, parts, strict=True)
        return np.concatenate(
            [
                shortfall.value_at_risk(
                    part.snapshot, each.reference.sales(part.snapshot), each.churn[name].chance(part.snapshot)
                )
                for shortfall, each, part in each_part
            ]
        )

    everywhere = set.intersection(*(set(each.shares) for each in learned))
    return Unseen(
        rows=rows,
        reference=reference,
        telling=expected >= teacher.policy.fading_least_orders,
        declined=rows.labels.churned | rows.labels.fading(reference, expected, teacher.policy),
        churn=churn,
        decline=_forecasts([each.decline for each in learned], parts),
        by_chance={name: at_risk(ShortfallKind.STOP_OR_SHRINK, name) for name in churn},
        shares={kind: at_risk(kind, next(iter(churn))) for kind in sorted(everywhere)},
        skipped={name: reason for each in tried for name, reason in each.skipped.items()},
        overlapping=plan.weaker,
        seed=teacher.seed,
        members=tuple(members),
    )


def judge(unseen: Unseen) -> Outcome:
    """The best model is served if it beats the best calibrated rule for sure and finds no less money; else the rule."""
    figures = tuple(_figures(unseen, candidate) for candidate in CANDIDATES if candidate.name in unseen.churn)
    rule = min((each for each in figures if each.rank is Rank.RULE), key=lambda each: each.brier)
    model = min((each for each in figures if each.rank is Rank.MODEL), key=lambda each: each.brier, default=None)
    improvement, served, sentence = None, rule.name, f"No model could be fitted, so the rule '{rule.name}' is served."
    if model is not None:
        off = {name: (unseen.churn[name] - unseen.churned) ** 2 for name in (rule.name, model.name)}
        improvement = unseen.mean_interval(off[rule.name] - off[model.name])
        money = {name: choose_shortfall(unseen, name)[1] for name in (rule.name, model.name)}
        lost = max(money[rule.name].values()) - max(money[model.name].values())
        wins = improvement.is_above_zero and not lost > MONEY_MARGIN  # NaN: nothing was lost that could be found
        served = model.name if wins else rule.name
        sentence = _sentence(rule, model, improvement, lost)
    kind, found = choose_shortfall(unseen, served)
    return Outcome(
        figures=figures,
        skipped=unseen.skipped,
        best_rule=rule.name,
        best_model=None if model is None else model.name,
        improvement=improvement,
        served=served,
        decline=_choose_decline(unseen, served),
        shortfall=kind,
        money=found,
        sentence=sentence,
    )


def choose_shortfall(unseen: Unseen, churn: str) -> tuple[ShortfallKind, dict[ShortfallKind, float]]:
    """The way of telling value at risk that found most money, and what each found.

    A learned one replaces "reference alone" or "stop or shrink" where it finds as much over 1,000 forecasts or more;
    over fewer only where it finds more for sure: one large account could have made it look good.
    """
    simple = (ShortfallKind.REFERENCE_ALONE, ShortfallKind.STOP_OR_SHRINK)
    values = {kind: unseen.value(kind, churn) for kind in (*simple, *unseen.shares)}
    found = {kind: unseen.money_found(value) for kind, value in values.items()}
    best = max(simple, key=lambda kind: found[kind])
    learned = max(unseen.shares, key=lambda kind: found[kind], default=None)
    if learned is None or not found[learned] >= found[best]:
        return best, found
    if len(unseen.rows) >= LARGE_CONTEST_ROWS:
        return learned, found
    proven = unseen.money_interval(values[learned], values[best]).is_above_zero
    return (learned if proven else best), found


def _choose_decline(unseen: Unseen, served: str) -> str | None:
    telling, declined = unseen.telling, unseen.declined
    if not unseen.decline or not telling.any():
        return None
    tried = {name: np.maximum(chance, unseen.churn[served]) for name, chance in unseen.decline.items()}
    weight = unseen.rows.weight[telling]
    return min(tried, key=lambda name: metrics.brier(tried[name][telling], declined[telling], weight))


def _figures(unseen: Unseen, candidate: Candidate) -> Figures:
    chance, churned, weight = unseen.churn[candidate.name], unseen.churned, unseen.rows.weight
    money = unseen.money_found(chance * unseen.reference)
    return Figures(
        name=candidate.name,
        rank=candidate.rank,
        auc=_mean_auc(unseen, chance),
        brier=metrics.brier(chance, churned, weight),
        log_loss=metrics.log_loss(chance, churned, weight),
        calibration_error=metrics.calibration_error(chance, churned, weight),
        perfect_calibration_error=metrics.perfect_calibration_error(chance, unseen.seed, weight),
        money_found=money,
    )


def _mean_auc(unseen: Unseen, chance: Floats) -> float:
    origin = unseen.rows.origin
    found = [
        metrics.auc(chance[rows], unseen.churned[rows], unseen.rows.weight[rows])
        for rows in (origin == each for each in np.unique(origin))
    ]
    known = [each for each in found if not np.isnan(each)]
    return float(np.mean(known)) if known else float("nan")


def _forecasts(models: Sequence[Mapping[Key, Probability]], parts: Sequence[TrainingSet]) -> dict[Key, Floats]:
    """Chances of every model that there is at each origin, origin after origin."""
    everywhere = [key for key in models[0] if all(key in each for each in models)]
    return {
        key: np.concatenate([each[key].chance(part.snapshot) for each, part in zip(models, parts, strict=True)])
        for key in everywhere
    }


def _sentence(rule: Figures, model: Figures, improvement: Interval, lost: float) -> str:
    figures = (
        f"Brier {model.brier:.3f} against {rule.brier:.3f} on unseen windows, "
        f"better by {improvement.estimate:.3f} (95 % interval {improvement.low:.3f} to {improvement.high:.3f})"
    )
    if not improvement.is_above_zero:
        return f"The rule '{rule.name}' is served: the best model, {model.name}, is not better for sure ({figures})."
    if lost > MONEY_MARGIN:
        return (
            f"The rule '{rule.name}' is served: {model.name} has the better chances ({figures}) "
            f"but finds {lost:.0%} less of the money at risk."
        )
    return f"{model.name} is served: it beats the best rule, '{rule.name}' ({figures})."
