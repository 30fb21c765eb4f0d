"""Progress of long steps: the callback that receives it, and a bar on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich.progress
from rich.console import Console

Progress = Callable[[str, float], None]
"""Called with the name of the step and the share of the work that is done (0 to 1)."""


def no_progress(step: str, share: float) -> None:
    """Ignores progress."""


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """Shows the step at hand where stderr is a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TimeElapsedColumn(),
    )
    with rich.progress.Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, share: bar.update(task, description=step, completed=share)
