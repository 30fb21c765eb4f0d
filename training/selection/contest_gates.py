"""Checks that a contest answers of its best model: better than rules, calibrated, stable, even, no single carrier."""

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
"""Rows needed of each outcome, over all contest origins."""
LEAST_IN_DEPARTMENT, UNEVEN_GAP, NINETY_NINE = 100, 0.05, 2.576
LEAST_TO_BE_CARRIED, CARRIED_SHARE, OVER_RULE = 100, 0.9, 0.05
"""Forecasts; share of the model's AUC over one half that one column reaches; AUC by which it beats the best rule."""
COMMITMENTS = ("booked_sales", "booked_order_days", "days_to_booked_order")
OF_ORDERS = {feature.name for feature in (*ORDERS, *TRENDS)} - set(COMMITMENTS)


def contest_checks(context: TrainingContext, unseen: OutOfSample, outcome: ContestResult) -> tuple[GateResult, ...]:
    """The results of the checks that need only the contest's forecasts; none where no model took part."""
    if outcome.best_model is None:
        return ()
    return (
        _beats_rule(outcome),
        _finds_money(outcome),
        _calibrated(context, unseen, outcome.best_model),
        _stable(unseen, outcome.best_rule, outcome.best_model),
        _not_carried(unseen, outcome.best_rule, outcome.best_model),
        _enough(unseen),
        _even(context.ledger, unseen, outcome.best_model),
    )


def _beats_rule(outcome: ContestResult) -> GateResult:
    improvement, as_forecast = outcome.improvement, outcome.as_forecast
    if improvement is None or as_forecast is None:
        return not_applicable(checks.BEATS_RULE, "No model took part.")
    sentence = (
        f"Brier skill {outcome.skill:+.1%} against '{outcome.best_rule}' at the observed rates: better by "
        f"{_shown(improvement)}. With the levels as forecast, over dates, by {_shown(as_forecast)}."
    )
    return checked(checks.BEATS_RULE, improvement.is_above_zero and as_forecast.high >= 0, sentence)


def _finds_money(outcome: ContestResult) -> GateResult:
    difference = outcome.money_difference
    if difference is None or np.isnan(difference.estimate):
        return not_applicable(checks.FINDS_MONEY, "No money was lost.")
    sentence = (
        f"Money found {_shown(difference)} against '{outcome.best_rule}'; wanted: above -0.02, for sure above -0.05."
    )
    return checked(checks.FINDS_MONEY, FOUND_AT_LEAST.holds(difference), sentence)


def _calibrated(context: TrainingContext, unseen: OutOfSample, model: str) -> GateResult:
    """Calibration over the contest origins without a change of season since the window before."""
    steady = np.isin(unseen.rows.origin, list(_steady_origins(context, unseen)))
    if not steady.any():
        return not_applicable(checks.CALIBRATED, "Every tested window spans a change of season.")
    chance, churned, weight = unseen.churn[model][steady], unseen.churned[steady], unseen.rows.weight[steady]
    expected, observed, deviation = _rates(unseen, model, steady)
    error = metrics.calibration_error(chance, churned, weight)
    perfect = metrics.perfect_calibration_error(chance, unseen.seed, weight)
    sentence = (
        f"{expected:.1%} expected to stop, {observed:.1%} did; error {error:.3f}, "
        f"a perfect forecast's up to {perfect:.3f}."
    )
    is_calibrated = (
        abs(expected - observed) <= max(MOST_GAP, NINETY_FIVE * deviation)
        and error <= perfect + MOST_ERROR_OVER_PERFECT
    )
    return checked(checks.CALIBRATED, is_calibrated, sentence)


def _rates(unseen: OutOfSample, model: str, rows: Flags) -> tuple[float, float, float]:
    """Mean forecast and observed rate of some rows, and the standard deviation of their difference by chance alone."""
    chance, weight = unseen.churn[model][rows], unseen.rows.weight[rows]
    deviation = float(np.sqrt(np.sum(weight**2 * chance * (1 - chance))) / weight.sum())
    return float(np.average(chance, weights=weight)), float(np.average(unseen.churned[rows], weights=weight)), deviation


def _steady_origins(context: TrainingContext, unseen: OutOfSample) -> Iterator[int]:
    """Contest origins with a rate near that of the last closed window, or with the same window a year earlier."""
    zone = context.policy.zone
    oldest = min(context.origins.close)
    for at in unseen.origins:
        window = unseen.rows.at([at])
        before = context.rows.active_at([at.shifted(-context.origins.horizon_days, zone)])
        has_year = at.shifted(-YEAR_DAYS, zone) >= oldest
        if has_year or not len(before) or abs(_rate(window) - _rate(before)) <= SEASON_STEP:
            yield micros_of(at)


def _rate(rows: TrainingSet) -> float:
    return float(np.average(rows.labels.churned, weights=rows.weight))


def _stable(unseen: OutOfSample, rule: str, model: str) -> GateResult:
    better = unseen.better(unseen.levelled(model), unseen.levelled(rule))
    worse = []
    origins = np.unique(unseen.rows.origin)
    for origin in origins:
        at_origin = unseen.rows.origin == origin
        differences, weight = better[at_origin], unseen.rows.weight[at_origin]
        mean = np.average(differences, weights=weight)
        deviation = np.sqrt(np.sum((weight * (differences - mean)) ** 2)) / weight.sum()
        if mean + _quantile(0.05 / len(origins)) * deviation < 0:
            worse.append(str(np.datetime64(int(origin), "us").astype("datetime64[D]")))
    sentence = f"worse for sure at {', '.join(worse)}" if worse else f"worse for sure at none of {len(origins)} origins"
    return checked(checks.STABLE, not worse, f"Against '{rule}' it was {sentence}.")


def _quantile(error: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(1 - error / 2))


def _not_carried(unseen: OutOfSample, rule: str, model: str) -> GateResult:
    if len(unseen.rows) < LEAST_TO_BE_CARRIED:
        return not_applicable(
            checks.NOT_CARRIED, f"Fewer than {LEAST_TO_BE_CARRIED} forecasts say too little about a column."
        )
    by_model, by_rule = unseen.mean_auc(unseen.churn[model]), unseen.mean_auc(unseen.churn[rule])
    auc_of = {name: _auc_alone(unseen, name) for name in MODEL_FEATURES if name not in OF_ORDERS}
    name = max(auc_of, key=lambda column: auc_of[column])
    highest = auc_of[name]
    carried = highest - 0.5 >= CARRIED_SHARE * (by_model - 0.5) and highest >= by_rule + OVER_RULE
    sentence = (
        f"Beside the orders, {name} tells most alone: AUC {highest:.3f}; "
        f"the model {by_model:.3f}, '{rule}' {by_rule:.3f}."
    )
    return checked(checks.NOT_CARRIED, not carried, sentence)


def _auc_alone(unseen: OutOfSample, name: str) -> float:
    """AUC of one column in its better direction, with missing values at its better end."""
    values = unseen.rows.snapshot.feature(name)
    if np.isnan(values).all():
        return 0.5
    top = float(np.nanmax(np.abs(values))) + 1.0
    aucs = [unseen.mean_auc(np.where(np.isnan(values), end, values)) for end in (-top, top)]
    return max(max(auc, 1 - auc) for auc in aucs)


def _enough(unseen: OutOfSample) -> GateResult:
    stopped, went_on = int(unseen.churned.sum()), int((~unseen.churned).sum())
    sentence = f"{stopped:,} stopped and {went_on:,} went on in the tested windows; {LEAST_OF_EACH} of each are needed."
    return checked(checks.ENOUGH, min(stopped, went_on) >= LEAST_OF_EACH, sentence)


def _even(ledger: Ledger, unseen: OutOfSample, model: str) -> GateResult:
    department = _departments(ledger, unseen)
    names, counts = np.unique(department[department != ""], return_counts=True)
    large = [str(name) for name in names[counts >= LEAST_IN_DEPARTMENT]]
    if len(large) < 2:
        return not_applicable(checks.EVEN, f"No two departments have {LEAST_IN_DEPARTMENT} forecasts each.")
    uneven = [f"{name} ({gap:+.1%})" for name in large if (gap := _gap(unseen, model, department == name)) is not None]
    sentence = f"off in {', '.join(uneven)}" if uneven else f"off in none of {len(large)} departments"
    return checked(checks.EVEN, not uneven, f"Mean forecast less observed rate is {sentence}.")


def _gap(unseen: OutOfSample, model: str, rows: Flags) -> float | None:
    """Mean forecast less observed rate of some rows; None up to 5 points and within what chance explains."""
    expected, observed, deviation = _rates(unseen, model, rows)
    gap = expected - observed
    return gap if abs(gap) > max(UNEVEN_GAP, NINETY_NINE * deviation) else None


def _departments(ledger: Ledger, unseen: OutOfSample) -> npt.NDArray[np.str_]:
    """The department of each row as of its origin; empty where it has none."""
    department_of: dict[tuple[int, str], str] = {}
    with ledger.open() as connection:
        for at in unseen.origins:
            accounts = accounts_at(connection, at).select(["customer_id", "department"]).to_pydict()
            pairs = zip(*accounts.values(), strict=True)
            department_of |= {(micros_of(at), customer): department or "" for customer, department in pairs}
    keys = zip(unseen.rows.origin.tolist(), unseen.ids.tolist(), strict=True)
    return np.array([department_of.get(key, "") for key in keys], dtype=np.str_)


def _shown(interval: Interval) -> str:
    return f"{interval.estimate:+.3f} (95 %: {interval.low:+.3f} … {interval.high:+.3f})"
