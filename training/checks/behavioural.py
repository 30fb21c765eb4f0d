"""Behavioural checks: a feature that changes with rows unknown at its instant has seen the future."""

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
"""Share of a column's spread by which a number may move where only the order of sums has changed."""
BOTH_MOVE_SHARE = 0.5
"""Share of the rows moved by a booking that a past order moves too, if the feature takes a booking for an order."""


@dataclass(frozen=True)
class PerturbationTest:
    """One perturbation of a check; ``when`` ends the sentence 'it changes when ...'."""

    check: FeatureCheck
    when: str
    perturb: changed.Perturb
    base: changed.Perturb | None = None  # applied to the true ledger first, so that there is something to change
    bystanders: bool = False  # only customers without a change of their own rows are compared
    last: bool = False  # it changes everything at once; noted only for features that no other check caught


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
    """The checks of one feature maker: its features of the true ledger at each instant, and the leaks so far."""

    maker: FeatureMaker
    ledger_rows: LedgerRows
    policy: Policy
    instants: tuple[AsOf, ...]
    true_at: Mapping[AsOf, FeatureTable]
    unsteady: frozenset[str]
    leaks: dict[FeatureCheck, dict[str, Leak]]

    def note(self, check: FeatureCheck, when: str, difference: ValueDifference) -> None:
        """Keep a feature's first difference for a check; a feature that differs from run to run is left out."""
        if difference.feature not in self.unsteady:
            self.leaks.setdefault(check, {}).setdefault(difference.feature, leak_of(check, when, difference))

    def features_of(self, ledger_rows: LedgerRows, name: str, as_ofs: Sequence[AsOf]) -> FeatureTable:
        """The maker's features of some ledger rows."""
        return made_by(self.maker, ledger_rows.ledger(name), as_ofs, self.policy)


def run_checks(
    maker: FeatureMaker,
    ledger_rows: LedgerRows,
    policy: Policy,
    *,
    instants: Sequence[AsOf],
    training_instants: Sequence[AsOf],
    progress: Progress,
) -> tuple[list[CheckResult], FeatureTable]:
    """The results of all behavioural checks, and the features of the true ledger at all instants together.

    ``training_instants`` are made together with ``instants``, as training does.
    """
    all_instants = tuple(sorted({*instants, *training_instants}))
    ledger = ledger_rows.ledger("as it is")
    together = made_by(maker, ledger, all_instants, policy)
    true_at = {at: made_by(maker, ledger, [at], policy) for at in instants}
    repeated = made_by(maker, ledger, all_instants, policy)
    unsteady = {difference.feature: difference for difference in differences(together, repeated)}
    check_run = CheckRun(maker, ledger_rows, policy, tuple(instants), true_at, frozenset(unsteady), {})
    check_run.leaks[checks.TWICE] = {
        name: leak_of(checks.TWICE, "", difference) for name, difference in unsteady.items()
    }
    _across_instants(check_run, together, all_instants)
    _under_other_names(check_run, all_instants, together)
    runs = sorted(((test, at) for test in PERTURBATION_TESTS for at in instants), key=lambda run: run[0].last)
    for place, (test, at) in enumerate(runs):
        progress(f"{test.check.code} {test.check.title}", place / len(runs))
        _try(check_run, test, at)
    for at in instants:
        _booked(check_run, at)
    return [_result(check, check_run) for check in checks.CHECKS if check.needs is checks.Needs.MAKER], together


def _try(check_run: CheckRun, test: PerturbationTest, at: AsOf) -> None:
    compared = set(known_customers(check_run.ledger_rows, at))
    if test.bystanders:
        ids = sorted(compared)
        compared = {
            customer for customer, is_perturbed in zip(ids, changed.one_half(ids), strict=True) if not is_perturbed
        }
    zone, ledger_rows, expected = check_run.policy.zone, check_run.ledger_rows, check_run.true_at[at]
    try:
        if test.base is not None:
            ledger_rows = test.base(ledger_rows, at, zone)
            expected = check_run.features_of(ledger_rows, f"given rows {at}", [at])
        features = check_run.features_of(test.perturb(ledger_rows, at, zone), f"{test.when} {at}", [at])
    except MadeFeaturesError as error:
        _note_failure(check_run, test, at, error)
        return
    known_leaks = {name for leaks in check_run.leaks.values() for name in leaks} if test.last else set()
    for difference in differences(expected, features, about=lambda key: key[0] in compared):
        if difference.feature not in known_leaks:
            check_run.note(test.check, test.when, difference)


def _note_failure(check_run: CheckRun, test: PerturbationTest, at: AsOf, error: MadeFeaturesError) -> None:
    expected = check_run.true_at[at]
    for name in expected.columns:
        key = expected.keys[0]
        value = expected.columns[name][0].as_py()
        check_run.note(
            test.check, test.when, ValueDifference(name, len(expected.keys), len(expected.keys), key, value, str(error))
        )


def _across_instants(check_run: CheckRun, together: FeatureTable, all_instants: Sequence[AsOf]) -> None:
    """The older half of the instants by itself, and the newest by itself, are the same as among all instants."""
    ledger_rows, newest = check_run.ledger_rows, check_run.instants[-1]
    known_at = {at.naive: set(known_customers(ledger_rows, at)) for at in all_instants}
    older, upto = all_instants[: max(1, len(all_instants) // 2)], [at for at in all_instants if at <= newest]
    for check, when, first, second in (
        (
            checks.LATER_INSTANTS,
            "later instants are asked for with it",
            check_run.features_of(ledger_rows, "as it is", older),
            together.at(older),
        ),
        (
            checks.EARLIER_INSTANTS,
            "earlier instants are asked for with it",
            check_run.true_at[newest],
            check_run.features_of(ledger_rows, "as it is", upto).at([newest]),
        ),
    ):
        for difference in differences(first, second, about=lambda key: key[0] in known_at[key[1]]):
            check_run.note(check, when, difference)


def _under_other_names(check_run: CheckRun, all_instants: Sequence[AsOf], together: FeatureTable) -> None:
    ledger_rows, names = changed.renamed(check_run.ledger_rows)
    renamed = check_run.features_of(ledger_rows, "under other names", all_instants).named_back(names)
    shuffled = check_run.features_of(changed.shuffled(check_run.ledger_rows), "in another order", all_instants)
    for check, when, features in (
        (checks.NAMES, "customers get other ids", renamed),
        (checks.ORDER, "the ledger's rows come in another order", shuffled),
    ):
        for difference in differences(together, features, least=LEAST_MOVE):
            check_run.note(check, when, difference)


def _booked(check_run: CheckRun, at: AsOf) -> None:
    """A booking must not move a feature in the same rows as a similar order of the past."""
    customers = set(known_customers(check_run.ledger_rows, at))
    zone, ledger_rows, expected = check_run.policy.zone, check_run.ledger_rows, check_run.true_at[at]
    booked = check_run.features_of(added.ordering(added.BOOKED)(ledger_rows, at, zone), f"booked {at}", [at])
    ordered = check_run.features_of(added.ordering(added.ORDERED)(ledger_rows, at, zone), f"ordered {at}", [at])

    def of_known(key: Key) -> bool:
        return key[0] in customers

    by_order = {difference.feature: difference.rows for difference in differences(expected, ordered, about=of_known)}
    for difference in differences(expected, booked, about=of_known):
        if by_order.get(difference.feature, 0) >= BOTH_MOVE_SHARE * difference.rows:
            check_run.note(checks.COMMITMENTS, "orders are booked for five days later", difference)


def leak_of(check: FeatureCheck, when: str, difference: ValueDifference) -> Leak:
    """The leak that a difference shows, with its sentence."""
    customer, instant = difference.example
    example = {
        "customer_id": customer,
        "as_of": f"{instant}Z",
        "is": _shown(difference.first),
        "becomes": _shown(difference.second),
    }
    rows = f"{difference.rows:,} of {difference.of_rows:,} rows; for example {customer} as of {instant} UTC:"
    claim = check.tells.format(feature=difference.feature, what=when)
    sentence = f"{claim} {rows} {_shown(difference.first)} becomes {_shown(difference.second)}."
    return Leak(difference.feature, difference.rows, difference.of_rows, example, sentence)


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _result(check: FeatureCheck, check_run: CheckRun) -> CheckResult:
    leaks = tuple(check_run.leaks.get(check, {}).values())
    return CheckResult(check, CheckOutcome.FAILED if leaks else CheckOutcome.PASSED, leaks)
