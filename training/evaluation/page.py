"""An evaluation as a Markdown page: means with intervals, calibration, each cutoff."""

from __future__ import annotations

import math

from training.evaluation.baselines import BASELINES
from training.evaluation.results import OURS, AtCutoff, Evaluation
from training.metrics.bootstrap import Interval
from training.metrics.calibration import coverage
from training.metrics.resampled import Figure
from training.metrics.segments import segments_table


def page(evaluation: Evaluation, title: str) -> str:
    """The whole page; undefined figures are dashes."""
    parts = [
        f"# {title}",
        f"{evaluation.horizon_days} days ahead, active within {evaluation.active_days} days. {evaluation.sentence}",
        *evaluation.remarks,
        means_table(evaluation),
        "## Against the best rival in each figure",
        judgements_table(evaluation),
        "## Cutoff by cutoff",
        cutoffs_table(evaluation),
        "## Are the chances calibrated?",
        calibration_table(evaluation),
        levels_table(evaluation),
        *([segments_table(evaluation.segments)] if evaluation.segments else []),
    ]
    return "\n\n".join(parts) + "\n"


def means_table(evaluation: Evaluation) -> str:
    """Means over cutoffs: ours, then every baseline's with the 95 % interval of our difference to it."""
    head = "| | " + " | ".join(f"{figure} | ours is better by (95 %)" for figure in Figure) + " |"
    lines = [head, "|---" * (1 + 2 * len(Figure)) + "|"]
    intervals = {(difference.figure, difference.rival): difference.interval() for difference in evaluation.differences}
    for name in (OURS, *(baseline.name for baseline in BASELINES)):
        cells = []
        for figure in Figure:
            cells.append(shown(evaluation.means[figure].get(name, math.nan)))
            cells.append(_interval(intervals.get((figure, name))))
        lines.append(f"| {f'**{name}**' if name == OURS else name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def judgements_table(evaluation: Evaluation) -> str:
    """Our difference to the baseline with the best mean, its interval alone and jointly with other figures (Holm)."""
    lines = ["| figure | best rival | ours is better by (95 %) | jointly (Holm) | |", "|---|---|---|---|---|"]
    for judgement in evaluation.judgements:
        interval, verdict = (
            judgement.difference.interval(),
            "worse for sure" if judgement.is_worse else "not worse for sure",
        )
        lines.append(
            f"| {judgement.difference.figure} | {judgement.difference.rival} | {_interval(interval)} "
            f"| {_bounds(judgement.joint)} "
            f"| {verdict} |"
        )
    return "\n".join(lines)


def cutoffs_table(evaluation: Evaluation) -> str:
    """At each cutoff: the served model or rule, our figures, and the best baseline's."""
    lines = ["| cutoff | judged | served | " + " | ".join(f"{figure}: ours / best rival" for figure in Figure) + " |"]
    lines.append("|---" * (3 + len(Figure)) + "|")
    for part in evaluation.cutoffs:
        cells = [f"{shown(part.figure(figure, OURS))} / {_best_baseline(part, figure)}" for figure in Figure]
        lines.append(f"| {part.cutoff.day} | {len(part):,} | {part.served} | {' | '.join(cells)} |")
    return "\n".join(lines)


def calibration_table(evaluation: Evaluation) -> str:
    """Mean forecast, observed rate, calibration error and a perfect forecast's, with season changes marked."""
    lines = [
        "| cutoff | predicted | observed | kept | calibration error / perfect | kept | last window's rate | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in evaluation.cutoffs:
        if part.calibration is None:
            lines.append(f"| {part.cutoff.day} | no chances: {part.sentence} | | | | | | |")
            continue
        calibration = part.calibration
        lines.append(
            f"| {part.cutoff.day} | {shown(calibration.predicted)} | {shown(calibration.observed)} "
            f"| {_yes(calibration.mean_kept)} "
            f"| {shown(calibration.error)} / {shown(calibration.perfect_error)} "
            f"| {_yes(calibration.error_kept)} | {shown(calibration.last_rate)} "
            f"| {'across a season change' if calibration.is_across_season_change else ''} |"
        )
    coverage_sentence = "No tenth of a cutoff holds 50 customers, so nothing can be said about intervals."
    if evaluation.cells:
        share = f"{coverage(evaluation.cells):.0%} of {len(evaluation.cells)}"
        coverage_sentence = (
            f"Intervals: {share} tenths with at least 50 customers contain the observed rate (wanted: 85 to 95 %)."
        )
    return "\n".join([*lines, "", coverage_sentence])


def levels_table(evaluation: Evaluation) -> str:
    """Mean chance less observed rate, by cutoff, for us and every baseline with chances."""
    names = list(dict.fromkeys(name for part in evaluation.cutoffs for name in part.chance))
    names.sort(key=lambda name: name != OURS)
    gaps = [
        {name: float(chance.mean() - part.churned.mean()) for name, chance in part.chance.items()}
        for part in evaluation.cutoffs
    ]
    lines = ["Expected less observed share of customers that stop; in the last row the mean without signs:", ""]
    lines += [f"| cutoff | came | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for part, gap in zip(evaluation.cutoffs, gaps, strict=True):
        cells = (f"{gap[name]:+.3f}" if name in gap else "–" for name in names)
        lines.append(f"| {part.cutoff.day} | {shown(float(part.churned.mean()))} | {' | '.join(cells)} |")
    sizes = ([abs(gap[name]) for gap in gaps if name in gap] for name in names)
    lines.append(f"| | | {' | '.join(shown(sum(size) / len(size)) for size in sizes)} |")
    return "\n".join(lines)


def shown(figure: float) -> str:
    """A figure to three decimal places; a dash where it is undefined."""
    return "–" if math.isnan(figure) else f"{figure:.3f}"


def _best_baseline(part: AtCutoff, figure: Figure) -> str:
    figures = {baseline.name: part.figure(figure, baseline.name) for baseline in BASELINES}
    defined = {name: value for name, value in figures.items() if not math.isnan(value)}
    if not defined:
        return "–"
    best = max(defined, key=lambda name: figure.sign * defined[name])
    return f"{shown(defined[best])} ({best})"


def _interval(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.estimate:+.3f} {_bounds(interval)}"


def _bounds(interval: Interval) -> str:
    return f"({interval.low:+.3f} … {interval.high:+.3f})"


def _yes(is_kept: bool) -> str:
    return "yes" if is_kept else "**no**"
