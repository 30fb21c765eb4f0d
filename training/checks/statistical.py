"""Statistical checks of a finished table: columns that know more about the future than the past explains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from features.snapshot import Floats
from training.checks import catalogue as checks
from training.checks.catalogue import CheckOutcome, FeatureCheck
from training.checks.feature_tables import FeatureTable
from training.checks.labelled_rows import LEAST_OF_EACH, UNKNOWN, LabelledRows, Mask, as_doubles, codes_of
from training.checks.report import CheckResult, Leak
from training.checks.residuals import FOLDS, Shared, strongest
from training.metrics.scoring import auc

LEAST_LIFT = 0.05
"""AUC by which a suspect column must beat a model of everything known before; honest columns hardly reach it."""
ERRORS = 3.0
"""Standard errors that the lift must exceed as well, unless the column separates the outcomes almost perfectly."""
WHOLLY = 0.995
LEAST_CORRELATION = 0.20
LEAST_CORRELATION_OF_ONE = 0.40  # in the rows of a single instant
LEAST_DEVIATIONS = 5.0
STRONG_CORRELATION, STRONG_DEVIATIONS = 0.70, 3.5  # few rows cannot reach more deviations
IN_STEP = 0.8
ALIKE = 0.9  # share of equal rows from which two columns count as the same
CONSTANT_INSTANTS = 3
BINS = 20
SHRINKAGE_ROWS = 5

Why = tuple[str, Mask]
"""The finding, and the rows it was seen in."""


def suspicions(features: FeatureTable, rows: LabelledRows) -> list[CheckResult]:
    """The results of all checks of a finished table; columns that equal our own features are not tested."""
    leaks: dict[FeatureCheck, list[Leak]] = {check: [] for check in checks.CHECKS if check.needs is checks.Needs.TABLE}
    for name, column in features.where(rows.keys).columns.items():
        values = as_doubles(column, rows.keys)
        if values is None:
            values = _by_outcome(column, rows)
        elif any(_alike(values, own).all() for own in rows.clean.values()):
            continue
        for check, question in QUESTIONS.items():
            if (why := question(values, rows)) is not None:
                leaks[check].append(_caught(check, name, why, rows, column))
    return [
        CheckResult(check, CheckOutcome.FAILED if failed else CheckOutcome.PASSED, tuple(failed))
        for check, failed in leaks.items()
    ]


def _in_disguise(values: Floats, labelled: LabelledRows) -> Why | None:
    chance = _chance_by_bins(values, labelled)
    for rows in labelled.windows():
        churned = labelled.churned[rows]
        own_auc, model_auc = auc(chance[rows], churned), auc(labelled.chance[rows], churned)
        error = float(np.hypot(_auc_error(own_auc, churned), _auc_error(model_auc, churned)))
        if own_auc - model_auc > LEAST_LIFT and (own_auc - model_auc > LEAST_LIFT + ERRORS * error or own_auc > WHOLLY):
            return f"alone it reaches an AUC of {own_auc:.3f}, a model of all that was known {model_auc:.3f}", rows
    return None


def _chance_by_bins(values: Floats, rows: LabelledRows) -> Floats:
    """The rate of no order among other customers with a similar value; missing is a value of its own."""
    present = values[~np.isnan(values)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if len(present) else np.empty(0)
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return _rate_of_others(bins, rows.churned.astype(np.float64), rows)


def _by_outcome(column: pa.Array, rows: LabelledRows) -> Floats:
    """Each text as the outcome of other customers with it, less their forecast."""
    codes = codes_of(column.cast(pa.string(), safe=False).to_pylist())
    return _rate_of_others(codes, rows.churned - rows.chance, rows)


def _rate_of_others(group: np.ndarray, values: Floats, rows: LabelledRows) -> Floats:
    """The mean over other customers of the group, shrunken towards the mean of all by a few rows."""
    rates = np.zeros(len(values))
    groups = int(group.max()) + 1
    for held_out in (rows.past.fold == fold for fold in range(FOLDS)):
        count = np.bincount(group[~held_out], minlength=groups)
        sums = np.bincount(group[~held_out], weights=values[~held_out], minlength=groups)
        mean = values[~held_out].mean()
        rates[held_out] = ((sums + SHRINKAGE_ROWS * mean) / (count + SHRINKAGE_ROWS))[group[held_out]]
    return rates


def _auc_error(value: float, happened: Mask) -> float:
    """Standard error of an AUC (Hanley and McNeil, 1982)."""
    yes, no = int(happened.sum()), int((~happened).sum())
    first, second = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (yes - 1) * (first - value**2) + (no - 1) * (second - value**2)
    return float(np.sqrt(max(variance, 0.0) / (yes * no)))


def _foreseen(values: Floats, labelled: LabelledRows) -> Why | None:
    if not np.ptp(values):
        return None
    residual = labelled.past.unexplained(values)
    for place, rows in enumerate(labelled.windows()):
        outcome, link = strongest(residual, labelled.outcomes, labelled.past.customer, rows)
        least = LEAST_CORRELATION_OF_ONE if place else LEAST_CORRELATION
        size, deviations = abs(link.correlation), abs(link.deviations)
        if (size >= least and deviations >= LEAST_DEVIATIONS) or (
            size >= STRONG_CORRELATION and deviations >= STRONG_DEVIATIONS
        ):
            return _foretold(outcome, link), rows
    return None


def _foretold(outcome: str, link: Shared) -> str:
    return (
        f"beyond all that was known, its correlation with {outcome} is {link.correlation:.2f}, "
        f"{abs(link.deviations):.0f} standard deviations from none"
    )


def _varying(values: Floats, rows: LabelledRows) -> Why | None:
    return None if _is_constant(values, rows) else _foreseen(_filled(values), rows)


def _constant(values: Floats, rows: LabelledRows) -> Why | None:
    return _foreseen(_filled(values), rows) if _is_constant(values, rows) else None


def _telling_gaps(values: Floats, rows: LabelledRows) -> Why | None:
    return _foreseen(np.isnan(values).astype(np.float64), rows)


def _is_constant(values: Floats, rows: LabelledRows) -> bool:
    if len(np.unique(rows.past.origin)) < CONSTANT_INSTANTS:
        return False
    order, same = _neighbours(rows)
    ordered = _filled(values)[order]
    return not (np.diff(ordered) != 0)[same].any()


def _in_step(values: Floats, labelled: LabelledRows) -> Why | None:
    order, same = _neighbours(labelled)
    moved = (np.diff(_filled(values)[order]) != 0)[same]
    label = (np.diff(labelled.churned[order].astype(np.int64)) != 0)[same]
    if min(moved.sum(), (~moved).sum(), label.sum(), (~label).sum()) < LEAST_OF_EACH:
        return None
    phi = float(np.corrcoef(moved, label)[0, 1])
    if phi < IN_STEP:
        return None
    rows = np.zeros(len(values), dtype=np.bool_)
    rows[order[1:][same][moved & label]] = True
    return f"whether it moves and whether the label does correlate by {phi:.2f}", rows


def _neighbours(rows: LabelledRows) -> tuple[np.ndarray, Mask]:
    """The order of rows by customer and instant, and whether each row has the same customer as the one before."""
    order = np.lexsort((rows.past.origin, rows.past.customer))
    return order, np.asarray(np.diff(rows.past.customer[order]) == 0)


def _of_another_instant(values: Floats, rows: LabelledRows) -> Why | None:
    for mistake, later in rows.at_wrong_instants.items():
        for name, wrong_values in later.items():
            differs = ~_alike(wrong_values, rows.clean[name])
            if differs.sum() < LEAST_OF_EACH:
                continue
            same = _alike(values, wrong_values)
            if same.mean() >= ALIKE and same[differs].mean() >= ALIKE:
                return f"it equals {name} {mistake}, also where that is not {name} as of the instant", differs & same
    return None


def _alike(first: Floats, second: Floats) -> Mask:
    return np.isclose(first, second, rtol=1e-6, atol=1e-9, equal_nan=True)


def _filled(values: Floats) -> Floats:
    return np.where(np.isnan(values), UNKNOWN, values)


def _caught(check: FeatureCheck, name: str, why: Why, labelled: LabelledRows, column: pa.Array) -> Leak:
    what, rows = why
    at = int(np.flatnonzero(rows)[0])
    customer, instant = labelled.keys[at]
    value, outcome = column[at].as_py(), "no order" if labelled.churned[at] else "an order"
    example = {"customer_id": customer, "as_of": f"{instant}Z", "is": str(value), "then": outcome}
    sentence = (
        f"{check.tells.format(feature=name, what=what)} Seen in {int(rows.sum()):,} of {len(rows):,} rows; for example "
        f"{customer} as of {instant} UTC: {value}, and then {outcome} within {labelled.horizon_days} days."
    )
    return Leak(name, int(rows.sum()), len(rows), example, sentence)


QUESTIONS: dict[FeatureCheck, Callable[[Floats, LabelledRows], Why | None]] = {
    checks.DISGUISED: _in_disguise,
    checks.FORESEEING: _varying,
    checks.OTHER_INSTANT: _of_another_instant,
    checks.TELLING_GAPS: _telling_gaps,
    checks.CONSTANT: _constant,
    checks.IN_STEP: _in_step,
}
"""The function that answers each check of a finished table."""
