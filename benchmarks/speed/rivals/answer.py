"""What a contestant is asked and answers: seconds, peak memory, and sums that tell whether all agree."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WINDOWS = (30, 90, 180, 365)
KEY_COLUMNS = ("customer_id", "as_of")
WEIGHTS = 997  # a customer's number modulo this prime weighs its value, so that swapped customers show


@dataclass(frozen=True)
class SumCheck:
    """One feature's values, summed up over all customers and dates.

    Attributes:
        known: how many are no null.
        total: their sum.
        weighted: their sum, each times a weight of its customer.
    """

    known: int
    total: float
    weighted: float


@dataclass(frozen=True)
class RivalAnswer:
    """What a contestant did.

    Attributes:
        whole_seconds: from the files to the features in memory; starting Python and importing are outside.
        compute_seconds: the same without loading and laying out the rows, where that is a step of its own.
        processor_seconds: of all threads, in the same span as whole_seconds; other work on the machine does not add.
        peak_bytes: most memory the process ever held resident, as the operating system counts it.
        rows: customers times dates.
        checks: of each feature.
    """

    whole_seconds: float
    compute_seconds: float
    processor_seconds: float
    peak_bytes: int
    rows: int
    checks: dict[str, SumCheck]


Loaded = TypeVar("Loaded")
Features = TypeVar("Features")


def answer(
    load: Callable[[str], Loaded],
    features_at: Callable[[Loaded, date], Features],
    as_table: Callable[[Features], pa.Table],
) -> None:
    """Print the answer of a rival that goes from date to date; the command line names its files and the dates.

    ``as_table`` makes its result comparable, outside the time taken: customer_id and features under our names.
    """
    asked = argparse.ArgumentParser()
    asked.add_argument("folder")
    asked.add_argument("as_ofs")
    given = asked.parse_args()
    started = Started.now()
    loaded = load(given.folder)
    laid_out = time.perf_counter()
    told(started, laid_out, [features_at(loaded, date.fromisoformat(day)) for day in given.as_ofs.split(",")], as_table)


@dataclass(frozen=True)
class Started:
    """When a contestant began, by the wall and by the processor."""

    wall: float
    processor: float

    @classmethod
    def now(cls) -> Started:
        """The present moment."""
        return cls(time.perf_counter(), time.process_time())


def told(started: Started, laid_out: float, made: Sequence[Features], as_table: Callable[[Features], pa.Table]) -> None:
    """Print an answer; the sums are made after time and peak were read."""
    ended, processor = time.perf_counter(), time.process_time() - started.processor
    peak = _peak_bytes()
    rows, checks = 0, dict[str, SumCheck]()
    for features in made:
        table = as_table(features)
        rows += table.num_rows
        checks = _added(checks, checks_of(table))
    print(json.dumps(asdict(RivalAnswer(ended - started.wall, ended - laid_out, processor, peak, rows, checks))))


def _peak_bytes() -> int:
    """Most memory this program ever held; what rusage tells may be the larger parent's it was started from."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def checks_of(table: pa.Table) -> dict[str, SumCheck]:
    """The sums of every feature in a table."""
    ids = table.column("customer_id").cast(pa.string())
    weights = 1 + pc.utf8_slice_codeunits(ids, 1).cast(pa.int64()).to_numpy() % WEIGHTS
    checks = {}
    for name in table.column_names:
        if name not in KEY_COLUMNS:
            values = table.column(name).cast(pa.float64()).to_numpy()
            known = ~np.isnan(values)
            checks[name] = SumCheck(
                int(known.sum()), float(values[known].sum()), float((values[known] * weights[known]).sum())
            )
    return checks


def _added(first: dict[str, SumCheck], second: dict[str, SumCheck]) -> dict[str, SumCheck]:
    if not first:
        return second
    return {
        name: SumCheck(
            first[name].known + more.known, first[name].total + more.total, first[name].weighted + more.weighted
        )
        for name, more in second.items()
    }
