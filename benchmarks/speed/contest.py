"""One part of the benchmarks run and kept: contestants in turn, round by round, resumable.

A part is kept under its name and settings in ``.work/results.json``, with the commit it was measured at. Another
commit or other settings begin it anew; a broken-off run goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, machine
from benchmarks.speed.prepared import WORK
from features.atomic_write import atomic_write

ROOT = Path(__file__).parents[2]
KEPT = WORK / "results.json"
MOST_APART = 1e-9  # relative, of sums of doubles added in another order

Answer = dict[str, Any]  # what a contestant printed, benchmarks.speed.rivals.answer.Answer


@dataclass(frozen=True)
class Contestant:
    """Who runs, and how.

    Attributes:
        group: those of one group must agree in their features.
        run: gives its answer.
    """

    name: str
    group: str
    run: Callable[[], Answer]


class ContestError(SystemExit):
    """A contestant failed, or its features are not ours: no figure of this run can be used."""


def held(name: str, settings: Mapping[str, Any], contestants: Sequence[Contestant], repeats: int) -> None:
    """So many rounds of the part stand in the results, every contestant once in each."""
    kept = kept_results()
    part = kept.get(name)
    if part is None or (part["settings"], part["commit"]) != (dict(settings), commit()):
        part = {"settings": dict(settings), "commit": commit(), "machine": machine(), "rounds": []}
    kept[name] = part | {"contestants": [contestant.name for contestant in contestants]}
    for number in range(repeats):
        if number == len(part["rounds"]):
            part["rounds"].append({})
        answers: dict[str, Answer] = part["rounds"][number]
        for contestant in contestants:
            if contestant.name in answers:
                continue
            _say(f"{name}, round {number + 1} of {repeats}: {contestant.name} …")
            answers[contestant.name] = _checked(contestant, contestants, answers) | {"load": os.getloadavg()[0]}
            _say(f" {answers[contestant.name]['whole_seconds']:.2f} s\n")
            with atomic_write(KEPT) as unfinished:
                unfinished.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def kept_results() -> dict[str, Any]:
    """All parts measured so far."""
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return found


def asked(command: Sequence[str]) -> Answer:
    """The answer a contestant printed last.

    Raises:
        ContestError: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603
    if done.returncode:
        raise ContestError(f"\n{' '.join(command)} failed:\n{done.stderr}")
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer


def watched(command: Sequence[str]) -> Answer:
    """Seconds and peak memory of a whole command, as GNU time tells them, and the JSON object it printed.

    Raises:
        ContestError: it failed.
    """
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603
    assert child.stdout is not None
    printed = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise ContestError(f"\n{' '.join(command)} ended with {child.returncode}")
    return {
        "whole_seconds": seconds,
        "compute_seconds": seconds,
        "processor_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "rows": json.loads(printed)["rows"],
        "checks": {},
    }


def _checked(contestant: Contestant, contestants: Sequence[Contestant], answers: Mapping[str, Answer]) -> Answer:
    answer = contestant.run()
    for other in contestants:
        if other.group == contestant.group and other.name in answers:
            wrong = disagreements(answers[other.name], answer)
            if wrong:
                raise ContestError(f"\n{contestant.name} and {other.name} disagree on {', '.join(wrong)}")
    return answer


def disagreements(one: Answer, other: Answer) -> list[str]:
    """The features both made that differ."""
    common = one["checks"].keys() & other["checks"].keys()
    return sorted(name for name in common if not _alike(one["checks"][name], other["checks"][name]))


def _alike(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(one[name] - other[name]) <= MOST_APART * max(1.0, abs(one[name])) for name in one)


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
