"""What a benchmark ran on: processors, memory, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

LOCK = Path(__file__).parent / "rivals.lock"
OURS = ("duckdb", "numpy", "pandas", "pyarrow", "lightgbm")
RIVALS = ("duckdb", "polars", "pandas", "lifetimes", "pymc-marketing")


def machine() -> dict[str, str]:
    """Cores this process may use, the processor's name, memory, and versions."""
    cores = f"{len(os.sched_getaffinity(0))} cores"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{cores}, {_processor()}, {memory:.0f} GiB, Python {platform.python_version()}",
        "ours": ", ".join(f"{name} {version(name)}" for name in OURS),
        "rivals": ", ".join(f"{name} {pinned()[name]}" for name in RIVALS),
    }


def pinned() -> dict[str, str]:
    """The version of each package in the rivals' environment."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))


def commit() -> str:
    """The commit checked out, short; with a plus where files differ from it, the page of results aside."""
    changed = _git(
        "status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)benchmarks/speed/RESULTS.md"
    )
    return _git("rev-parse", "--short=9", "HEAD") + ("+" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True, cwd=LOCK.parent)  # noqa: S603, S607
    return done.stdout.strip()


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return found[1] if found else platform.machine()
