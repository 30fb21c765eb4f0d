"""RESULTS.md: what was measured, against what had to be reached, and by which command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.contest import Answer, kept_results

PAGE = Path(__file__).parent / "RESULTS.md"
OURS, OURS_WHOLE, DOOR = "callfirst, the rivals' features", "callfirst, whole catalogue", "callfirst snapshot --ledger"
REFRESHED = {1: "one customer", 1000: "1,000 customers"}
REFRESH_BOUNDS = {"one customer": 60, "1,000 customers": 400}  # milliseconds
GB = 10**9

Part = dict[str, Any]  # settings, commit, machine, rounds

_HEAD = """# Results

Made by `make bench`; each part by the command above its table. Contestants take turns, each in a process of its own,
with the same cores. A figure is the median of the rounds (lowest to highest). All start from the same prepared Parquet
files: sorted by customer and instant, corrections resolved to when a row was seen, 2 % of the lines known late and 1 %
corrected, 1 to 30 days after. **Whole**: from these files to the features of every customer in memory. **Without
loading**: the rivals after their rows lie in memory; we have no such step. Starting Python and importing do not count.
A rival's row is only shown if sums of every feature, plain and weighted by customer, equal ours. The ratios are
medians over rounds of the rival's seconds by ours for the same features.
"""


def write_page() -> None:
    """RESULTS.md says what was measured."""
    PAGE.write_text(page(kept_results()), encoding="utf-8")


def page(kept: dict[str, Part]) -> str:
    """The page of all parts measured so far."""
    kept = {name: part | {"rounds": done} for name, part in kept.items() if (done := _whole_rounds(part))}
    sections = [_HEAD, _reached(kept)]
    if "one" in kept:
        sections.append(_contest("One date", "one", kept["one"]))
    if "twelve" in kept:
        sections.append(_contest("Twelve dates", "twelve", kept["twelve"]))
    sizes = sorted((part for name, part in kept.items() if name.startswith("growth ")), key=_lines)
    if sizes:
        sections.append(_growth(sizes))
    refreshed = sorted((part for name, part in kept.items() if name.startswith("refresh ")), key=_lines)
    if refreshed:
        sections.append(_refresh(refreshed))
    return "\n".join(sections)


def _whole_rounds(part: Part) -> list[dict[str, Answer]]:
    """Those in which every contestant had its turn; a run broken off may leave one that is not."""
    everybody = part["contestants"]
    return [answers for answers in part["rounds"] if list(answers) == everybody]


def _reached(kept: dict[str, Part]) -> str:
    return "\n".join(["## Must reach", "", "| what | bound | reached |", "|---|---|---|", *_lines_reached(kept), ""])


def _lines_reached(kept: dict[str, Part]) -> Iterator[str]:
    if "twelve" in kept:
        part = kept["twelve"]
        what = f"12 dates, {_lines(part):,} lines:"
        yield f"| {what} faster than the naive DuckDB loop | ≥ 2.5 × | {_times(part, 'DuckDB SQL')} |"
        yield f"| {what} faster than the pandas loop | ≥ 8 × | {_times(part, 'pandas')} |"
        yield f"| {what} whole catalogue by the rivals' features | ≤ 5 × | {_times(part, OURS_WHOLE)} |"
    sizes = sorted((part for name, part in kept.items() if name.startswith("growth ")), key=_lines)
    for before, after in pairwise(sizes):
        for name in (OURS_WHOLE, DOOR):
            if name in after["contestants"]:
                grown = _per_row(after, name) / _per_row(before, name)
                what = f"time per row, {_lines(before):,} to {_lines(after):,} lines, {name}"
                yield f"| {what} | ≤ 1.2 × | {grown:.2f} × |"
    for part in sizes:
        yield f"| peak memory of `{DOOR}`, {_lines(part):,} lines | ≤ 4 GB | {_peak(part, DOOR)} |"
    for part in sorted((part for name, part in kept.items() if name.startswith("refresh ")), key=_lines):
        for name, bound in REFRESH_BOUNDS.items():
            took = _milliseconds(part, name, "whole_seconds")
            yield f"| refresh of {name} of {_lines(part):,} lines, whole catalogue, p50 | ≤ {bound} ms | {took} ms |"


def _contest(title: str, command: str, part: Part) -> str:
    names = list(part["rounds"][0])
    rows = [
        f"| {name} | {_seconds(part, name, 'whole_seconds')} | {_seconds(part, name, 'compute_seconds')} "
        f"| {_seconds(part, name, 'processor_seconds')} | {_peak(part, name)} | {_times(part, name)} "
        f"| {_times(part, name, 'compute_seconds')} |"
        for name in names
    ]
    head = "| | whole, s | without loading, s | processor, s | peak | ours faster | without loading |"
    return _section(
        f"{title}, {_lines(part):,} lines", f"{command} --lines {_lines(part)}", part, [head, _rule(7), *rows]
    )


def _growth(sizes: Sequence[Part]) -> str:
    rows = [
        f"| {name} | {_lines(part):,} | {len(part['rounds'])} | {_seconds(part, name, 'whole_seconds')} "
        f"| {_per_row(part, name) * 1e6:.2f} | {_peak(part, name)} |"
        for name in (OURS, OURS_WHOLE, DOOR)
        for part in sizes
        if name in part["contestants"]
    ]
    head = "| | lines | rounds | seconds | µs a line | peak |"
    command = f"growth --lines {_lines(sizes[0]) * 10}"
    return _section("Growth, twelve dates", command, sizes[0], [head, _rule(6), *rows])


def _refresh(sizes: Sequence[Part]) -> str:
    rows = [
        f"| {name} | {_lines(part):,} | {_milliseconds(part, name, 'whole_seconds')} "
        f"| {_milliseconds(part, name, 'processor_seconds')} |"
        for name in REFRESHED.values()
        for part in sizes
    ]
    head = "| refreshed | lines | p50, ms | processor, ms |"
    return _section("Refresh", f"refresh --lines {_lines(sizes[-1])}", sizes[-1], [head, _rule(4), *rows])


def _section(title: str, command: str, part: Part, table: Sequence[str]) -> str:
    ran = part["machine"]
    about = (
        f"`python -m benchmarks.speed {command} --repeats {len(part['rounds'])}` at {part['commit']}. "
        f"{ran['machine']}, {_loads(part)}. Ours: {ran['ours']}. Rivals: {ran['rivals']}."
    )
    return "\n".join([f"## {title}", "", about, "", *table, ""])


def _loads(part: Part) -> str:
    """How busy the machine was: above the number of its cores, times are longer than they would be alone."""
    loads = [answer["load"] for answers in part["rounds"] for answer in answers.values()]
    return f"load {min(loads):.1f} to {max(loads):.1f} at the end of a turn"


def _values(part: Part, value: Callable[[dict[str, Answer]], float]) -> list[float]:
    return [value(answers) for answers in part["rounds"]]


def _seconds(part: Part, name: str, what: str) -> str:
    return _spread(_values(part, lambda answers: answers[name][what]))


def _milliseconds(part: Part, name: str, what: str) -> str:
    return _spread(_values(part, lambda answers: answers[name][what] * 1e3))


def _times(part: Part, name: str, what: str = "whole_seconds") -> str:
    return _spread(_values(part, lambda answers: answers[name][what] / answers[OURS]["whole_seconds"]))


def _per_row(part: Part, name: str) -> float:
    return median(_values(part, lambda answers: answers[name]["whole_seconds"])) / _lines(part)


def _peak(part: Part, name: str) -> str:
    return f"{max(_values(part, lambda answers: answers[name]['peak_bytes'])) / GB:.2f} GB"


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _lines(part: Part) -> int:
    return int(part["settings"]["lines"])


def _rule(columns: int) -> str:
    return "|---" * columns + "|"
