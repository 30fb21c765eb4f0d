"""The pictures of a training: gaps and horizon, calibration, money found, the contest by origin.

Each is a matplotlib Figure: a notebook shows it as it stands, ``saved`` keeps it as a file.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

from features.snapshot import Floats
from models.ranking import order_of
from training.dataset.horizon import GapCurve
from training.metrics import scoring as metrics
from training.selection.contest import ContestResult
from training.selection.out_of_sample import OutOfSample

INK, QUIET, OURS = "#1f2933", "#9aa5b1", "#c2410c"
BASELINE_RULES = ("#2563eb", "#0d9488", "#7c3aed", "#ca8a04", "#64748b", "#db2777", "#65a30d")
LEAST_ROWS_OF_A_LINE = 200  # under that a window's own calibration line is noise
STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "legend.frameon": False,
}


def gap_picture(curve: GapCurve, horizon_days: int, active_days: int) -> Figure:
    """How soon customers come back, with H and W marked."""

    def draw(axes: Any) -> None:
        most = min(max(4 * active_days, 90), int(curve.days.max(initial=90)))
        axes.step(curve.days, curve.returned_share, where="post", color=INK, linewidth=2)
        axes.set(xlim=(0, most), ylim=(0, 1), xlabel="days since an order day", ylabel="share followed by another")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        marks = {horizon_days: f"H: look {horizon_days} days ahead", active_days: f"W: active for {active_days} days"}
        if horizon_days == active_days:
            marks = {horizon_days: f"H = W = {horizon_days} days"}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        for height, (day, text) in zip((0.06, 0.14), marks.items(), strict=False):
            axes.axvline(day, color=OURS, linewidth=1.2, linestyle="--")
            axes.annotate(text, (day, height), xytext=(6, 0), textcoords="offset points", color=OURS, bbox=box)
        axes.set_title(f"How soon do customers come back? ({curve.gaps:,} gaps, {curve.open_gaps:,} still open)")

    return pictured(draw)


def calibration_picture(unseen: OutOfSample, outcome: ContestResult) -> Figure:
    """Forecast and observed rate of the served chance in ten equal-count bins of unseen windows."""
    chance, churned = unseen.churn[outcome.served], unseen.churned
    bins = np.array_split(np.argsort(chance, kind="stable"), min(metrics.BINS, len(chance)))
    forecast = np.array([chance[rows].mean() for rows in bins])
    observed = np.array([churned[rows].mean() for rows in bins])
    error = 1.96 * np.sqrt(observed * (1 - observed) / np.array([len(rows) for rows in bins]))

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle="--", label="perfect")
        bars = {"fmt": "o-", "color": OURS, "capsize": 3, "label": f"{outcome.served}: all windows, with 95 % bars"}
        axes.errorbar(forecast, observed, yerr=error, **bars)
        for colour, origin in zip(_shades(unseen), np.unique(unseen.rows.origin), strict=False):
            rows = unseen.rows.origin == origin
            if rows.sum() < LEAST_ROWS_OF_A_LINE:
                continue
            parts = np.array_split(np.flatnonzero(rows)[np.argsort(chance[rows], kind="stable")], 5)
            axes.plot(
                [chance[part].mean() for part in parts if len(part)],
                [churned[part].mean() for part in parts if len(part)],
                color=colour,
                linewidth=1,
                label=f"from {_day(origin)}",
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="chance of no order, as forecast", ylabel="share that did not order")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="upper left", fontsize=9)
        axes.set_title(f"Are the chances calibrated? ({len(chance):,} forecasts)")

    return pictured(draw, size=(8, 6.5))


def money_picture(unseen: OutOfSample, outcome: ContestResult) -> Figure:
    """Share of all shortfall found by calling the top of each ranking, mean over unseen windows."""
    values = {str(kind): unseen.value(kind, outcome.served) for kind in outcome.money}
    values |= {
        f"{name} × reference": unseen.churn[name] * unseen.reference for name in unseen.churn if name != outcome.served
    }
    served = str(outcome.shortfall)
    named = {served: values.pop(served), **values}
    shown = {name: name.replace("probability ×", f"{outcome.served} ×") for name in named}

    def draw(axes: Any) -> None:
        shares = np.linspace(0, 0.5, 101)
        best = _found(unseen, unseen.shortfall, shares)
        axes.plot(shares, best, color=QUIET, linestyle="--", label="the best possible")
        styles = [(OURS, 2.6), *((colour, 1.2) for colour in BASELINE_RULES)]
        for (name, value), (colour, width) in zip(named.items(), styles, strict=False):
            label = f"{shown[name]} (served)" if width > 2 else shown[name]
            axes.plot(shares, _found(unseen, value, shares), color=colour, linewidth=width, label=label, zorder=width)
        axes.set(xlim=(0, 0.5), ylim=(0, 1))
        axes.set(xlabel="share of active customers called", ylabel="share of the shortfall found")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="lower right", fontsize=9)
        axes.set_title("How much of the money at risk does the top of the list hold?")

    return pictured(draw)


def contest_picture(unseen: OutOfSample, outcome: ContestResult) -> Figure:
    """Brier score of every candidate at every contest origin."""
    origins = np.unique(unseen.rows.origin)

    def draw(axes: Any) -> None:
        for place, figures in enumerate(outcome.figures):
            off = (unseen.churn[figures.name] - unseen.churned) ** 2
            scores = [off[unseen.rows.origin == origin].mean() for origin in origins]
            is_served = figures.name == outcome.served
            axes.plot(
                range(len(origins)),
                scores,
                marker="o",
                linestyle=":" if figures.rank == "rule" else "-",
                color=OURS if is_served else BASELINE_RULES[place % len(BASELINE_RULES)],
                linewidth=2.6 if is_served else 1.3,
                label=f"{figures.name}{' (served)' if is_served else ''}: {figures.brier:.3f}",
            )
        axes.set_xticks(range(len(origins)), [_day(origin) for origin in origins], rotation=30, ha="right")
        axes.set(xlabel="forecast from", ylabel="Brier score (lower is better)")
        axes.legend(title="mean of all windows", loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
        axes.set_title("Who forecast the unseen windows best?")

    return pictured(draw, size=(9.5, 5))


def _found(unseen: OutOfSample, value: Floats, shares: Floats) -> Floats:
    curves = []
    for origin in np.unique(unseen.rows.origin):
        rows = np.flatnonzero(unseen.rows.origin == origin)
        shortfall = unseen.shortfall[rows]
        if shortfall.sum() <= 0:
            continue
        ranked = shortfall[order_of(value[rows], unseen.ids[rows].tolist())]
        share = np.concatenate([[0.0], np.cumsum(ranked) / ranked.sum()])
        curves.append(np.interp(shares * len(rows), np.arange(len(share)), share))
    return np.mean(curves, axis=0) if curves else np.zeros(len(shares))


def _shades(unseen: OutOfSample) -> list[str]:
    count = len(np.unique(unseen.rows.origin))
    return [mpl.colors.to_hex(mpl.colormaps["Blues"](0.35 + 0.5 * place / max(count, 1))) for place in range(count)]


def _day(micros: np.int64) -> str:
    return f"{datetime.fromtimestamp(int(micros) / 1e6, UTC):%Y-%m-%d}"


def pictured(draw: Callable[[Any], None], size: tuple[float, float] = (8.5, 5)) -> Figure:
    """What ``draw`` draws on its axes, in the style of all our pictures; size in inches."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
        draw(figure.add_subplot())
    return figure


def saved(figure: Figure, path: Path) -> Path:
    """The picture now lies at ``path``, as PNG, the same bytes for the same picture."""
    with mpl.rc_context(STYLE):
        figure.savefig(path, dpi=130, metadata={"Software": "callfirst"})
    return path
