"""What each member of the blend is worth: the blend against itself without it, on unseen windows.

Example: python -m benchmarks.accuracy.ablation --data ../shared/data

Made-up ledgers of several trades, and real ones before the cutoffs they are judged at. Makes
benchmarks/accuracy/ABLATION.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.accuracy.trades import TRADES, ledger_of_trade
from features.atomic_write import atomic_write
from features.clock import AsOf
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import Floats
from models.probability import Probability
from tests.cdnow import cdnow_master
from training.dataset.folds import Fold, Origins, origins_of
from training.dataset.training_set import TrainingSet, customer_codes, training_set
from training.fitting.blend import fit_blend
from training.fitting.candidates import BLEND, BlendRecipe
from training.fitting.fit import FitTask
from training.fitting.learner import churned
from training.fitting.member_forecasts import MemberForecasts, forecasts_of
from training.fitting.operational_time import operational_time
from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval, interval_of, interval_of_mean

PAGE = Path(__file__).parent / "ABLATION.md"
POLICY = Policy()
MOST_ORIGINS = 5
SEED = 1
WHOLE = "all of them"
REAL = (("online_retail_ii", "2010-12-09", 90), ("scms_project", "2011-12-31", 180), ("cdnow", "1997-10-01", 60))
"""Up to the days they are first judged at."""

_HEAD = """# What each member is worth

Made by `make results` (`python -m benchmarks.accuracy.ablation`). The blend, and the blend without one of its members,
whose weight the others then share, forecast up to {most} windows of each ledger that nobody had seen: everything is
fitted, weighted and calibrated on what was known at each origin. Trades are made up (`benchmarks/accuracy/trades.py`);
real ledgers are read only up to the day they are first judged at. **Costs**: how much worse the figure becomes without
the member, with its 95 % interval (customers resampled within origins, paired); above 0 the member earns its place
there.
"""


@dataclass(frozen=True)
class Subject:
    """One ledger as it is looked at, with its horizon."""

    name: str
    ledger: Ledger
    until: AsOf
    horizon_days: int


@dataclass(frozen=True)
class AblationForecasts:
    """What one blend said of all unseen windows of a subject."""

    rows: TrainingSet
    chance: Floats

    @property
    def figures(self) -> tuple[float, float, float]:
        """AUC (mean over origins), Brier, log loss."""
        happened = self.rows.labels.churned
        everything = np.arange(len(happened))
        return self._auc(everything), metrics.brier(self.chance, happened), metrics.log_loss(self.chance, happened)

    def costs(self, without: AblationForecasts) -> tuple[Interval, Interval, Interval]:
        """By how much each figure is worse without a member."""
        happened, origin = self.rows.labels.churned, self.rows.origin
        customer = customer_codes(self.rows.snapshot)
        brier = (without.chance - happened) ** 2 - (self.chance - happened) ** 2
        surprise = [np.where(happened, np.log(told.chance), np.log1p(-told.chance)) for told in (self, without)]
        return (
            interval_of(
                lambda rows: self._auc(rows) - without._auc(rows), customer, origin, overlapping=False, seed=SEED
            ),
            interval_of_mean(brier, customer, origin, overlapping=False, seed=SEED),
            interval_of_mean(surprise[0] - surprise[1], customer, origin, overlapping=False, seed=SEED),
        )

    def _auc(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
        chance, happened, origin = self.chance[rows], self.rows.labels.churned[rows], self.rows.origin[rows]
        found = [metrics.auc(chance[origin == each], happened[origin == each]) for each in np.unique(origin)]
        return float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")


def recipes() -> Mapping[str, BlendRecipe]:
    """The blend, and the blend without each member; those that stay share what it counted."""
    found = {WHOLE: BLEND}
    for left_out in BLEND.members:
        stay = [member for member in BLEND.members if member is not left_out]
        few, many = (
            sum(getattr(member, name) for member in BLEND.members) / sum(getattr(member, name) for member in stay)
            for name in ("weight_of_few", "weight_of_many")
        )
        found[left_out.name] = BlendRecipe(
            tuple(
                replace(member, weight_of_few=member.weight_of_few * few, weight_of_many=member.weight_of_many * many)
                for member in stay
            )
        )
    return found


def told(subject: Subject) -> dict[str, AblationForecasts]:
    """What every blend says of the subject's unseen windows; by the member that is left out."""
    origins = origins_of(
        subject.until,
        subject.horizon_days,
        subject.horizon_days,
        starts_on=subject.ledger.starts_on,
        zone=POLICY.zone,
    )
    rows = training_set(subject.ledger, origins, subject.horizon_days, POLICY)
    return {name: _told(recipe, subject, rows, origins) for name, recipe in recipes().items()}


def _told(recipe: BlendRecipe, subject: Subject, rows: TrainingSet, origins: Origins) -> AblationForecasts:
    past: list[MemberForecasts] = []
    chances: list[Floats] = []
    seen: list[AsOf] = []
    for at in reversed(origins.spaced[:MOST_ORIGINS]):
        fold = origins.fold(at)
        blend = None if fold is None else blend_at(fold, recipe, subject, rows, origins, past)
        if blend is not None:
            unseen = rows.active_at([at])
            past.append(forecasts_of([blend], at, unseen))
            chances.append(blend.chance(unseen.snapshot))
            seen.append(at)
    return AblationForecasts(rows.active_at(seen), np.concatenate(chances))


def blend_at(
    fold: Fold,
    recipe: BlendRecipe,
    subject: Subject,
    rows: TrainingSet,
    origins: Origins,
    past: Sequence[MemberForecasts],
) -> Probability | None:
    """The blend that the rows' windows closed by the fold's instant make; None: they are too few."""
    closed, everybody = origins.before(fold.at), rows.at([fold.at]).snapshot
    time = operational_time(subject.ledger, everybody, fold.at, subject.horizon_days)
    task = FitTask(rows.at(closed), origins, fold, churned)
    known = [each for each in past if each.origin in closed]
    found = fit_blend(recipe, task, everybody=everybody, time=time, past=known, seed=SEED)
    return found if isinstance(found, Probability) else None


def subjects(data: Path) -> Iterator[Subject]:
    """Every ledger, one after the other."""
    for trade in TRADES:
        ledger = ledger_of_trade(trade, POLICY, SEED)
        yield Subject(trade.name, ledger, _day_after(ledger), trade.horizon_days)
    for name, until, days in REAL:
        if subject := real_subject(name, data, until, days):
            yield replace(subject, name=f"{name}, before {until}")


def real_subject(name: str, data: Path, until: str, horizon_days: int) -> Subject | None:
    """A real ledger as it was on a day; None: it is not there."""
    if name == "cdnow":
        return _real(name, _cdnow(), until, horizon_days)
    file = data / name / "ledger.parquet"
    columns = ["customer_id", "ts", "amount"]
    return _real(name, pq.read_table(file, columns=columns), until, horizon_days) if file.exists() else None


def _cdnow() -> pa.Table:
    with cdnow_master().open("rb") as opened:
        read = pyarrow.csv.ReadOptions(skip_rows=1, column_names=["line"])
        lines = pyarrow.csv.read_csv(opened, read, pyarrow.csv.ParseOptions(delimiter="|", quote_char=False))
    parts = pc.split_pattern_regex(pc.utf8_trim_whitespace(lines.column("line")), r"\s+")
    day = pc.strptime(pc.list_element(parts, 1), "%Y%m%d", "us")
    amount = pc.list_element(parts, 3).cast(pa.float64())
    return pa.table({"customer_id": pc.list_element(parts, 0), "ts": day, "amount": amount})


def _real(name: str, lines: pa.Table, until: str, days: int) -> Subject:
    at = AsOf.parse(until, POLICY.zone)
    before = lines.filter(pc.less(lines.column("ts"), pa.scalar(at.naive, pa.timestamp("us"))))
    text = pa.table(
        {
            "customer_id": before.column("customer_id"),
            "ordered_at": pc.strftime(before.column("ts").cast(pa.timestamp("s")), "%Y-%m-%d %H:%M:%S"),
            "amount": before.column("amount").cast(pa.string()),
        }
    )
    ledger = ledger_of(text, None, POLICY, currency="EUR", history=True)
    return Subject(name, ledger, min(at, _day_after(ledger)), days)


def _day_after(ledger: Ledger) -> AsOf:
    return AsOf.of_day(ledger.ends_on + timedelta(days=1), POLICY.zone)


def section(subject: Subject, found: Mapping[str, AblationForecasts]) -> str:
    """One ledger's table."""
    whole = found[WHOLE]
    auc, brier, surprise = whole.figures
    windows = len(np.unique(whole.rows.origin))
    about = (
        f"{subject.horizon_days} days ahead, {windows} windows, {len(whole.rows):,} forecasts. All members: AUC "
        f"{auc:.4f}, Brier {brier:.4f}, log loss {surprise:.4f}."
    )
    rows = []
    for name, without in found.items():
        if name != WHOLE:
            costs = " | ".join(
                f"{each.estimate:+.4f} ({each.low:+.4f} to {each.high:+.4f})" for each in whole.costs(without)
            )
            rows.append(f"| {name} | {costs} |")
    head = ["| without | costs AUC | costs Brier | costs log loss |", "|---|---|---|---|"]
    return "\n".join([f"## {subject.name}", "", about, "", *head, *rows, ""])


def main() -> None:
    """Write the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = ask.parse_args()
    sections = []
    for subject in subjects(given.data):
        sections.append(section(subject, told(subject)))
        print(sections[-1], flush=True)
    with atomic_write(PAGE) as unfinished:
        unfinished.write_text("\n".join([_HEAD.format(most=MOST_ORIGINS), *sections]), encoding="utf-8")


if __name__ == "__main__":
    main()
