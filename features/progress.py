"""The bar that shows on a terminal how far a long step is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

STEPS = 1000
CountedProgress = Callable[[str, int, int], None]


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[CountedProgress]:
    """Shows the step at hand on a terminal; nothing elsewhere. Told a step, how much is done, and of how much."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total or None)


@contextmanager
def share_bar(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """The same bar, told a step and the share of the work that is behind."""
    with progress_bar(quiet=quiet) as told:
        yield lambda step, share: told(step, int(share * STEPS), STEPS)
