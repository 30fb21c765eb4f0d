"""What a training is worth to a small company: made-up ones, each judged on the window after.

Example: python -m benchmarks.accuracy.small_companies

Makes benchmarks/accuracy/SMALL_COMPANIES.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import numpy as np

from benchmarks.accuracy.small_trainings import MONTHS, ONE_RATE, SERVED, SmallCompany, Trained, trainings
from features.atomic_write import atomic_write
from training.fitting.candidates import CANDIDATES
from training.metrics.bootstrap import Interval, interval_of_mean
from training.metrics.calibration import coverage
from training.metrics.resampled import Figure

PAGE = Path(__file__).parent / "SMALL_COMPANIES.md"
CUSTOMERS = (30, 60, 120)
RIVALS = (*(candidate.name for candidate in CANDIDATES), ONE_RATE)
BRIER = Figure.BRIER
DRAWS, SEED = 2000, 1

_HEAD = """# What a training is worth to a small company

Made by `python -m benchmarks.accuracy.small_companies`; do not edit by hand. {companies} made-up companies of each
size, a third each of a lumpy, a regular and a seasonal trade (`benchmarks/accuracy/trades.py`), trained on days all
over the year by the product's own path with a ledger of 12, 24 and 36 months. **Customers**: who ordered in the year
before. Horizon and active window are those proposed for 12 months, so that a longer ledger answers the same question
about the same customers. Each training is judged on its active customers, by who ordered in the window after.
Differences are means over trainings, turned so that above 0 what is served is better, with their 95 % interval
(companies drawn anew)."""
Group = Sequence[Trained]


def main() -> None:
    """Writes benchmarks/accuracy/SMALL_COMPANIES.md."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--companies", type=int, default=12, help="made-up companies of each size")
    ask.add_argument("--seed", type=int, default=SEED)
    ask.add_argument("--jobs", type=int, default=2, help="companies at a time")
    ask.add_argument("--out", type=Path, default=PAGE)
    given = ask.parse_args()
    with ProcessPoolExecutor(max_workers=given.jobs) as workers:
        asked = [(customers, number, given.seed) for customers in CUSTOMERS for number in range(given.companies)]
        found = [each for some in workers.map(run, *zip(*asked, strict=True)) for each in some]
    with atomic_write(given.out) as path:
        path.write_text(page(found, given.companies), encoding="utf-8")
    print(given.out.read_text(encoding="utf-8"))


def run(customers: int, number: int, seed: int) -> list[Trained]:
    """All trainings of one company."""
    return list(trainings(SmallCompany.invented(number, customers, seed)))


def page(found: Group, companies: int) -> str:
    """What is served, how good it is, whether it meant what it said, and what a longer ledger bought."""
    parts = [
        _HEAD.format(companies=companies),
        "## What is served",
        _table(("", "trainings", "no chances", "a rule", "the model", "active", "days ahead"), _what_is_served(found)),
        "## Brier score, and how much better it is than",
        _table(("", "served", *RIVALS), _beside_rivals(found, BRIER)),
        "## AUC, and how much better it is than",
        _table(("", "served", *RIVALS), _beside_rivals(found, Figure.AUC)),
        "## Chances and what came",
        "Rates held: companies whose rate lay in their mean churn_low … churn_high, each half-width h widened to "
        "√(h² + 1.645²·p(1−p)/n) (wanted: 85 to 95 %).",
        _table(("", "expected", "came", "expected less came", "rates held", "high less low"), _calibration(found)),
        "## What 12 more months bought",
        "The same companies with a year more of ledger. Width: high less low where it says 50 %, as it was, as "
        "promised for 12 more months, and as it then was.",
        _table(("customers, months", "companies", "width", "promised", "found", "Brier better by"), _bought(found)),
    ]
    return "\n\n".join(parts) + "\n"


def groups(found: Group) -> dict[str, Group]:
    """By size and ledger, then all, by ledger, and by trade."""
    by_size = {
        f"{customers} customers, {months} months": [
            each for each in found if (each.customers, each.months) == (customers, months)
        ]
        for customers in sorted({each.customers for each in found})
        for months in MONTHS
    }
    by_kind = {
        f"all, {kind}": [each for each in found if each.kind == kind] for kind in sorted({e.kind for e in found})
    }
    return {**by_size, "**all**": found, **by_kind}


def better_by(group: Group, difference: Callable[[Trained], float]) -> Interval | None:
    """The mean difference over trainings that tell it, companies drawn anew; None: no training does."""
    told = [(each.company, value) for each in group if not np.isnan(value := difference(each))]
    if not told:
        return None
    _, company = np.unique([name for name, _ in told], return_inverse=True)
    values, at_once = np.array([value for _, value in told]), np.zeros(len(told), dtype=np.int64)
    return interval_of_mean(values, company, at_once, overlapping=True, draws=DRAWS, seed=SEED)


def _what_is_served(found: Group) -> list[list[str]]:
    rows = []
    for name, group in groups(found).items():
        kinds = [
            [each for each in group if each.cell is None],
            [each for each in group if each.cell is not None and each.is_rule],
            [each for each in group if not each.is_rule],
        ]
        active = [each.active for each in group if each.cell is not None]
        shares = [f"{len(each) / len(group):.0%}" for each in kinds]
        days = f"{np.mean([each.horizon_days for each in group]):.0f}"
        rows.append([name, str(len(group)), *shares, f"{np.mean(active):.0f}" if active else "–", days])
    return rows


def _beside_rivals(found: Group, figure: Figure) -> list[list[str]]:
    rows = []
    for name, group in groups(found).items():
        better = [better_by(group, partial(_better_than, figure, rival)) for rival in RIVALS]
        rows.append([name, _mean([each.figure(figure, SERVED) for each in group]), *map(_told, better)])
    return rows


def _better_than(figure: Figure, rival: str, trained: Trained) -> float:
    return figure.sign * (trained.figure(figure, SERVED) - trained.figure(figure, rival))


def _calibration(found: Group) -> list[list[str]]:
    rows = []
    for name, group in groups(found).items():
        cells = [each.cell for each in group if each.cell is not None]
        rows.append(
            [
                name,
                _mean([cell.chance for cell in cells]),
                _mean([cell.observed for cell in cells]),
                _told(better_by(group, _gap)),
                f"{coverage(cells):.0%} of {len(cells)}",
                _mean([cell.high - cell.low for cell in cells]),
            ]
        )
    return rows


def _gap(trained: Trained) -> float:
    return float("nan") if trained.cell is None else trained.cell.chance - trained.cell.observed


def _bought(found: Group) -> list[list[str]]:
    by_months = {months: {each.company: each for each in found if each.months == months} for months in MONTHS}
    rows = []
    for (less, more), customers in product(pairwise(MONTHS), sorted({each.customers for each in found})):
        pairs = [
            (each, by_months[more][company])
            for company, each in by_months[less].items()
            if each.customers == customers and each.cell is not None and by_months[more][company].cell is not None
        ]
        gained = {one.company: one.figure(BRIER, SERVED) - other.figure(BRIER, SERVED) for one, other in pairs}
        rows.append(
            [
                f"{customers}, {less} → {more}",
                str(len(pairs)),
                _mean([one.width for one, _ in pairs]),
                _mean([one.promised for one, _ in pairs]),
                _mean([other.width for _, other in pairs]),
                _told(better_by([one for one, _ in pairs], lambda each, gained=gained: gained[each.company])),
            ]
        )
    return rows


def _mean(values: Sequence[float]) -> str:
    known = [each for each in values if not np.isnan(each)]
    return f"{np.mean(known):.3f}" if known else "–"


def _told(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    return f"{interval.estimate:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


if __name__ == "__main__":
    main()
