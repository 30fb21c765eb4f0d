"""Pictures of an evaluation: figures by cutoff, money and leavers found, calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure as Picture
from matplotlib.ticker import PercentFormatter

from features.snapshot import Floats
from models.ranking import order_of
from training.evaluation.baselines import BASELINES, Predicts
from training.evaluation.results import OURS, AtCutoff, Evaluation
from training.metrics.resampled import Figure
from training.plots import training as report
from training.plots.training import pictured

SHARES = np.linspace(0, 0.5, 101)
STYLES = {OURS: {"color": report.OURS, "linewidth": 2.6, "zorder": 3}} | {
    baseline.name: {
        "color": report.BASELINE_RULES[place % len(report.BASELINE_RULES)],
        "linewidth": 1.2,
        "linestyle": "-" if baseline.predicts is Predicts.CHANCE else "--",
    }
    for place, baseline in enumerate(BASELINES)
}


def pictures_of(evaluation: Evaluation) -> dict[str, Picture]:
    """Every picture by its name."""
    pictures = {str(figure).replace(" ", "_").lower(): by_cutoff(evaluation, figure) for figure in Figure}
    pictures["money_curve"] = money_curve(evaluation)
    pictures["leavers_curve"] = leavers_curve(evaluation)
    if any(part.calibration for part in evaluation.cutoffs):
        pictures["calibration"] = calibration(evaluation)
    return pictures


def by_cutoff(evaluation: Evaluation, figure: Figure) -> Picture:
    """One figure of all forecasts at every cutoff."""

    def draw(axes: Any) -> None:
        places = np.arange(len(evaluation.cutoffs))
        for name, style in STYLES.items():
            values = np.array([part.figure(figure, name) for part in evaluation.cutoffs])
            if np.isnan(values).all():
                continue
            mean = evaluation.means[figure].get(name)
            label = name if mean is None else f"{name}: {mean:.3f}"
            axes.plot(places, values, marker="o", label=label, **style)
        days = [str(part.cutoff.day) for part in evaluation.cutoffs]
        axes.set_xticks(places, days, rotation=30, ha="right")
        better = "higher" if figure.sign > 0 else "lower"
        axes.set(xlabel="forecast from", ylabel=f"{figure} ({better} is better)")
        axes.legend(title="mean", loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
        axes.set_title(f"Who was best after each cutoff? {figure}")

    return pictured(draw, size=(9.5, 5))


def money_curve(evaluation: Evaluation) -> Picture:
    """Share of all shortfall in the top of each ranking, mean over cutoffs."""
    rankings = {name: [(part, part.value.get(name)) for part in evaluation.cutoffs] for name in STYLES}
    best = [(part, part.shortfall) for part in evaluation.cutoffs]
    return _curves(
        rankings,
        best,
        lambda part: part.shortfall,
        "share of the shortfall found",
        "How much of the money at risk does the top of the list hold?",
    )


def leavers_curve(evaluation: Evaluation) -> Picture:
    """Share of all customers without an order in the top of each ranking by chance, mean over cutoffs."""
    rankings = {name: [(part, part.chance.get(name)) for part in evaluation.cutoffs] for name in STYLES}
    best = [(part, part.churned.astype(np.float64)) for part in evaluation.cutoffs]
    return _curves(
        rankings,
        best,
        lambda part: part.churned.astype(np.float64),
        "share of those who stopped found",
        "How many of those who stop does the top of the list hold?",
    )


def calibration(evaluation: Evaluation) -> Picture:
    """Forecast and observed rate in ten equal-count bins of every cutoff."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=report.QUIET, linewidth=1, linestyle="--", label="perfect")
        for place, part in enumerate(evaluation.cutoffs):
            chance = part.chance.get(OURS)
            if chance is None:
                continue
            bins = np.array_split(np.argsort(chance, kind="stable"), min(10, len(chance)))
            axes.plot(
                [chance[rows].mean() for rows in bins],
                [part.churned[rows].mean() for rows in bins],
                marker="o",
                linewidth=1.4,
                color=report.BASELINE_RULES[place % len(report.BASELINE_RULES)],
                label=f"{part.cutoff.day} ({len(part):,})",
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="chance of no order, as forecast", ylabel="share that did not order")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="upper left", fontsize=9)
        axes.set_title("Are the chances calibrated?")

    return pictured(draw, size=(8, 6.5))


CutoffChances = list[tuple[AtCutoff, npt.NDArray[np.float64] | None]]


def _curves(
    rankings: dict[str, CutoffChances],
    best: list[tuple[AtCutoff, Floats]],
    amount_of: Callable[[AtCutoff], Floats],
    ylabel: str,
    title: str,
) -> Picture:
    def draw(axes: Any) -> None:
        ideal = np.mean([_cumulative_share(part, value, amount_of(part)) for part, value in best], axis=0)
        axes.plot(SHARES, ideal, color=report.QUIET, linestyle=":", label="the best possible")
        for name, parts in rankings.items():
            curves = [_cumulative_share(part, value, amount_of(part)) for part, value in parts if value is not None]
            if curves:
                axes.plot(SHARES, np.mean(curves, axis=0), label=name, **STYLES[name])
        axes.set(xlim=(0, 0.5), ylim=(0, 1), xlabel="share of active customers called", ylabel=ylabel)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="lower right", fontsize=9)
        axes.set_title(title)

    return pictured(draw)


def _cumulative_share(part: AtCutoff, value: Floats, amount: Floats) -> Floats:
    """The share of the whole amount in the top of a ranking, at each of SHARES; 0 where there is no amount."""
    ranked = amount[order_of(value, list(part.ids))]
    total = float(ranked.sum())
    share = np.concatenate([[0.0], np.cumsum(ranked)]) / total if total > 0 else np.zeros(len(ranked) + 1)
    return np.asarray(np.interp(SHARES * len(part), np.arange(len(share)), share))
