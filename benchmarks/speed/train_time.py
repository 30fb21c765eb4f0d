"""How long `train` takes with its defaults on a made-up ledger, step by step.

Example: python -m benchmarks.speed.train_time 1000000

Ingests an export of so many lines, then trains as the command does; fails where that takes over three minutes. Seconds
by step, of the clock and of the processor (all threads), and the most memory, which the ingest before may have taken.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.speed.big_ledger import write_big_ledger
from features import clock
from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.policy import Policy
from training.pipeline import train

MOST_SECONDS = 180
SEED = 7
POLICY = Policy()
_DAY = re.compile(r"^\d{4}-\d\d-\d\d ")


@dataclass
class StepTimes:
    """Seconds by step; the same step at every origin is one."""

    step: str = ""
    began: tuple[float, float] = (0.0, 0.0)
    wall: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)

    def told(self, step: str, _share: float) -> None:
        """A step begins, and the one before it ends."""
        now = (time.perf_counter(), time.process_time())
        if self.step:
            self.wall[self.step] = self.wall.get(self.step, 0.0) + now[0] - self.began[0]
            self.processor[self.step] = self.processor.get(self.step, 0.0) + now[1] - self.began[1]
        self.step, self.began = _DAY.sub("", step), now


def main() -> None:
    """Print the seconds of every step and of all."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("lines", type=int)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home, export = Home(Path(place) / "home"), Path(place) / "export.parquet"
        write_big_ledger(given.lines, export, seed=SEED)
        ingest(IngestRequest("orders", InputFiles([export]), home=home, policy=POLICY, currency="EUR", now=clock.now()))
        watch = StepTimes()
        verdict = train(home, POLICY, progress=watch.told)
    print(machine()["machine"])
    for step, seconds in watch.wall.items():
        print(f"{step:<60}{seconds:7.1f} s{watch.processor[step]:8.1f} s of the processor")
    seconds, memory = sum(watch.wall.values()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"train on {given.lines:,} lines: {seconds:.0f} s, {sum(watch.processor.values()):.0f} s of the processor, "
        f"at most {memory:.1f} GiB"
    )
    print(verdict.sentence)
    if seconds > MOST_SECONDS:
        sys.exit(f"{seconds:.0f} s, more than {MOST_SECONDS}")


if __name__ == "__main__":
    main()
