"""The grading of a night's lists: by uncalled customers alone, each with its weight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.ledger.store.database import Store
from features.policy import Policy
from features.snapshot import Floats
from models.findings import FindingKind, findings_of
from models.published_forecasts import ForecastRun, KeptForecasts, first_listed_on, forecasts_of, runs_with_forecasts
from models.ranking import order_of
from training.dataset.assignments import Assignments, assignments_of
from training.dataset.labels import Labels, customers_at, labels_of
from training.errors import TrainingError
from training.metrics import scoring as metrics
from training.metrics.scoring import LEAST_OUTCOMES
from training.monitoring.report_card import Called, ListScores, ReportCard

LISTED_WITHIN_DAYS = 365
"""Days before the window closes in which a first listing counts; an older one was about another silence."""


class NothingToGradeError(TrainingError):
    """No window of a published list has closed yet."""

    def __init__(self, first_closes_on: date | None) -> None:
        when = "no list has been published yet" if first_closes_on is None else f"the first closes on {first_closes_on}"
        super().__init__(
            f"There is nothing to grade: {when}.",
            "Publish lists every night (callfirst nightly) and keep the ledger up to date.",
        )


def ungraded_runs(store: Store, ledger: Ledger, until: AsOf) -> tuple[ForecastRun, ...]:
    """Runs with windows closed by ``until`` and by the ledger, and without a report card; oldest first."""
    graded = {int(card.payload["run_id"]) for card in findings_of(store, FindingKind.REPORT_CARD)}
    return tuple(run for run in closed_runs(store, ledger, until) if run.run_id not in graded)


def closed_runs(store: Store, ledger: Ledger, until: AsOf) -> tuple[ForecastRun, ...]:
    """Runs with windows closed by ``until`` and by the ledger; oldest first."""
    ends_on = min(until.day, ledger.ends_on + timedelta(days=1))
    return tuple(run for run in runs_with_forecasts(store) if _closed_on(run) <= ends_on)


def first_close(store: Store) -> date | None:
    """The day the first window of a published list closes; None: nothing was published."""
    return min((_closed_on(run) for run in runs_with_forecasts(store)), default=None)


def report_card(store: Store, run: ForecastRun, ledger: Ledger, *, until: AsOf, policy: Policy) -> ReportCard:
    """The report card of a run's lists, by what was known strictly before ``until``.

    Raises:
        HorizonOutlastsLedgerError: their window is not closed yet.
    """
    forecasts = forecasts_of(store, run)
    origin = AsOf.of_instant(run.as_of, policy.zone)
    rows = customers_at(forecasts.customer_ids, origin, ledger)
    labels = labels_of(ledger, rows, run.horizon_days, until=until, policy=policy)
    assigned = assignments_of(ledger, rows, run.horizon_days, until=until, policy=policy)
    uncalled = ~assigned.called & ~assigned.held_out
    has_enough = int(np.sum(~assigned.called)) >= LEAST_OUTCOMES
    closed_on, closes = _closed_on(run), origin.shifted(run.horizon_days, policy.zone)
    listed_on = first_listed_on(store, since=closed_on - timedelta(days=LISTED_WITHIN_DAYS), until=closed_on)
    return ReportCard(
        run_id=run.run_id,
        listed_on=run.as_of_day,
        closed_on=closed_on,
        model_version=run.model_version,
        left_alone=int(np.sum(uncalled)),
        held_out=int(np.sum(assigned.held_out)),
        listed_unrecorded=int(np.sum(uncalled & forecasts.is_listed)),
        figures=_figures(forecasts, labels, assigned) if has_enough else None,
        called=_called(forecasts, labels, assigned),
        lead_days=_lead_days(forecasts, labels, listed_on, _last_orders(ledger, closes, until)),
    )


def _figures(forecasts: KeptForecasts, labels: Labels, assigned: Assignments) -> ListScores:
    """The scores of uncalled rows, each with its weight."""
    uncalled = ~assigned.called
    chance, churned, weight = forecasts.chance[uncalled], labels.churned[uncalled], assigned.weight[uncalled]
    reference = np.where(np.isnan(forecasts.reference[uncalled]), 0.0, forecasts.reference[uncalled])
    ids = [name for name, is_uncalled in zip(forecasts.customer_ids, uncalled, strict=True) if is_uncalled]
    by_risk = order_of(forecasts.value_at_risk[uncalled], ids)
    shortfall = np.maximum(reference - labels.net_sales[uncalled], 0.0)
    lines = int(np.sum(forecasts.is_listed))
    top = _within(weight[by_risk], max(lines, 1))
    return ListScores(
        expected=float(np.average(chance, weights=weight)),
        seen=float(np.average(churned, weights=weight)),
        calibration_error=metrics.calibration_error(chance, churned, weight),
        perfect_calibration_error=metrics.perfect_calibration_error(chance, 0, weight),
        brier=metrics.brier(chance, churned, weight),
        auc=_or_none(metrics.auc(chance, churned, weight)),
        money_found=_money_found(shortfall, by_risk, weight),
        precision=float(np.average(churned[by_risk], weights=top)),
        lines=lines,
    )


def _called(forecasts: KeptForecasts, labels: Labels, assigned: Assignments) -> Called | None:
    rows = assigned.called
    if not rows.any():
        return None
    return Called(int(rows.sum()), float(forecasts.chance[rows].mean()), float(labels.churned[rows].mean()))


def _within(weight: Floats, most: float) -> Floats:
    """The part of each ranked row's weight that lies within the first ``most``."""
    before = np.concatenate([[0.0], np.cumsum(weight)[:-1]])
    return np.clip(most - before, 0.0, weight)


def _money_found(shortfall: Floats, ranked: npt.NDArray[np.intp], weight: Floats) -> float | None:
    """``metrics.money_found`` of weighted rows; None where no money was lost."""
    if shortfall.max() <= 0:
        return None
    best = np.argsort(-shortfall, kind="stable")
    shares = []
    for share in metrics.TOP_SHARES:
        top = max(metrics.LEAST_TOP, int(share * weight.sum()))
        ranked_money, best_money = (float(shortfall[rows] @ _within(weight[rows], top)) for rows in (ranked, best))
        shares.append(ranked_money / best_money)
    return float(np.mean(shares))


_LAST_ORDERS = f"""
SELECT customer_id, max(order_day) AS last_on FROM order_lines
WHERE makes_order AND ordered_at < $closes AND {visible_at("$until", happened="ordered_at")}
GROUP BY customer_id
"""


def _lead_days(
    forecasts: KeptForecasts, labels: Labels, listed_on: Mapping[str, date], last_on: Mapping[str, date]
) -> float | None:
    stopped = [name for name, has_stopped in zip(forecasts.customer_ids, labels.churned, strict=True) if has_stopped]
    days = [(last_on[name] - listed_on[name]).days for name in stopped if name in listed_on and name in last_on]
    return float(np.median(days)) if days else None


def _last_orders(ledger: Ledger, closes: AsOf, until: AsOf) -> dict[str, date]:
    with ledger.open() as connection:
        rows = connection.execute(_LAST_ORDERS, {"closes": closes.naive, "until": until.naive}).fetchall()
    return dict(rows)


def _closed_on(run: ForecastRun) -> date:
    return run.as_of_day + timedelta(days=run.horizon_days)


def _or_none(figure: float) -> float | None:
    return None if np.isnan(figure) else figure
