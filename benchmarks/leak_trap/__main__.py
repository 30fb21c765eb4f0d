"""The leak trap: planted leaks and honest features, and which of them the checks catch.

Example: python -m benchmarks.leak_trap

Writes benchmarks/leak_trap/LEAK_TRAP.md. Fails where an honest feature, or one of our own, is caught: on demo
companies, on companies drawn without any life of their own, and on CDNOW.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.leak_trap.honest_features import HONEST
from benchmarks.leak_trap.leak_frames import HORIZON_DAYS, maker_of
from benchmarks.leak_trap.leak_plants import PLANTED, PLANTED_ACROSS, UNSEEN, UNSEEN_ACROSS
from features.clock import AsOf
from features.ledger.demo.company import invent_company
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from tests.cdnow import cdnow_master
from training.checks.feature_tables import FeatureMaker
from training.checks.leakage import check_features, check_table, own_features
from training.checks.report import LeakReport
from training.dataset.folds import origins_of

INSTANTS = 8
TEXT = """# The leak trap

Made by `python -m benchmarks.leak_trap`; do not edit by hand. Every plant reads what nobody could know at the instant;
the checks are those of `callfirst checks`. Asked as a function, a plant shows by what it does on other ledgers. As a
finished table it can only be suspected, and most leaks cannot be proven from one.

On {world}: {caught} of {plants} plants caught as a function, {missed} missed; {suspected} suspected in a finished
table. {unseen} plants, marked unseen, were written after the checks were done: 9 of them were caught at first sight,
{new} are now. `weeks_without_gap` was missed, as the one instant looked at had hardly a later one beside it; since then
CF013 looks at the older half of all instants without the newer. The first run also alarmed falsely once: `rank_then` on
CDNOW (CF011, CF012), where the last digit of a sum parts equal ranks; since then such a move must be 2 % of the spread.

| plant | what it does | function: caught by | finished table: suspected by |
|---|---|---|---|
{rows}

## False alarms

{count} honest features made at home ({honest}), and our own catalogue.

| ledger and features | looked at | false alarms |
|---|---|---|
"""
PAGE = Path(__file__).parent / "LEAK_TRAP.md"
BERLIN = Policy(time_zone="Europe/Berlin")
NEW_YORK = Policy(time_zone="America/New_York")


@dataclass(frozen=True)
class TrapLedger:
    """A ledger the trap is set on."""

    name: str
    ledger: Ledger
    policy: Policy


def demo(seed: int, customers: int) -> TrapLedger:
    """The demo company of a seed, a smaller one than `callfirst demo` makes."""
    made = invent_company(ends_on=date(2025, 12, 31), seed=seed, customers=customers, years=3)
    ledger = ledger_of(made.orders, made.customers, BERLIN, currency="EUR")
    return TrapLedger(f"demo company, seed {seed}, {customers} customers", ledger, BERLIN)


def drawn(seed: int, customers: int = 150, days: int = 900) -> TrapLedger:
    """A company without any life of its own: every order is drawn alike; one in ten late, one in twenty corrected."""
    draw = np.random.default_rng(seed)
    count = customers * 40
    who, day = draw.integers(0, customers, count), np.sort(draw.integers(0, days, count))
    moment = np.datetime64("2023-07-01", "s") + (day * 86_400 + draw.integers(0, 86_400, count)).astype(
        "timedelta64[s]"
    )
    late = np.where(draw.random(count) < 0.1, draw.integers(1, 30, count), 0).astype("timedelta64[D]")
    amount = np.round(draw.lognormal(4, 1, count), 2) * np.where(draw.random(count) < 0.05, -1, 1)
    again = draw.random(count) < 0.05
    orders = pa.table(
        {
            "customer_id": np.char.mod("c%04d", np.concatenate([who, who[again]])),
            "ordered_at": np.concatenate([moment, moment[again]]),
            "known_at": np.concatenate([moment + late, (moment + late)[again] + np.timedelta64(9, "D")]),
            "amount": np.char.mod("%.2f", np.concatenate([amount, amount[again] / 2])),
            "order_id": np.char.mod("o%d", np.concatenate([np.arange(count), np.arange(count)[again]])),
            "line_id": np.full(count + int(again.sum()), "1"),
            "product_id": np.char.mod("p%d", draw.integers(0, 60, count + int(again.sum()))),
            "category": np.char.mod("g%d", draw.integers(0, 6, count + int(again.sum()))),
            "quantity": draw.integers(1, 9, count + int(again.sum())),
            "unit_price": np.round(draw.lognormal(2, 0.5, count + int(again.sum())), 2),
        }
    )
    ids = np.char.mod("c%04d", np.arange(customers))
    people = pa.table({"customer_id": ids, "manager_id": np.char.mod("m%d", np.arange(customers) % 7)})
    return TrapLedger(f"drawn company, seed {seed}", ledger_of(orders, people, NEW_YORK, currency="USD"), NEW_YORK)


def cdnow() -> TrapLedger:
    """A real ledger without known-at, customers' data or categories; a tenth of its customers."""
    options = pa.csv.ReadOptions(column_names=["line"])
    lines = pa.csv.read_csv(cdnow_master(), read_options=options).column("line").to_pylist()
    rows = [line.split() for line in lines if line.split()[0].isdigit()]
    kept = [row for row in rows if row[0].endswith("7")]
    orders = pa.table(
        {
            "customer_id": [row[0] for row in kept],
            "ordered_at": [f"{row[1][:4]}-{row[1][4:6]}-{row[1][6:]}" for row in kept],
            "quantity": [row[2] for row in kept],
            "amount": [row[3] for row in kept],
        }
    )
    return TrapLedger("CDNOW, a tenth", ledger_of(orders, None, BERLIN, currency="USD"), BERLIN)


def as_maker(world: TrapLedger) -> LeakReport:
    """What the checks find of all plants and honest features, as one function."""
    maker = maker_of({**HONEST, **PLANTED, **UNSEEN}, {**PLANTED_ACROSS, **UNSEEN_ACROSS})
    return checked(maker, world)


def checked(maker: FeatureMaker, world: TrapLedger) -> LeakReport:
    """What the checks find at an hour within a day; more instants find the same and take longer."""
    day = world.ledger.ends_on - timedelta(days=HORIZON_DAYS + 10)
    as_of = AsOf.parse(f"{day}T14:37", world.policy.zone)
    return check_features(maker, world.ledger, world.policy, horizon_days=HORIZON_DAYS, as_ofs=[as_of])


def as_table(world: TrapLedger) -> LeakReport:
    """The same of a finished table of them."""
    maker = maker_of({**HONEST, **PLANTED, **UNSEEN}, {**PLANTED_ACROSS, **UNSEEN_ACROSS})
    until = AsOf.of_day(world.ledger.ends_on + timedelta(days=1), world.policy.zone)
    days = HORIZON_DAYS, HORIZON_DAYS
    origins = origins_of(until, *days, starts_on=world.ledger.starts_on, zone=world.policy.zone).spaced
    table = maker(world.ledger, sorted(origins)[-INSTANTS:], world.policy)
    return check_table(table, world.ledger, world.policy, horizon_days=HORIZON_DAYS)


def page(world: TrapLedger, maker: LeakReport, table: LeakReport, silent: Mapping[str, LeakReport]) -> str:
    """The table of what was caught, missed and falsely alarmed."""
    plants = {**PLANTED, **PLANTED_ACROSS, **UNSEEN, **UNSEEN_ACROSS}
    unseen = {*UNSEEN, *UNSEEN_ACROSS}
    rows = [
        f"| `{name}`{' (unseen)' if name in unseen else ''} | {(plant.__doc__ or '').rstrip('.')} "
        f"| {' '.join(maker.caught.get(name, ())) or '**missed**'} | {' '.join(table.caught.get(name, ())) or '-'} |"
        for name, plant in plants.items()
    ]
    caught = sum(name in maker.caught for name in plants)
    new = sum(name in maker.caught for name in unseen)
    suspected = sum(name in table.caught for name in plants)
    beside = {f"{world.name}: honest, beside the plants": maker, f"{world.name}: the same, finished": table}
    alarmed = {**silent, **beside}
    told = TEXT.format(
        world=world.name,
        caught=caught,
        missed=len(plants) - caught,
        plants=len(plants),
        unseen=len(unseen),
        new=new,
        suspected=suspected,
        rows="\n".join(rows),
        honest=", ".join(f"`{name}`" for name in HONEST),
        count=len(HONEST),
    )
    lines = [
        f"| {name} | {len(set(report.features) - set(plants))} | {', '.join(alarms_of(report)) or 'none'} |"
        for name, report in alarmed.items()
    ]
    return told + "\n".join(lines) + "\n"


def alarms_of(report: LeakReport) -> list[str]:
    """Honest features that were caught."""
    plants = {*PLANTED, *PLANTED_ACROSS, *UNSEEN, *UNSEEN_ACROSS}
    return [f"{name} ({' '.join(codes)})" for name, codes in report.caught.items() if name not in plants]


def main() -> None:
    """Write the page, and fail on a false alarm."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--customers", type=int, default=100)
    given = ask.parse_args()
    world = demo(3, given.customers)
    honest = maker_of(HONEST, {})
    began = time.process_time()
    maker, table = as_maker(world), as_table(world)
    print(f"{len(maker.caught)} caught, {len(table.caught)} suspected in {time.process_time() - began:.0f} s of work")
    silent: dict[str, LeakReport] = {}
    for each in (demo(7, given.customers), demo(11, given.customers), drawn(1), drawn(2), cdnow()):
        for what, made in (("honest", honest), ("our own catalogue", own_features)):
            silent[f"{each.name}: {what}"] = checked(made, each)
            print(f"{each.name}, {what}: {alarms_of(silent[f'{each.name}: {what}']) or 'silent'}", flush=True)
        PAGE.write_text(page(world, maker, table, silent), encoding="utf-8")
    if any(alarms_of(report) for report in (maker, table, *silent.values())):
        sys.exit(f"Honest features were caught: see {PAGE}")


if __name__ == "__main__":
    main()
