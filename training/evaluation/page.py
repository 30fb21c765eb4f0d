"""An evaluation as a page of Markdown: the table with our row, intervals, calibration, each cutoff."""

from __future__ import annotations

import math

from training.evaluation.baselines import BASELINES
from training.evaluation.results import OURS, AtCutoff, Evaluation
from training.metrics.bootstrap import Interval
from training.metrics.calibration import coverage
from training.metrics.resampled import Figure
from training.metrics.segments import segments_table


def page(found: Evaluation, title: str) -> str:
    """The whole page; figures that cannot be told are dashes."""
    parts = [
        f"# {title}",
        f"{found.horizon_days} days ahead, active within {found.active_days} days. {found.sentence}",
        *found.remarks,
        means_table(found),
        "## Against the best rival in each figure",
        judgements_table(found),
        "## Cutoff by cutoff",
        cutoffs_table(found),
        "## Did the chances mean what they said?",
        calibration_table(found),
        levels_table(found),
        *([segments_table(found.segments)] if found.segments else []),
    ]
    return "\n\n".join(parts) + "\n"


def means_table(found: Evaluation) -> str:
    """Means over cutoffs: us, then every rival with the 95 % interval of our difference to it."""
    head = "| | " + " | ".join(f"{figure} | ours is better by (95 %)" for figure in Figure) + " |"
    lines = [head, "|---" * (1 + 2 * len(Figure)) + "|"]
    intervals = {(each.figure, each.rival): each.interval() for each in found.differences}
    for name in (OURS, *(rival.name for rival in BASELINES)):
        cells = []
        for figure in Figure:
            cells.append(told(found.means[figure].get(name, math.nan)))
            cells.append(_interval(intervals.get((figure, name))))
        lines.append(f"| {f'**{name}**' if name == OURS else name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def judgements_table(found: Evaluation) -> str:
    """Our difference to the rival of the best mean, its interval alone and jointly with the other figures (Holm)."""
    lines = ["| figure | best rival | ours is better by (95 %) | jointly (Holm) | |", "|---|---|---|---|---|"]
    for each in found.judgements:
        alone, verdict = each.difference.interval(), "worse for sure" if each.is_worse else "not worse for sure"
        lines.append(
            f"| {each.difference.figure} | {each.difference.rival} | {_interval(alone)} | {_bounds(each.joint)} "
            f"| {verdict} |"
        )
    return "\n".join(lines)


def cutoffs_table(found: Evaluation) -> str:
    """At each cutoff: who was served, our figures, and the best rival's."""
    lines = ["| cutoff | judged | served | " + " | ".join(f"{figure}: ours / best rival" for figure in Figure) + " |"]
    lines.append("|---" * (3 + len(Figure)) + "|")
    for part in found.cutoffs:
        cells = [f"{told(part.figure(figure, OURS))} / {_best_rival(part, figure)}" for figure in Figure]
        lines.append(f"| {part.cutoff.day} | {len(part):,} | {part.served} | {' | '.join(cells)} |")
    return "\n".join(lines)


def calibration_table(found: Evaluation) -> str:
    """Mean forecast and observed rate, calibration error and a perfect forecast's, across season changes or not."""
    lines = [
        "| cutoff | predicted | observed | kept | calibration error / perfect | kept | last window's rate | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in found.cutoffs:
        if part.calibration is None:
            lines.append(f"| {part.cutoff.day} | no chances: {part.sentence} | | | | | | |")
            continue
        each = part.calibration
        lines.append(
            f"| {part.cutoff.day} | {told(each.predicted)} | {told(each.observed)} | {_yes(each.mean_kept)} "
            f"| {told(each.error)} / {told(each.perfect_error)} | {_yes(each.error_kept)} | {told(each.last_rate)} "
            f"| {'across a season change' if each.is_across_season_change else ''} |"
        )
    held = "No tenth of a cutoff holds 50 customers, so nothing can be said of intervals."
    if found.cells:
        share = f"{coverage(found.cells):.0%} of {len(found.cells)}"
        held = f"Intervals: {share} tenths of 50 customers and more held the rate that came (wanted: 85 to 95 %)."
    return "\n".join([*lines, "", held])


def levels_table(found: Evaluation) -> str:
    """Mean chance less the rate that came, by cutoff, for us and every rival that tells a chance."""
    names = list(dict.fromkeys(name for part in found.cutoffs for name in part.chance))
    names.sort(key=lambda name: name != OURS)
    gaps = [
        {name: float(chance.mean() - part.churned.mean()) for name, chance in part.chance.items()}
        for part in found.cutoffs
    ]
    lines = ["How many more were expected to stop than did, as a share of all; last, the mean without signs:", ""]
    lines += [f"| cutoff | came | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for part, gap in zip(found.cutoffs, gaps, strict=True):
        cells = (f"{gap[name]:+.3f}" if name in gap else "–" for name in names)
        lines.append(f"| {part.cutoff.day} | {told(float(part.churned.mean()))} | {' | '.join(cells)} |")
    sizes = ([abs(gap[name]) for gap in gaps if name in gap] for name in names)
    lines.append(f"| | | {' | '.join(told(sum(each) / len(each)) for each in sizes)} |")
    return "\n".join(lines)


def told(figure: float) -> str:
    """A figure to three places; a dash where it cannot be told."""
    return "–" if math.isnan(figure) else f"{figure:.3f}"


def _best_rival(part: AtCutoff, figure: Figure) -> str:
    found = {rival.name: part.figure(figure, rival.name) for rival in BASELINES}
    known = {name: each for name, each in found.items() if not math.isnan(each)}
    if not known:
        return "–"
    best = max(known, key=lambda name: figure.sign * known[name])
    return f"{told(known[best])} ({best})"


def _interval(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.estimate:+.3f} {_bounds(interval)}"


def _bounds(interval: Interval) -> str:
    return f"({interval.low:+.3f} … {interval.high:+.3f})"


def _yes(kept: bool) -> str:
    return "yes" if kept else "**no**"
