"""The value of your own features: how much better unseen windows are forecast with them.

In a notebook::

    from training.evaluation.feature_value import feature_value_of
    value = feature_value_of(my_features, ledger, policy)  # my_features(ledger, as_ofs, policy) returns a table
    print(value)

First run ``training.checks.leakage.check_features``: it finds features that see the future.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from features.catalog import MODEL_FEATURES
from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats, take_snapshot
from training.checks.feature_tables import FeatureMaker, FeatureTable, made_by, numbers
from training.dataset.folds import ContestPlan, contest_plan, origins_of
from training.dataset.scope import scope_of
from training.dataset.training_set import TrainingSet, training_set
from training.errors import TrainingError
from training.fitting.candidates import LightGbmRecipe
from training.fitting.fit import FitTask, NotFitted, fit
from training.fitting.learner import TrainingContext, churned
from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval, interval_of_mean


class NothingToTellError(TrainingError):
    """A ledger on which the value of a feature cannot be measured."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The value of a feature cannot be measured: {why}.", "Load more history, or shorten the horizon."
        )


@dataclass(frozen=True)
class FeatureValue:
    """Boosted trees over the catalogue with further features, against the same without, on unseen windows.

    Attributes:
        features: the added ones.
        forecasts, origins: numbers of tested chances and of their instants.
        brier, auc: without the features, then with them.
        improvement: Brier score without less with: above 0, the features help.
    """

    features: tuple[str, ...]
    forecasts: int
    origins: int
    brier: tuple[float, float]
    auc: tuple[float, float]
    improvement: Interval

    @property
    def sentence(self) -> str:
        """The result in one line."""
        low, high = self.improvement.low, self.improvement.high
        if low > 0:
            return "They help: unseen windows are surely forecast better."
        return "They do harm." if high < 0 else "No help can be shown: the interval contains 0."

    def __str__(self) -> str:
        improvement = self.improvement
        return (
            f"{', '.join(self.features)}: Brier {self.brier[0]:.4f} without, {self.brier[1]:.4f} with; "
            f"AUC {self.auc[0]:.4f} and {self.auc[1]:.4f}; {self.forecasts:,} forecasts at {self.origins} dates.\n"
            f"Better by {improvement.estimate:.4f} (95 % interval {improvement.low:.4f} to {improvement.high:.4f}). "
            f"{self.sentence}"
        )


def feature_value_of(
    maker: FeatureMaker,
    ledger: Ledger,
    policy: Policy,
    *,
    until: AsOf | None = None,
    horizon_days: int | None = None,
    active_days: int | None = None,
    seed: int = 0,
) -> FeatureValue:
    """The value that a function's features add to the catalogue, for the chance of no order.

    Both sides are fitted and calibrated at every contest origin on windows closed by then, as in training.

    Raises:
        MadeFeaturesError: the function fails, or returns no number.
        NothingToTellError: no window is left to test on.
    """
    scope = scope_of(ledger, policy, until=until, horizon_days=horizon_days, active_days=active_days)
    origins = origins_of(
        scope.until, scope.horizon_days, scope.active_days, starts_on=scope.starts_on, zone=policy.zone
    )
    plan = contest_plan(origins)
    if not plan.folds:
        raise NothingToTellError("no window is left to test on")
    rows, added = _with_columns(
        training_set(ledger, origins, scope.active_days, policy), made_by(maker, ledger, origins.close, policy)
    )
    now = take_snapshot(ledger, [scope.until], policy)
    return _compared(TrainingContext(ledger, rows, now, origins, policy, seed), plan, added)


def _with_columns(rows: TrainingSet, own: FeatureTable) -> tuple[TrainingSet, tuple[str, ...]]:
    """The rows with every numeric column of the function, under its own name; missing where it has no row."""
    instants = rows.snapshot.table.column("as_of").to_pylist()
    place = np.array([own.place.get(key, -1) for key in zip(rows.snapshot.customer_ids, instants, strict=True)])
    table = rows.snapshot.table
    added = []
    for name, column in own.columns.items():
        values = numbers(column)
        if values is None:
            continue
        new_name = name if name not in table.column_names else f"{name} (own)"
        with_missing = np.append(values, np.nan)  # place -1 is the last: missing
        table = table.append_column(new_name, pa.array(with_missing[place]))
        added.append(new_name)
    if not added:
        raise NothingToTellError("no column holds numbers")
    return replace(rows, snapshot=replace(rows.snapshot, table=table)), tuple(added)


def _compared(context: TrainingContext, plan: ContestPlan, added: tuple[str, ...]) -> FeatureValue:
    recipes = LightGbmRecipe(), LightGbmRecipe(features=(*MODEL_FEATURES, *added))
    tested: list[TrainingSet] = []
    chances: tuple[list[Floats], list[Floats]] = ([], [])
    for fold in plan.folds:
        task = FitTask(context.back_at(fold.at).rows, context.origins, fold, churned)
        fitted = [fit("lightgbm", recipe, task, context.seed) for recipe in recipes]
        if any(isinstance(model, NotFitted) for model in fitted):
            continue
        window = context.rows.active_at([fold.at])
        tested.append(window)
        for chances_of_side, model in zip(chances, fitted, strict=True):
            if not isinstance(model, NotFitted):
                chances_of_side.append(model.chance(window.snapshot))
    if not tested:
        raise NothingToTellError("too few customers or outcomes in every window")
    without, with_them = (np.concatenate(chances_of_side) for chances_of_side in chances)
    stopped = np.concatenate([window.labels.churned for window in tested])
    origin = np.concatenate([window.origin for window in tested])
    ids = np.unique(np.concatenate([window.snapshot.customer_ids for window in tested]), return_inverse=True)[1]
    return FeatureValue(
        features=added,
        forecasts=len(stopped),
        origins=len(tested),
        brier=(metrics.brier(without, stopped), metrics.brier(with_them, stopped)),
        auc=(metrics.auc(without, stopped), metrics.auc(with_them, stopped)),
        improvement=interval_of_mean(
            (without - stopped) ** 2 - (with_them - stopped) ** 2,
            ids,
            origin,
            overlapping=plan.weaker,
            seed=context.seed,
        ),
    )
