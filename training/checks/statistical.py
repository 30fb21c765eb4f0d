"""What a finished table gives away: columns that know more of the days to come than the past does."""

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
"""AUC by which one column must beat the model of everything known before; honest columns hardly reach the model."""
ERRORS = 3.0
"""Standard errors that lift must lie above chance besides; or the column parts both outcomes as good as wholly."""
WHOLLY = 0.995
LEAST_CORRELATION = 0.20
LEAST_CORRELATION_OF_ONE = 0.40  # in the rows of a single instant
LEAST_DEVIATIONS = 5.0
STRONG_CORRELATION, STRONG_DEVIATIONS = 0.70, 3.5  # few rows cannot lie far from none, however much they share
IN_STEP = 0.8
ALIKE = 0.9  # share of rows in which a column must equal another to be that one
CONSTANT_INSTANTS = 3
BINS = 20
SHRINKAGE_ROWS = 5

Why = tuple[str, Mask]
"""What was found, and in which rows."""


def suspicions(features: FeatureTable, looked: LabelledRows) -> list[CheckResult]:
    """What every check of a finished table found; columns that are our own features to the digit are not suspected."""
    caught: dict[FeatureCheck, list[Leak]] = {check: [] for check in checks.CHECKS if check.needs is checks.Needs.TABLE}
    for name, column in features.where(looked.keys).columns.items():
        values = as_doubles(column, looked.keys)
        if values is None:
            values = _by_outcome(column, looked)
        elif any(_alike(values, other).all() for other in looked.clean.values()):
            continue
        for check, look in QUESTIONS.items():
            if (why := look(values, looked)) is not None:
                caught[check].append(_caught(check, name, why, looked, column))
    return [
        CheckResult(check, CheckOutcome.FAILED if found else CheckOutcome.PASSED, tuple(found))
        for check, found in caught.items()
    ]


def _in_disguise(values: Floats, looked: LabelledRows) -> Why | None:
    told = _chance_by_bins(values, looked)
    for rows in looked.windows():
        alone, model = auc(told[rows], looked.churned[rows]), auc(looked.chance[rows], looked.churned[rows])
        error = float(np.hypot(_auc_error(alone, looked.churned[rows]), _auc_error(model, looked.churned[rows])))
        if alone - model > LEAST_LIFT and (alone - model > LEAST_LIFT + ERRORS * error or alone > WHOLLY):
            return f"alone it reaches an AUC of {alone:.3f}, a model of all that was known {model:.3f}", rows
    return None


def _chance_by_bins(values: Floats, looked: LabelledRows) -> Floats:
    """The rate of no order among other customers with a like value; unknown is a value of its own."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return _rate_of_others(bins, looked.churned.astype(np.float64), looked)


def _by_outcome(column: pa.Array, looked: LabelledRows) -> Floats:
    """Each text as how other customers with it came out, beyond what was expected of them."""
    codes = codes_of(column.cast(pa.string(), safe=False).to_pylist())
    return _rate_of_others(codes, looked.churned - looked.chance, looked)


def _rate_of_others(group: np.ndarray, values: Floats, looked: LabelledRows) -> Floats:
    """The mean over other customers of the group, drawn towards that of all by a few rows."""
    told = np.zeros(len(values))
    groups = int(group.max()) + 1
    for apart in (looked.past.fold == fold for fold in range(FOLDS)):
        count = np.bincount(group[~apart], minlength=groups)
        sums = np.bincount(group[~apart], weights=values[~apart], minlength=groups)
        mean = values[~apart].mean()
        told[apart] = ((sums + SHRINKAGE_ROWS * mean) / (count + SHRINKAGE_ROWS))[group[apart]]
    return told


def _auc_error(value: float, happened: Mask) -> float:
    """Standard error of an AUC (Hanley and McNeil, 1982)."""
    yes, no = int(happened.sum()), int((~happened).sum())
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (yes - 1) * (one - value**2) + (no - 1) * (two - value**2)
    return float(np.sqrt(max(variance, 0.0) / (yes * no)))


def _foreseen(values: Floats, looked: LabelledRows) -> Why | None:
    if not np.ptp(values):
        return None
    rest = looked.past.unexplained(values)
    for place, rows in enumerate(looked.windows()):
        what, found = strongest(rest, looked.comes, looked.past.customer, rows)
        least = LEAST_CORRELATION_OF_ONE if place else LEAST_CORRELATION
        size, far = abs(found.correlation), abs(found.deviations)
        if (size >= least and far >= LEAST_DEVIATIONS) or (size >= STRONG_CORRELATION and far >= STRONG_DEVIATIONS):
            return _foretold(what, found), rows
    return None


def _foretold(what: str, found: Shared) -> str:
    return (
        f"beyond all that was known, its correlation with {what} is {found.correlation:.2f}, "
        f"{abs(found.deviations):.0f} standard deviations from none"
    )


def _varying(values: Floats, looked: LabelledRows) -> Why | None:
    return None if _is_constant(values, looked) else _foreseen(_filled(values), looked)


def _constant(values: Floats, looked: LabelledRows) -> Why | None:
    return _foreseen(_filled(values), looked) if _is_constant(values, looked) else None


def _telling_gaps(values: Floats, looked: LabelledRows) -> Why | None:
    return _foreseen(np.isnan(values).astype(np.float64), looked)


def _is_constant(values: Floats, looked: LabelledRows) -> bool:
    if len(np.unique(looked.past.origin)) < CONSTANT_INSTANTS:
        return False
    order, same = _neighbours(looked)
    ordered = _filled(values)[order]
    return not (np.diff(ordered) != 0)[same].any()


def _in_step(values: Floats, looked: LabelledRows) -> Why | None:
    order, same = _neighbours(looked)
    moved = (np.diff(_filled(values)[order]) != 0)[same]
    label = (np.diff(looked.churned[order].astype(np.int64)) != 0)[same]
    if min(moved.sum(), (~moved).sum(), label.sum(), (~label).sum()) < LEAST_OF_EACH:
        return None
    phi = float(np.corrcoef(moved, label)[0, 1])
    if phi < IN_STEP:
        return None
    rows = np.zeros(len(values), dtype=np.bool_)
    rows[order[1:][same][moved & label]] = True
    return f"whether it moves and whether the label does correlate by {phi:.2f}", rows


def _neighbours(looked: LabelledRows) -> tuple[np.ndarray, Mask]:
    """Rows by customer and instant, and whether each is of the same customer as the one before."""
    order = np.lexsort((looked.past.origin, looked.past.customer))
    return order, np.asarray(np.diff(looked.past.customer[order]) == 0)


def _of_another_instant(values: Floats, looked: LabelledRows) -> Why | None:
    for what, later in looked.wrong.items():
        for name, other in later.items():
            apart = ~_alike(other, looked.clean[name])
            if apart.sum() < LEAST_OF_EACH:
                continue
            same = _alike(values, other)
            if same.mean() >= ALIKE and same[apart].mean() >= ALIKE:
                return f"it equals {name} {what}, also where that is not {name} as of the instant", apart & same
    return None


def _alike(first: Floats, second: Floats) -> Mask:
    return np.isclose(first, second, rtol=1e-6, atol=1e-9, equal_nan=True)


def _filled(values: Floats) -> Floats:
    return np.where(np.isnan(values), UNKNOWN, values)


def _caught(check: FeatureCheck, name: str, why: Why, looked: LabelledRows, column: pa.Array) -> Leak:
    what, rows = why
    at = int(np.flatnonzero(rows)[0])
    customer, instant = looked.keys[at]
    value, then = column[at].as_py(), "no order" if looked.churned[at] else "an order"
    example = {"customer_id": customer, "as_of": f"{instant}Z", "is": str(value), "then": then}
    sentence = (
        f"{check.tells.format(feature=name, what=what)} Seen in {int(rows.sum()):,} of {len(rows):,} rows; for example "
        f"{customer} as of {instant} UTC: {value}, and then {then} within {looked.horizon_days} days."
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
"""How each check of a finished table is answered."""
