"""Here you find customers that are branches of themselves, over one parent or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SHOWN = 5  # circles; the rest is counted


def parent_loops(parent_of: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Every circle of parents once, each from its smallest id on, in the order of these.

    Such customers count as one account group, named by that id.
    """
    found: set[tuple[str, ...]] = set()
    settled: set[str] = set()
    for customer in parent_of:
        path: dict[str, int] = {}
        at: str | None = customer
        while at is not None and at not in path and at not in settled:
            path[at] = len(path)
            at = parent_of.get(at)
        if at is not None and at in path:
            circle = list(path)[path[at] :]
            begin = circle.index(min(circle))
            found.add(tuple(circle[begin:] + circle[:begin]))
        settled |= path.keys()
    return tuple(sorted(found))


def loops_said(loops: Sequence[tuple[str, ...]]) -> str:
    """Which parents run in a circle, in plain words; empty where none do."""
    if not loops:
        return ""
    first = "; ".join(" → ".join((*loop, loop[0])) for loop in loops[:SHOWN])
    more = f" and {len(loops) - SHOWN} more" if len(loops) > SHOWN else ""
    return f"Parents that run in a circle: {first}{more}. Each circle counts as one group: correct parent_id."
