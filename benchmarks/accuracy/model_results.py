"""How the model does on real ledgers against every rival: benchmarks/accuracy/MODEL_RESULTS.md.

Example: python -m benchmarks.accuracy.model_results --data ../shared/data

The cutoffs are fixed; they are opened once per release. Where a ledger is not there it is left out, and the
page says so.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import machine
from features import clock
from features.atomic_write import atomic_write
from features.clock import AsOf
from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import Policy
from tests.cdnow import cdnow_master
from training.evaluation.evaluate import evaluate
from training.evaluation.page import calibration_table, cutoffs_table, levels_table, means_table, shown
from training.evaluation.results import OURS, Evaluation
from training.metrics.calibration import coverage
from training.metrics.multiple_comparisons import judged_jointly
from training.metrics.resampled import Figure
from training.metrics.segments import segments_table

PAGE = Path(__file__).parent / "MODEL_RESULTS.md"
LEAST_ACTIVE = 100
"""Under so many judged customers a ledger proves nothing alone, and is not judged jointly."""
POLICY = Policy()


@dataclass(frozen=True)
class ReleaseTest:
    """A ledger, its cutoffs, and what published rivals reached there.

    Attributes:
        file: under the data folder; empty: CDNOW, out of its wheel.
        published: rival → AUC, Brier, money found, as their own fits reached (docs/design.md 6).
    """

    file: str
    currency: str | None
    days: int
    cutoffs: tuple[str, ...]
    published: Mapping[str, tuple[float, float, float]]


NAN = math.nan
TRIALS = {
    "online_retail_ii": ReleaseTest(
        "online_retail_ii/ledger.parquet",
        "GBP",
        90,
        ("2010-12-09", "2011-03-09", "2011-06-09", "2011-09-09"),
        {
            "recency": (0.606, 0.245, 0.628),
            "low frequency": (0.763, 0.215, 0.511),
            "RFM logit": (0.747, 0.223, 0.647),
            "BG/NBD": (0.770, 0.199, 0.493),
            "tuned LightGBM": (0.780, 0.215, 0.598),
            "R alone": (NAN, NAN, 0.610),
            "LightGBM of shortfall": (NAN, NAN, 0.628),
        },
    ),
    "cdnow": ReleaseTest(
        "",
        None,
        90,
        ("1997-10-01", "1998-01-01", "1998-04-01"),
        {
            "recency": (0.590, 0.262, 0.629),
            "low frequency": (0.704, 0.221, 0.558),
            "RFM logit": (0.688, 0.225, 0.647),
            "BG/NBD": (0.706, 0.217, 0.615),
            "tuned LightGBM": (0.711, 0.216, 0.641),
            "R alone": (NAN, NAN, 0.609),
            "LightGBM of shortfall": (NAN, NAN, 0.647),
        },
    ),
    "scms_project": ReleaseTest(
        "scms_project/ledger.parquet",
        None,
        180,
        ("2011-12-31", "2012-06-30", "2012-12-31", "2013-06-30", "2013-12-31", "2014-06-30"),
        {
            "recency": (0.778, 0.178, 0.746),
            "low frequency": (0.786, 0.170, 0.631),
            "RFM logit": (0.798, 0.170, 0.761),
            "BG/NBD": (0.841, 0.168, 0.713),
            "tuned LightGBM": (0.771, 0.177, 0.714),
            "R alone": (NAN, NAN, 0.687),
            "LightGBM of shortfall": (NAN, NAN, 0.709),
        },
    ),
}


def main() -> None:
    """Writes benchmarks/accuracy/MODEL_RESULTS.md."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, default=Path("../shared/data"))
    ask.add_argument("--out", type=Path, default=PAGE)
    ask.add_argument("--jobs", type=int, default=2, help="ledgers at a time")
    given = ask.parse_args()
    there = [name for name, trial in TRIALS.items() if not trial.file or (given.data / trial.file).exists()]
    for name in sorted(set(TRIALS) - set(there)):
        print(f"{name}: left out, {given.data / TRIALS[name].file} is not there")
    with ProcessPoolExecutor(max_workers=given.jobs) as workers:
        found = dict(zip(there, workers.map(run, there, [given.data] * len(there)), strict=True))
    for name, each in found.items():
        print(f"{name}: {each.sentence}")
    with atomic_write(given.out) as path:
        path.write_text(page(found), encoding="utf-8")


def run(name: str, data: Path) -> Evaluation:
    """One ledger's evaluation at its cutoffs, from its file on."""
    trial = TRIALS[name]
    file = data / trial.file if trial.file else cdnow_master()
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        ingest(
            IngestRequest(
                "orders", InputFiles([file]), home=home, policy=POLICY, currency=trial.currency, now=clock.now()
            )
        )
        return evaluate(
            read_ledger(home, POLICY),
            POLICY,
            cutoffs=[AsOf.parse(each, POLICY.zone) for each in trial.cutoffs],
            horizon_days=trial.days,
            active_days=trial.days,
            progress=lambda step, share: print(f"{name} {share:4.0%} {step}", flush=True),
        )


def page(found: Mapping[str, Evaluation]) -> str:
    """The page: the joint judgement first, then ledger by ledger."""
    told_of = machine()
    parts = [
        "# The model against every rival, on real ledgers",
        "Made by `python -m benchmarks.accuracy.model_results`; do not edit by hand. At each cutoff a model is trained "
        "as if "
        "that day were today, and judged by what came in the window after it; so is every rival. Chances are of no "
        "order; money found is the shortfall in the top 1, 5 and 20 % of a ranking ÷ the best possible. Means over "
        "cutoffs. Differences are turned so that above 0 is better; intervals come from customers drawn anew within "
        "cutoffs. "
        "online_retail_ii is UCI Online Retail II (D. Chen, doi 10.24432/C5CG6D), CC BY 4.0.",
        "What each member of the model is worth stands in [ABLATION.md](ABLATION.md), what more customers to learn "
        "from would buy in [LEARNING_CURVE.md](LEARNING_CURVE.md).",
        f"Machine: {told_of['machine']}; {told_of['ours']}.",
        "## The lines of the release",
        _joint(found),
        _margins(found),
        _cells(found),
    ]
    for name, each in found.items():
        parts += [
            f"## {name}, {each.horizon_days} days",
            *dict.fromkeys(each.remarks),
            means_table(each),
            "What others published of rivals (their own fits, not ours):",
            _published(name, each),
            cutoffs_table(each),
            calibration_table(each),
            levels_table(each),
            "Chances over all cutoffs, among everybody and where it matters most:",
            segments_table(each.segments),
        ]
    return "\n\n".join(parts) + "\n"


def _large(found: Mapping[str, Evaluation]) -> dict[str, Evaluation]:
    """The ledgers of 100 and more judged customers."""
    return {name: each for name, each in found.items() if max(len(part) for part in each.cutoffs) >= LEAST_ACTIVE}


def _joint(found: Mapping[str, Evaluation]) -> str:
    """Per ledger of 100 and more judged customers and figure: the difference to the best rival, judged together."""
    named = [
        (name, best)
        for name, each in _large(found).items()
        for figure in Figure
        if (best := each.to_best_baseline(figure)) is not None
    ]
    lines = [
        "| ledger | figure | best rival | ours is better by | 95 % jointly (Holm) | |",
        "|---|---|---|---|---|---|",
    ]
    for (name, _), each in zip(named, judged_jointly([best for _, best in named]), strict=True):
        verdict = "**worse for sure**" if each.is_worse else "not worse for sure"
        lines.append(
            f"| {name} | {each.difference.figure} | {each.difference.rival} | {each.difference.estimate:+.3f} "
            f"| {each.joint.low:+.3f} … {each.joint.high:+.3f} | {verdict} |"
        )
    return "\n".join(lines)


def _margins(found: Mapping[str, Evaluation]) -> str:
    """Mean margin to the best rival of each ledger: over those of 100 and more judged customers, and over all."""
    return (
        f"Mean margin to the best rival of each ledger: over ledgers of {LEAST_ACTIVE} and more customers "
        f"{_margin(_large(found))}; over all {_margin(found)}."
    )


def _margin(found: Mapping[str, Evaluation]) -> str:
    told_of = []
    for figure in Figure:
        best = [each.to_best_baseline(figure) for each in found.values()]
        known = [each.estimate for each in best if each is not None]
        if known:
            told_of.append(f"{figure} {sum(known) / len(known):+.4f}")
    return ", ".join(told_of)


def _cells(found: Mapping[str, Evaluation]) -> str:
    cells = [cell for each in found.values() for cell in each.cells]
    if not cells:
        return "No tenth of any cutoff holds 50 customers."
    return (
        f"Intervals: {coverage(cells):.0%} of {len(cells)} tenths, ledgers pooled, held the rate (wanted: 85 to 95 %)."
    )


def _published(name: str, each: Evaluation) -> str:
    lines = ["| | AUC | Brier | money found |", "|---|---|---|---|"]
    rows = {f"**{OURS}**": tuple(each.means[figure].get(OURS, NAN) for figure in Figure), **TRIALS[name].published}
    lines += [f"| {rival} | {' | '.join(shown(figure) for figure in figures)} |" for rival, figures in rows.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
