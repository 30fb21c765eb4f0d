"""How often rates at unseen origins end inside churn_low … churn_high, over many made-up companies.

Example: python -m benchmarks.accuracy.coverage

Each company's base rate takes a course of its own: steady, wandering, in a trend, with a season, or with a season and
wandering. Its scores are a little too sure and a little bent, its slope is never quite the same. From forecasts of some
past windows a calibrator is learned, as `train` learns it, and held against the next window. Printed: cells
are tenths of the scores with 50 customers or more; a cell is hit where the observed rate lies in its mean low … high,
each half-width h widened to √(h² + 1.645²·p(1−p)/n). Of all cells 85 to 95 % must be hit.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from features.atomic_write import atomic_write
from features.snapshot import MICROSECONDS_OF_A_DAY, Floats
from models.members import chance_of
from training.calibration.calibrator import fit_calibrator
from training.calibration.origin_levels import Forecasts
from training.metrics.calibration import Cell, cells_of, coverage

PAGE = Path(__file__).parent / "COVERAGE.md"
COURSES = ("steady", "wandering", "trend", "season", "season and wandering")
YEAR_DAYS = 365.25
HISTORIES = ((1, 90, 1000), (2, 90, 1000), (3, 90, 1000), (4, 90, 1000), (6, 90, 1000), (8, 90, 1000))
HISTORIES += ((12, 30, 1000), (5, 180, 600), (5, 90, 5000))
"""Past windows, days of one, customers at each origin."""

Chance = np.random.Generator


@dataclass(frozen=True)
class CoverageWindow:
    """What was forecast for one window, and what came: one row per customer."""

    day: float
    log_odds: Floats
    happened: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CoveredCells:
    """A calibrator held against one unseen window of a company.

    Attributes:
        cells: tenths of its scores. width: mean of high less low, over customers.
        off: |mean chance - observed rate|. off_by_newest: the same, had the newest window alone set the level.
    """

    course: str
    cells: tuple[Cell, ...]
    width: float
    off: float
    off_by_newest: float


def companies(windows: int, horizon_days: int, customers: int, *, count: int, seed: int) -> Iterator[CoveredCells]:
    """The calibrators of so many companies, a fifth of them of each course, held against the window after."""
    for number in range(count):
        chance = np.random.default_rng([seed, windows, horizon_days, customers, number])
        course = COURSES[number % len(COURSES)]
        yield _held(course, _windows(chance, course, windows + 1, horizon_days, customers), horizon_days)


def _windows(chance: Chance, course: str, count: int, horizon_days: int, customers: int) -> list[CoverageWindow]:
    """So many windows side by side, oldest first; the last begins on day 0."""
    days = horizon_days * np.arange(-count - 1, 1, dtype=np.float64)  # two before the first, which members learned from
    rates = _base_rates(chance, course, days, horizon_days)
    memory, slope = chance.choice([0.0, 0.6, 1.0]), chance.uniform(0.7, 1.1)
    windows = []
    for place in range(2, len(days)):
        log_odds = chance.normal(-0.3, 1.2, int(customers * chance.uniform(0.8, 1.2)))
        level = rates[place] - memory * rates[:place].mean()  # members know the mean of what they were fitted on
        bent = level + (slope + chance.normal(0, 0.08)) * log_odds + 0.15 * np.sin(1.3 * log_odds + 0.5)
        windows.append(CoverageWindow(days[place], log_odds, chance.random(len(log_odds)) < expit(bent)))
    return windows


def _base_rates(chance: Chance, course: str, days: Floats, horizon_days: int) -> Floats:
    """Log-odds around 0 that the windows of a course have."""
    rates = chance.normal(0, 0.05 if course == "steady" else chance.choice([0.05, 0.1, 0.2]), len(days))
    if "wandering" in course:
        a_year = chance.choice([0.15, 0.3, 0.5])
        rates += np.cumsum(chance.normal(0, a_year * np.sqrt(horizon_days / YEAR_DAYS), len(days)))
    if course == "trend":
        rates += chance.normal(0, 0.3) * days / YEAR_DAYS
    if "season" in course:
        rates += _season(chance, days, horizon_days)
    return np.asarray(rates - rates.mean())


def _season(chance: Chance, days: Floats, horizon_days: int) -> Floats:
    """A wave of the year and, in most years' one place, a few weeks when everybody buys."""
    day = np.arange(366)
    wave = chance.choice([0.2, 0.4, 0.7]) * np.sin(2 * np.pi * (day - chance.uniform(0, 366)) / 366)
    apart = (day - chance.uniform(0, 366) + 183) % 366 - 183
    year = wave - chance.choice([0.0, 0.75, 1.5]) * np.exp(-0.5 * (apart / chance.choice([15, 30])) ** 2)
    within = [(begin + np.arange(horizon_days)).astype(np.int64) % 366 for begin in days]
    return np.array([year[each].mean() for each in within])


def _held(course: str, windows: list[CoverageWindow], horizon_days: int) -> CoveredCells:
    *past, new = windows
    calibrator = fit_calibrator(_forecasts(past, horizon_days))
    days = np.full(len(new.log_odds), new.day)
    log_odds = calibrator.apply(new.log_odds, days)
    low, high = (chance_of(each) for each in calibrator.spread.bounds(log_odds, days))
    chance, seen = chance_of(log_odds), float(new.happened.mean())
    newest = _newest_alone(past[-1], calibrator.curve.apply(past[-1].log_odds), calibrator.curve.apply(new.log_odds))
    cells = cells_of(chance, low, high, new.happened)
    off = abs(float(chance.mean()) - seen)
    return CoveredCells(course, cells, float((high - low).mean()), off, abs(newest - seen))


def _forecasts(windows: list[CoverageWindow], horizon_days: int) -> Forecasts:
    log_odds = np.concatenate([each.log_odds for each in windows])
    origin = [np.full(len(each.log_odds), int(each.day * MICROSECONDS_OF_A_DAY)) for each in windows]
    happened = np.concatenate([each.happened for each in windows])
    return Forecasts(log_odds, happened, np.concatenate(origin), np.ones(len(log_odds)), horizon_days)


def _newest_alone(past: CoverageWindow, past_odds: Floats, new_odds: Floats) -> float:
    """Mean chance at the new window under the level at which the newest past one comes true."""
    low, high = -10.0, 10.0
    for _ in range(40):
        level = (low + high) / 2
        low, high = (level, high) if expit(past_odds + level).mean() < past.happened.mean() else (low, level)
    return float(expit(new_odds + level).mean())


def main() -> None:
    """Writes benchmarks/accuracy/COVERAGE.md."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--companies", type=int, default=400, help="made-up companies per history")
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    held = {each: list(companies(*each, count=given.companies, seed=given.seed)) for each in HISTORIES}
    with atomic_write(PAGE) as path:
        path.write_text(page(held, given.companies), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def page(held: dict[tuple[int, int, int], list[CoveredCells]], count: int) -> str:
    """The table, a line per history."""
    head = ("past windows", "days", "customers", "cells hit", *COURSES, "width", "off", "off by newest")
    lines = [
        "# How often rates at unseen origins end inside churn_low … churn_high",
        "",
        f"Made by `python -m benchmarks.accuracy.coverage`: {count} made-up companies a line, a fifth each course, one "
        "unseen",
        "window each. Cells hit: all, then by course. Width: high less low. Off: mean |mean chance − observed rate|.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---:|" * len(head),
    ]
    for (windows, days, customers), each in held.items():
        shares = [
            coverage_of(each),
            *(coverage_of([one for one in each if one.course == course]) for course in COURSES),
        ]
        means = [np.mean([getattr(one, name) for one in each]) for name in ("width", "off", "off_by_newest")]
        told = (windows, days, customers, *(f"{share:.0%}" for share in shares), *(f"{mean:.3f}" for mean in means))
        lines.append("| " + " | ".join(map(str, told)) + " |")
    everything = [one for each in held.values() for one in each]
    return "\n".join([*lines, "", f"All cells: {coverage_of(everything):.1%} hit.", ""])


def coverage_of(held: list[CoveredCells]) -> float:
    """Share of all cells whose bounds held."""
    return coverage([cell for one in held for cell in one.cells])


if __name__ == "__main__":
    main()
