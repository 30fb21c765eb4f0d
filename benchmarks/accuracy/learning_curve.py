"""What more customers to learn from would buy: the model learned from a share of them, on unseen windows.

Example: python -m benchmarks.accuracy.learning_curve --data ../shared/data

Makes benchmarks/accuracy/LEARNING_CURVE.md. Shows how much of a line that was not reached the ledger still holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.ablation import MOST_ORIGINS, POLICY, SEED, Subject, blend_at, real_subject
from features.atomic_write import atomic_write
from features.clock import AsOf
from features.snapshot import Floats
from models.members import chance_of, log_odds_of
from models.probability import Probability
from training.calibration.origin_levels import Forecasts, levelled
from training.dataset.folds import Origins, origins_of
from training.dataset.training_set import TrainingSet, customer_codes, training_set
from training.fitting.candidates import BLEND
from training.fitting.member_forecasts import MemberForecasts, forecasts_of
from training.fitting.shortfall import learn_share
from training.metrics import scoring as metrics
from training.metrics.bootstrap import Interval, interval_of

PAGE = Path(__file__).parent / "LEARNING_CURVE.md"
SHARES = {1 / 8: "an eighth", 1 / 4: "a quarter", 1 / 2: "half", 1.0: "all"}
DRAWS = 4
FIGURES = ("AUC", "Brier", "Brier at the rates that came", "money found")
SUBJECTS = (("online_retail_ii", "2011-12-08", 90), ("cdnow", "1998-06-30", 90))
"""Each ledger up to a horizon after the last day it is judged at."""

_HEAD = """# What more customers would buy

Made by `make results` (`python -m benchmarks.accuracy.learning_curve`); do not edit by hand. Everything is learned from
a share of the customers, drawn {draws} times, as of up to {most} instants a horizon apart, and forecasts the window
after for all customers active then. What the last doubling bought is about the most that another one would. **±**: half
the 95 % interval of a figure when the judged customers are drawn anew (learned from all): a difference to a rival well
inside it can be had by luck, and no model shows it on this ledger for sure. AUC is a mean over the instants. At the
rates that came: every instant's chances moved to its rate, as one Christmas nobody had seen outweighs all else in
Brier.
"""


@dataclass(frozen=True)
class LearnedShare:
    """What was told of unseen windows, and what came; one row per (origin, customer)."""

    rows: TrainingSet
    chance: Floats
    value: Floats
    shortfall: Floats

    def figures(self, places: npt.NDArray[np.int64] | None = None) -> tuple[float, ...]:
        """FIGURES, of some rows, which may stand there more than once."""
        at = np.arange(len(self.rows)) if places is None else places
        origin, happened, chance = self.rows.origin[at], self.rows.labels.churned[at], self.chance[at]
        ids = np.asarray(self.rows.snapshot.customer_ids, dtype=np.str_)[at]
        auc = [metrics.auc(chance[origin == each], happened[origin == each]) for each in np.unique(origin)]
        told = Forecasts(log_odds_of(chance), happened, origin, self.rows.weight[at], self.rows.horizon_days)
        money = metrics.pooled_money_found(self.value[at], self.shortfall[at], ids.tolist(), origin)
        brier = (metrics.brier(each, happened) for each in (chance, chance_of(levelled(told))))
        return float(np.mean(auc)), *brier, money


def main() -> None:
    """Write the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = ask.parse_args()
    sections = []
    for name, until, days in SUBJECTS:
        subject = real_subject(name, given.data, until, days)
        if subject is None:
            print(f"{name}: left out, it is not in {given.data}")
            continue
        sections.append(section(subject))
        print(sections[-1], flush=True)
    with atomic_write(PAGE) as unfinished:
        unfinished.write_text("\n".join([_HEAD.format(draws=DRAWS, most=MOST_ORIGINS), *sections]), encoding="utf-8")


def section(subject: Subject) -> str:
    """One ledger's curve."""
    days = subject.horizon_days
    origins = origins_of(subject.until, days, days, starts_on=subject.ledger.starts_on, zone=POLICY.zone)
    rows = training_set(subject.ledger, origins, days, POLICY)
    found = {share: list(_drawn(subject, rows, origins, share)) for share in SHARES}
    whole = found[1.0][0]
    means = {share: np.mean([each.figures() for each in several], axis=0) for share, several in found.items()}
    lines = [
        f"| {SHARES[share]} | " + " | ".join(f"{figure:.4f}" for figure in figures) + " |"
        for share, figures in means.items()
    ]
    bought = means[1.0] - means[0.5]
    spread = [f"± {(each.high - each.low) / 2:.4f}" for each in _spread(whole)]
    windows = len(np.unique(whole.rows.origin))
    return "\n".join(
        [
            f"## {subject.name}",
            "",
            f"{days} days ahead, {windows} windows, {len(whole.rows):,} forecasts.",
            "",
            f"| learned from these customers | {' | '.join(FIGURES)} |",
            "|---" * (1 + len(FIGURES)) + "|",
            *lines,
            "| the last doubling bought | " + " | ".join(f"{each:+.4f}" for each in bought) + " |",
            "| customers judged drawn anew | " + " | ".join(spread) + " |",
            "",
        ]
    )


def _drawn(subject: Subject, rows: TrainingSet, origins: Origins, share: float) -> Iterator[LearnedShare]:
    customers = np.unique(np.asarray(rows.snapshot.customer_ids, dtype=np.str_))
    if share == 1.0:
        yield _learned(subject, rows, origins, rows)
        return
    for draw in range(DRAWS):
        chance = np.random.default_rng([SEED, draw])
        some = chance.choice(customers, size=round(share * len(customers)), replace=False)
        yield _learned(subject, rows, origins, rows.where(np.isin(rows.snapshot.customer_ids, some)))


def _learned(subject: Subject, rows: TrainingSet, origins: Origins, some: TrainingSet) -> LearnedShare:
    """What is told of all rows' unseen windows by what is learned from some."""
    past: list[MemberForecasts] = []
    parts: list[tuple[AsOf, Floats, Floats, Floats]] = []
    for at in reversed(origins.spaced[:MOST_ORIGINS]):
        fold = origins.fold(at)
        blend = None if fold is None else blend_at(fold, BLEND, subject, some, origins, past)
        if fold is None or blend is None:
            continue
        past.append(forecasts_of([blend], at, some.active_at([at])))
        unseen = rows.active_at([at])
        closed, own = some.at(origins.before(at)), some.reference(origins.chain(at))
        share = learn_share(closed, origins, fold=fold, reference=own, seed=SEED)
        if isinstance(share, Probability):
            value = share.chance(unseen.snapshot) * own.sales(unseen.snapshot)
            shortfall = unseen.labels.shortfall(rows.reference(origins.chain(at)).sales(unseen.snapshot))
            parts.append((at, blend.chance(unseen.snapshot), value, shortfall))
    seen: Sequence[AsOf] = [at for at, *_ in parts]
    return LearnedShare(rows.active_at(seen), *(np.concatenate([part[place] for part in parts]) for place in (1, 2, 3)))


def _spread(whole: LearnedShare) -> list[Interval]:
    customer, origin = customer_codes(whole.rows.snapshot), whole.rows.origin
    return [
        interval_of(
            lambda rows, place=place: whole.figures(rows)[place], customer, origin, overlapping=False, seed=SEED
        )
        for place in range(len(FIGURES))
    ]


if __name__ == "__main__":
    main()
