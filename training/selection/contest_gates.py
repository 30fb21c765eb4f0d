"""What a contest tells of the best model in it: proven, calibrated, stable, even, carried by nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from features.catalog import MODEL_FEATURES
from features.catalog.orders import ORDERS
from features.catalog.trends import TRENDS
from features.ledger.ledger import Ledger
from features.standing.accounts import accounts_at
from training.dataset.training_set import TrainingSet, micros_of
from training.fitting.company_profile import YEAR_DAYS
from training.fitting.learner import TrainingContext
from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval
from training.metrics.calibration import MOST_ERROR_OVER_PERFECT, MOST_GAP, NINETY_FIVE, SEASON_STEP
from training.selection import gates as checks
from training.selection.contest import FOUND_AT_LEAST, ContestResult
from training.selection.gates import GateResult, checked, not_applicable
from training.selection.out_of_sample import OutOfSample

Flags = npt.NDArray[np.bool_]

LEAST_OF_EACH = 20
"""Of each outcome over all contest origins."""
LEAST_IN_DEPARTMENT, UNEVEN_GAP, NINETY_NINE = 100, 0.05, 2.576
LEAST_TO_BE_CARRIED, CARRIED_SHARE, OVER_RULE = 100, 0.9, 0.05
"""Forecasts; share of the model's AUC over one half that one column reaches; AUC by which it beats the best rule."""
COMMITMENTS = ("booked_sales", "booked_order_days", "days_to_booked_order")
OF_ORDERS = {feature.name for feature in (*ORDERS, *TRENDS)} - set(COMMITMENTS)


def contest_checks(context: TrainingContext, unseen: OutOfSample, outcome: ContestResult) -> tuple[GateResult, ...]:
    """The checks that the contest's own forecasts answer; none where no model took part."""
    if outcome.best_model is None:
        return ()
    return (
        _beats_rule(outcome),
        _finds_money(outcome),
        _calibrated(context, unseen, outcome.best_model),
        _stable(unseen, outcome.best_rule, outcome.best_model),
        _not_carried(unseen, outcome.best_rule, outcome.best_model),
        _enough(unseen),
        _even(context, unseen, outcome.best_model),
    )


def _beats_rule(outcome: ContestResult) -> GateResult:
    found, told = outcome.improvement, outcome.as_told
    if found is None or told is None:
        return not_applicable(checks.BEATS_RULE, "No model took part.")
    said = (
        f"Brier skill {outcome.skill:+.1%} against '{outcome.best_rule}' at the rates that came: better by "
        f"{_told(found)}. With the levels as they were told, over dates, by {_told(told)}."
    )
    return checked(checks.BEATS_RULE, found.is_above_zero and told.high >= 0, said)


def _finds_money(outcome: ContestResult) -> GateResult:
    found = outcome.money_difference
    if found is None or np.isnan(found.estimate):
        return not_applicable(checks.FINDS_MONEY, "Nothing was lost that could have been found.")
    said = f"Money found {_told(found)} against '{outcome.best_rule}'; wanted: above -0.02, for sure above -0.05."
    return checked(checks.FINDS_MONEY, FOUND_AT_LEAST.holds(found), said)


def _calibrated(context: TrainingContext, unseen: OutOfSample, model: str) -> GateResult:
    """Over the contest origins that no season parts from the window before."""
    steady = np.isin(unseen.rows.origin, list(_steady_origins(context, unseen)))
    if not steady.any():
        return not_applicable(checks.CALIBRATED, "Every tested window lies across a change of season.")
    chance, churned, weight = unseen.churn[model][steady], unseen.churned[steady], unseen.rows.weight[steady]
    expected, came, deviation = _rates(unseen, model, steady)
    error = metrics.calibration_error(chance, churned, weight)
    perfect = metrics.perfect_calibration_error(chance, unseen.seed, weight)
    said = (
        f"{expected:.1%} expected to stop, {came:.1%} did; error {error:.3f}, a perfect forecast's up to {perfect:.3f}."
    )
    kept = abs(expected - came) <= max(MOST_GAP, NINETY_FIVE * deviation) and error <= perfect + MOST_ERROR_OVER_PERFECT
    return checked(checks.CALIBRATED, kept, said)


def _rates(unseen: OutOfSample, model: str, rows: Flags) -> tuple[float, float, float]:
    """Mean forecast and observed rate of some rows, and the deviation that chance alone gives their difference."""
    chance, weight = unseen.churn[model][rows], unseen.rows.weight[rows]
    deviation = float(np.sqrt(np.sum(weight**2 * chance * (1 - chance))) / weight.sum())
    return float(np.average(chance, weights=weight)), float(np.average(unseen.churned[rows], weights=weight)), deviation


def _steady_origins(context: TrainingContext, unseen: OutOfSample) -> Iterator[int]:
    """Contest origins whose rate is near the last closed window's, or whose window the ledger holds a year earlier."""
    zone = context.policy.zone
    oldest = min(context.origins.close)
    for at in unseen.origins:
        here = unseen.rows.at([at])
        before = context.rows.active_at([at.shifted(-context.origins.horizon_days, zone)])
        has_year = at.shifted(-YEAR_DAYS, zone) >= oldest
        if has_year or not len(before) or abs(_rate(here) - _rate(before)) <= SEASON_STEP:
            yield micros_of(at)


def _rate(rows: TrainingSet) -> float:
    return float(np.average(rows.labels.churned, weights=rows.weight))


def _stable(unseen: OutOfSample, rule: str, model: str) -> GateResult:
    better = unseen.better(unseen.levelled(model), unseen.levelled(rule))
    worse = []
    origins = np.unique(unseen.rows.origin)
    for origin in origins:
        there = unseen.rows.origin == origin
        found, weight = better[there], unseen.rows.weight[there]
        mean = np.average(found, weights=weight)
        deviation = np.sqrt(np.sum((weight * (found - mean)) ** 2)) / weight.sum()
        if mean + _quantile(0.05 / len(origins)) * deviation < 0:
            worse.append(str(np.datetime64(int(origin), "us").astype("datetime64[D]")))
    said = f"worse for sure at {', '.join(worse)}" if worse else f"worse for sure at none of {len(origins)} origins"
    return checked(checks.STABLE, not worse, f"Against '{rule}' it was {said}.")


def _quantile(error: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(1 - error / 2))


def _not_carried(unseen: OutOfSample, rule: str, model: str) -> GateResult:
    if len(unseen.rows) < LEAST_TO_BE_CARRIED:
        return not_applicable(checks.NOT_CARRIED, f"Under {LEAST_TO_BE_CARRIED} forecasts say too little of a column.")
    by_model, by_rule = unseen.mean_auc(unseen.churn[model]), unseen.mean_auc(unseen.churn[rule])
    alone = {name: _auc_alone(unseen, name) for name in MODEL_FEATURES if name not in OF_ORDERS}
    name = max(alone, key=lambda each: alone[each])
    most = alone[name]
    carried = most - 0.5 >= CARRIED_SHARE * (by_model - 0.5) and most >= by_rule + OVER_RULE
    said = (
        f"Beside the orders, {name} tells most alone: AUC {most:.3f}; the model {by_model:.3f}, '{rule}' {by_rule:.3f}."
    )
    return checked(checks.NOT_CARRIED, not carried, said)


def _auc_alone(unseen: OutOfSample, name: str) -> float:
    """AUC of one column, whichever way it points and wherever its unknown values go."""
    values = unseen.rows.snapshot.feature(name)
    if np.isnan(values).all():
        return 0.5
    top = float(np.nanmax(np.abs(values))) + 1.0
    found = [unseen.mean_auc(np.where(np.isnan(values), end, values)) for end in (-top, top)]
    return max(max(each, 1 - each) for each in found)


def _enough(unseen: OutOfSample) -> GateResult:
    stopped, went_on = int(unseen.churned.sum()), int((~unseen.churned).sum())
    said = f"{stopped:,} stopped and {went_on:,} went on in the tested windows; {LEAST_OF_EACH} of each are needed."
    return checked(checks.ENOUGH, min(stopped, went_on) >= LEAST_OF_EACH, said)


def _even(context: TrainingContext, unseen: OutOfSample, model: str) -> GateResult:
    department = _departments(context.ledger, unseen)
    names, counts = np.unique(department[department != ""], return_counts=True)
    large = [str(name) for name in names[counts >= LEAST_IN_DEPARTMENT]]
    if len(large) < 2:
        return not_applicable(checks.EVEN, f"No two departments have {LEAST_IN_DEPARTMENT} forecasts each.")
    uneven = [f"{name} ({gap:+.1%})" for name in large if (gap := _gap(unseen, model, department == name)) is not None]
    said = f"off in {', '.join(uneven)}" if uneven else f"off in none of {len(large)} departments"
    return checked(checks.EVEN, not uneven, f"Mean forecast less observed rate is {said}.")


def _gap(unseen: OutOfSample, model: str, rows: Flags) -> float | None:
    """Mean forecast less observed rate of some rows, where it is over 5 points and more than chance makes of it."""
    expected, came, deviation = _rates(unseen, model, rows)
    gap = expected - came
    return gap if abs(gap) > max(UNEVEN_GAP, NINETY_NINE * deviation) else None


def _departments(ledger: Ledger, unseen: OutOfSample) -> npt.NDArray[np.str_]:
    """The department of each row as of its origin; empty where it has none."""
    found: dict[tuple[int, str], str] = {}
    with ledger.open() as connection:
        for at in unseen.origins:
            told = accounts_at(connection, at)
            named = zip(told.column("customer_id").to_pylist(), told.column("department").to_pylist(), strict=True)
            found |= {(micros_of(at), customer): name or "" for customer, name in named}
    keys = zip(unseen.rows.origin.tolist(), unseen.ids.tolist(), strict=True)
    return np.array([found.get(key, "") for key in keys], dtype=np.str_)


def _told(found: Interval) -> str:
    return f"{found.estimate:+.3f} (95 %: {found.low:+.3f} … {found.high:+.3f})"
