"""What a feature maker does on other worlds: wherever it answers otherwise, it saw what it could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.clock import AsOf
from features.policy import Policy
from features.progress import Progress
from training.checks import added_rows as added
from training.checks import catalogue as checks
from training.checks import perturbations as changed
from training.checks.catalogue import CheckOutcome, FeatureCheck
from training.checks.feature_tables import (
    FeatureMaker,
    FeatureTable,
    Key,
    MadeFeaturesError,
    ValueDifference,
    differences,
    made_by,
)
from training.checks.ledger_rows import LedgerRows, known_customers
from training.checks.report import CheckResult, Leak

LEAST_MOVE = 0.02
"""Of a column's spread: by less a number may move where nothing but the order of sums has changed."""
BOTH_MOVE_SHARE = 0.5
"""Of the rows that a booking moves, how many a like order of the past moves too where it is taken for one."""


@dataclass(frozen=True)
class PerturbationTest:
    """One other world of a check, and what is done there: it ends the sentence 'it changes when ...'."""

    check: FeatureCheck
    when: str
    made: changed.Perturb
    base: changed.Perturb | None = None  # what the true ledger is given first, so that there is something to change
    bystanders: bool = False  # only those are compared whose own rows stay as they are
    last: bool = False  # it changes all at once, and is noted where no check before told more


SOME_OPEN = added.adding(added.OPEN)
PERTURBATION_TESTS: tuple[PerturbationTest, ...] = (
    PerturbationTest(checks.LATER, "later rows are taken away", changed.without(changed.happened_later)),
    PerturbationTest(checks.LATER, "later rows are enlarged and exchanged", changed.inflated(changed.happened_later)),
    PerturbationTest(checks.LATER, "every customer orders and returns later", added.adding(added.LATER)),
    PerturbationTest(
        checks.EDGE, "rows happen at the instant or within a day after it", added.adding(added.ON_THE_EDGE)
    ),
    PerturbationTest(checks.EDGE, "rows become known at the instant or just after it", added.adding(added.JUST_KNOWN)),
    PerturbationTest(checks.KNOWN_LATER, "late rows are taken away", changed.without(changed.happened_before)),
    PerturbationTest(
        checks.KNOWN_LATER, "late rows are enlarged and exchanged", changed.inflated(changed.happened_before)
    ),
    PerturbationTest(
        checks.KNOWN_LATER, "every customer has older rows that became known later", added.adding(added.LATE)
    ),
    PerturbationTest(checks.CORRECTED_LATER, "nothing is corrected later", changed.never_corrected),
    PerturbationTest(
        checks.CORRECTED_LATER,
        "more rows are corrected or cancelled later",
        changed.corrected,
        base=SOME_OPEN,
    ),
    PerturbationTest(
        checks.INNER_DATES,
        "what was open at the instant never comes true",
        changed.inner_dates(None),
        base=SOME_OPEN,
    ),
    PerturbationTest(
        checks.INNER_DATES,
        "what was open at the instant comes true a month later",
        changed.inner_dates(30),
        base=SOME_OPEN,
    ),
    PerturbationTest(
        checks.OTHERS, "others order later", added.for_one_half((*added.LATER, *added.LATE)), bystanders=True
    ),
    PerturbationTest(checks.OTHERS, "others' later rows are taken away", changed.without_one_half, bystanders=True),
    PerturbationTest(checks.STRANGERS, "as many customers more are known later", added.with_strangers),
    PerturbationTest(checks.STRANGERS, "customers known later are taken away", changed.without_strangers),
    PerturbationTest(checks.CONSEQUENCES, "no list was ever made", changed.uncalled),
    PerturbationTest(checks.CONSEQUENCES, "every customer was on a list and called", added.called),
    PerturbationTest(checks.LEDGER_END, "the ledger reaches further by one stranger's rows", added.outlasting),
    PerturbationTest(checks.LEDGER_END, "the ledger ends at the instant", changed.cut, last=True),
)


@dataclass
class CheckRun:
    """A maker under watch: what it made of the true ledger at each instant, and what has been caught so far."""

    maker: FeatureMaker
    world: LedgerRows
    policy: Policy
    instants: tuple[AsOf, ...]
    alone: Mapping[AsOf, FeatureTable]
    unsteady: frozenset[str]
    caught: dict[FeatureCheck, dict[str, Leak]]

    def note(self, check: FeatureCheck, when: str, found: ValueDifference) -> None:
        """Keep a feature's first difference for a check; one that differs from run to run tells nothing."""
        if found.feature not in self.unsteady:
            self.caught.setdefault(check, {}).setdefault(found.feature, leaks_found_by(check, when, found))

    def made(self, world: LedgerRows, name: str, as_ofs: Sequence[AsOf]) -> FeatureTable:
        """What the maker makes of a world."""
        return made_by(self.maker, world.ledger(name), as_ofs, self.policy)


def run_checks(
    maker: FeatureMaker,
    world: LedgerRows,
    policy: Policy,
    *,
    instants: Sequence[AsOf],
    beside: Sequence[AsOf],
    progress: Progress,
) -> tuple[list[CheckResult], FeatureTable]:
    """What every behavioural check found, and what the maker makes of the true ledger at all instants together.

    ``beside`` are asked for together with ``instants``, as training does.
    """
    every = tuple(sorted({*instants, *beside}))
    ledger = world.ledger("as it is")
    together = made_by(maker, ledger, every, policy)
    alone = {at: made_by(maker, ledger, [at], policy) for at in instants}
    again = made_by(maker, ledger, every, policy)
    unsteady = {found.feature: found for found in differences(together, again)}
    watched = CheckRun(maker, world, policy, tuple(instants), alone, frozenset(unsteady), {})
    watched.caught[checks.TWICE] = {name: leaks_found_by(checks.TWICE, "", found) for name, found in unsteady.items()}
    _across_instants(watched, together, every)
    _under_other_names(watched, every, together)
    tried = sorted(((trial, at) for trial in PERTURBATION_TESTS for at in instants), key=lambda each: each[0].last)
    for place, (trial, at) in enumerate(tried):
        progress(f"{trial.check.code} {trial.check.title}", place / len(tried))
        _try(watched, trial, at)
    for at in instants:
        _booked(watched, at)
    return [_result(check, watched) for check in checks.CHECKS if check.needs is checks.Needs.MAKER], together


def _try(watched: CheckRun, trial: PerturbationTest, at: AsOf) -> None:
    whom = set(known_customers(watched.world, at))
    if trial.bystanders:
        ids = sorted(whom)
        whom = {each for each, moves in zip(ids, changed.one_half(ids), strict=True) if not moves}
    zone, world, true = watched.policy.zone, watched.world, watched.alone[at]
    try:
        if trial.base is not None:
            world = trial.base(world, at, zone)
            true = watched.made(world, f"given rows {at}", [at])
        made = watched.made(trial.made(world, at, zone), f"{trial.when} {at}", [at])
    except MadeFeaturesError as error:
        _note_failure(watched, trial, at, error)
        return
    known = {name for caught in watched.caught.values() for name in caught} if trial.last else set()
    for found in differences(true, made, about=lambda key: key[0] in whom):
        if found.feature not in known:
            watched.note(trial.check, trial.when, found)


def _note_failure(watched: CheckRun, trial: PerturbationTest, at: AsOf, error: MadeFeaturesError) -> None:
    first = watched.alone[at]
    for name in first.columns:
        key = first.keys[0]
        told = first.columns[name][0].as_py()
        watched.note(
            trial.check, trial.when, ValueDifference(name, len(first.keys), len(first.keys), key, told, str(error))
        )


def _across_instants(watched: CheckRun, together: FeatureTable, every: Sequence[AsOf]) -> None:
    """The older half of the instants without the newer one, and the newest alone, are as they are among all."""
    world, newest = watched.world, watched.instants[-1]
    known = {at.naive: set(known_customers(world, at)) for at in every}
    older, upto = every[: max(1, len(every) // 2)], [at for at in every if at <= newest]
    for check, when, first, second in (
        (
            checks.LATER_INSTANTS,
            "later instants are asked for with it",
            watched.made(world, "as it is", older),
            together.at(older),
        ),
        (
            checks.EARLIER_INSTANTS,
            "earlier instants are asked for with it",
            watched.alone[newest],
            watched.made(world, "as it is", upto).at([newest]),
        ),
    ):
        for found in differences(first, second, about=lambda key: key[0] in known[key[1]]):
            watched.note(check, when, found)


def _under_other_names(watched: CheckRun, every: Sequence[AsOf], together: FeatureTable) -> None:
    world, names = changed.renamed(watched.world)
    renamed = watched.made(world, "under other names", every).named_back(names)
    shuffled = watched.made(changed.shuffled(watched.world), "in another order", every)
    for check, when, made in (
        (checks.NAMES, "customers get other ids", renamed),
        (checks.ORDER, "the ledger's rows come in another order", shuffled),
    ):
        for found in differences(together, made, least=LEAST_MOVE):
            watched.note(check, when, found)


def _booked(watched: CheckRun, at: AsOf) -> None:
    """A booking moves a feature that a like order of the past moves too, in the same rows."""
    whom = set(known_customers(watched.world, at))
    zone, world, first = watched.policy.zone, watched.world, watched.alone[at]
    booked = watched.made(added.ordering(added.BOOKED)(world, at, zone), f"booked {at}", [at])
    ordered = watched.made(added.ordering(added.ORDERED)(world, at, zone), f"ordered {at}", [at])

    def of_known(key: Key) -> bool:
        return key[0] in whom

    by_order = {found.feature: found.rows for found in differences(first, ordered, about=of_known)}
    for found in differences(first, booked, about=of_known):
        if by_order.get(found.feature, 0) >= BOTH_MOVE_SHARE * found.rows:
            watched.note(checks.COMMITMENTS, "orders are booked for five days later", found)


def leaks_found_by(check: FeatureCheck, when: str, found: ValueDifference) -> Leak:
    """The difference as a sentence."""
    customer, instant = found.example
    example = {
        "customer_id": customer,
        "as_of": f"{instant}Z",
        "is": _told(found.first),
        "becomes": _told(found.second),
    }
    seen = f"{found.rows:,} of {found.of_rows:,} rows; for example {customer} as of {instant} UTC:"
    said = check.tells.format(feature=found.feature, what=when)
    sentence = f"{said} {seen} {_told(found.first)} becomes {_told(found.second)}."
    return Leak(found.feature, found.rows, found.of_rows, example, sentence)


def _told(value: object) -> str:
    if value is None:
        return "unknown"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _result(check: FeatureCheck, watched: CheckRun) -> CheckResult:
    caught = tuple(watched.caught.get(check, {}).values())
    return CheckResult(check, CheckOutcome.FAILED if caught else CheckOutcome.PASSED, caught)
