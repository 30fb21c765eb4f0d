"""Our features against named rivals, part by part; `make bench` runs them all and writes RESULTS.md.

Example: python -m benchmarks.speed twelve --lines 1000000 --repeats 5

Parts: one (date), twelve (dates), growth (a tenth of the lines and the lines, also from the raw file through `callfirst
snapshot --ledger`; ten times the lines once, and only so: a snapshot of them fits in no memory), refresh (a few
customers), page (write RESULTS.md of what was measured), all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from benchmarks.speed.contest import ROOT, Answer, Contestant, asked, held, watched
from benchmarks.speed.prepared import WORK, BigLedger
from benchmarks.speed.results_page import DOOR, OURS, OURS_WHOLE, REFRESHED, write_page
from benchmarks.speed.rival_catalogue import ONE_DATE, TWELVE_DATES

LOOPS = {
    "DuckDB SQL": "duckdb_sql",
    "polars": "polars_frames",
    "pandas": "pandas_frames",
    "pandas by an expert": "pandas_sorted",
}
SUMMARIES = {"lifetimes": "lifetimes_summary", "pymc-marketing": "pymc_summary"}
RIVAL_PYTHON = "benchmarks/.rivals/bin/python"
MEMORY = "4GB"


def one(lines: int, repeats: int) -> None:
    """One date, against everybody; lifetimes and pymc-marketing make three of the features."""
    _against_rivals("one", lines, ONE_DATE, LOOPS | SUMMARIES, repeats)


def twelve(lines: int, repeats: int) -> None:
    """Twelve dates, against loops over them."""
    _against_rivals("twelve", lines, TWELVE_DATES, LOOPS, repeats)


def growth(lines: int, repeats: int) -> None:
    """Twelve dates at two sizes, and at a third one too from the raw file through the command line."""
    for size in (lines // 10, lines):
        _prepared(size)
        _held_at(size, [*_ours(size, TWELVE_DATES), _door(size)], repeats)
    largest = BigLedger(lines * 10)
    if not largest.raw_path.exists():
        command = [sys.executable, "-m", "benchmarks.speed.big_ledger", str(largest.lines), str(largest.folder)]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603
    _held_at(largest.lines, [_door(largest.lines)], 1)


def refresh(lines: int, repeats: int) -> None:
    """One customer and 1,000, whole catalogue, in a process that stays up, at two sizes of ledger."""
    for size in (lines // 10, lines):
        _prepared(size)
        command = [sys.executable, "-m", "benchmarks.speed.refresh", str(size)]
        runs = [
            Contestant(name, name, partial(asked, [*command, str(customers)])) for customers, name in REFRESHED.items()
        ]
        held(f"refresh {size}", {"lines": size}, runs, repeats)


PARTS: dict[str, Callable[[int, int], None]] = {
    "one": one,
    "twelve": twelve,
    "growth": growth,
    "refresh": refresh,
}


def _against_rivals(part: str, lines: int, dates: Sequence[date], rivals: Mapping[str, str], repeats: int) -> None:
    folder = str(_prepared(lines).rivals)
    theirs = [
        Contestant(
            name,
            "features",
            partial(asked, [RIVAL_PYTHON, "-m", f"benchmarks.speed.rivals.{script}", folder, _told(dates)]),
        )
        for name, script in rivals.items()
    ]
    held(part, {"lines": lines, "dates": len(dates)}, [*_ours(lines, dates), *theirs], repeats)


def _prepared(lines: int) -> BigLedger:
    """A ledger made in a process of its own: the peak of whoever is started later begins at this one's size."""
    subprocess.run([sys.executable, "-m", "benchmarks.speed.prepared", str(lines)], check=True, cwd=ROOT)  # noqa: S603
    return BigLedger(lines)


def _ours(lines: int, dates: Sequence[date]) -> list[Contestant]:
    command = [sys.executable, "-m", "benchmarks.speed.ours"]
    return [
        Contestant(name, "features", partial(asked, [*command, catalogue, str(lines), _told(dates)]))
        for name, catalogue in {OURS: "rivals", OURS_WHOLE: "whole"}.items()
    ]


def _through_the_door(lines: int) -> Answer:
    """From the export to a Parquet file of the whole catalogue, by the command a user types."""
    out = WORK / "features.parquet"
    options = [
        "--ledger",
        str(BigLedger(lines).raw()),
        "--as-of",
        _told(TWELVE_DATES),
        "--memory",
        MEMORY,
        "--out",
        str(out),
    ]
    answer = watched([sys.executable, "-m", "callfirst", "--home", str(WORK), "snapshot", *options, "--json"])
    out.unlink()
    return answer


def _held_at(size: int, runs: Sequence[Contestant], repeats: int) -> None:
    held(f"growth {size}", {"lines": size, "dates": len(TWELVE_DATES)}, runs, repeats)


def _door(lines: int) -> Contestant:
    return Contestant(DOOR, "door", partial(_through_the_door, lines))


def _told(dates: Sequence[date]) -> str:
    return ",".join(str(day) for day in dates)


def main() -> None:
    """Run one part, or all, and write the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("part", choices=[*PARTS, "page", "all"])
    ask.add_argument("--lines", type=int, default=10_000_000)
    ask.add_argument("--repeats", type=int, default=5)
    given = ask.parse_args()
    for name, part in PARTS.items():
        if given.part in (name, "all"):
            part(given.lines, given.repeats)
    write_page()


if __name__ == "__main__":
    main()
