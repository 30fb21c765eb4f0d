"""The decision to serve a new model or to keep the champion, with every check behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from features.catalog import CATALOG_FINGERPRINT
from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.policy import Policy
from models.bundle import Bundle
from training.checks.own_catalogue import check_own_features
from training.dataset.scope import TrainingScope
from training.selection import gates as checks
from training.selection.build import TrainedModel
from training.selection.contest import FOUND_AT_LEAST
from training.selection.gates import Bars, GateResult, checked, failures, not_applicable
from training.selection.out_of_sample import OutOfSample
from training.selection.winner import Winner, rule_instead

LEAK_CUSTOMERS = 60
"""Customers on which every training checks our own features; the leak trap and the tests take many more."""


@dataclass(frozen=True)
class Champion:
    """The model in service, and T of its training."""

    bundle: Bundle
    until: AsOf


@dataclass(frozen=True)
class Decision:
    """The model or rule that serves from now on.

    Attributes:
        winner: of this training; the best rule in place of a model that must not serve.
        stays: the champion that goes on serving; None: the winner is put into service.
        checks: all results, by code.
        sentence: what serves, and why.
    """

    winner: Winner
    stays: Champion | None
    checks: tuple[GateResult, ...]
    sentence: str

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """The checks that failed."""
        return tuple(result for result in self.checks if result.failed)


def decide(
    trained: TrainedModel,
    champion: Champion | None,
    *,
    ledger: Ledger,
    policy: Policy,
    today: AsOf,
    may_be_older: bool = False,
) -> Decision:
    """The decision after every check; ``today`` is the day the model is made for.

    A model that fails a check on itself does not serve: the champion stays, and where there is none the best rule
    serves. The champion also stays where it has a later T (unless ``may_be_older``), where it is a model and the winner
    a rule, where it has chances and the winner has none, and where a check on the change fails. A champion with another
    catalogue of features does not count.
    """
    standing = champion if champion is not None and _counts(champion) else None
    winner, results = trained.winner, list(trained.winner.checks)
    if not winner.is_rule:
        results.append(_no_leak(ledger, trained.scope, policy))
        barred = failures(results, Bars.MODEL)
        if barred and trained.context is not None:
            why = f"{barred[0].check.code} failed. {barred[0].sentence}"
            winner = rule_instead(trained.context, winner, active_days=trained.scope.active_days, why=why)
    results.append(_beats_champion(winner, standing, trained.scope))
    results.append(_fresh(ledger, today, policy))
    until = None if may_be_older else trained.scope.until
    stays, sentence = _champion_that_stays(winner, standing, failures(results, Bars.CHANGE), until=until)
    return Decision(winner, stays, tuple(sorted(results, key=lambda result: result.check.code)), sentence)


def _champion_that_stays(
    winner: Winner, standing: Champion | None, barred: tuple[GateResult, ...], *, until: AsOf | None
) -> tuple[Champion | None, str]:
    """The champion where it stays, and the sentence; ``until``: T of the winner, None where it may be older."""
    if standing is None:
        return None, winner.sentence
    stays = f"The champion, {standing.bundle.version}, stays."
    if until is not None and until < standing.until:
        return standing, (
            f"{stays} It was trained as of {standing.until.day}, this run as of {until.day}: an older training is "
            "stored, but put into service only with --promote."
        )
    if winner.churn is None and standing.bundle.churn is not None:
        return standing, f"{stays} {winner.note}"
    if winner.is_rule and not standing.bundle.is_rule:
        return standing, f"{stays} The new winner would be a rule. {winner.sentence}"
    if barred:
        return standing, f"{stays} {barred[0].check.code} failed. {barred[0].sentence}"
    return None, winner.sentence


def _counts(champion: Champion) -> bool:
    return champion.bundle.manifest.catalogue_fingerprint == CATALOG_FINGERPRINT


def _no_leak(ledger: Ledger, scope: TrainingScope, policy: Policy) -> GateResult:
    instant = scope.until.shifted(-scope.horizon_days, policy.zone)
    report = check_own_features(
        ledger,
        policy,
        until=scope.until,
        horizon_days=scope.horizon_days,
        as_ofs=[instant],
        most_customers=LEAK_CUSTOMERS,
    )
    leaks = [leak.sentence for result in report.results for leak in result.caught]
    sentence = leaks[0] if leaks else f"None of {len(report.features)} features sees beyond its instant."
    return checked(checks.NO_LEAK, report.passed, sentence)


def _beats_champion(winner: Winner, standing: Champion | None, scope: TrainingScope) -> GateResult:
    if standing is None:
        return not_applicable(checks.BEATS_CHAMPION, "There is no champion to compare with.")
    bundle, unseen = standing.bundle, winner.unseen
    if scope.until < standing.until:
        sentence = (
            f"The champion was trained as of {standing.until.day}, so every window of this contest was open to it."
        )
        return not_applicable(checks.BEATS_CHAMPION, sentence)
    if bundle.churn is None or winner.is_rule or unseen is None:
        return not_applicable(
            checks.BEATS_CHAMPION, "Only a model with chances can be compared with another one: CF101 decides."
        )
    if (bundle.horizon_days, bundle.active_days) != (scope.horizon_days, scope.active_days):
        return not_applicable(
            checks.BEATS_CHAMPION, "The champion has another horizon or active window: CF101 decides."
        )
    since = unseen.since(standing.until)
    if since is None:
        sentence = f"No window has closed since {standing.until.day}, when {bundle.version} was made: CF101 decides."
        return not_applicable(checks.BEATS_CHAMPION, sentence)
    return _compared(winner, since, bundle)


def _compared(winner: Winner, since: OutOfSample, bundle: Bundle) -> GateResult:
    scores = bundle.score(since.rows.snapshot)
    champion = scores.column("churn_probability").to_numpy()
    improvement = since.mean_interval(since.better(since.churn[winner.name], champion))
    value = since.value(winner.shortfall.kind, winner.name)
    money = since.money_interval(value, scores.column("value_at_risk").to_numpy())
    sentence = (
        f"Against {bundle.version} on {len(since.origins)} dates since it was made: Brier better by "
        f"{improvement.estimate:+.3f} (95 %: {improvement.low:+.3f} … {improvement.high:+.3f}), "
        f"money found {money.estimate:+.3f} ({money.low:+.3f} … {money.high:+.3f})."
    )
    return checked(checks.BEATS_CHAMPION, improvement.is_above_zero and FOUND_AT_LEAST.holds(money), sentence)


def _fresh(ledger: Ledger, today: AsOf, policy: Policy) -> GateResult:
    ends = AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone)
    silent_days = max((today.day - min(ends, today).day).days, 0)
    sentence = f"Its last row is of {ledger.ends_on}, {silent_days} days before {today.day}."
    if silent_days <= policy.fresh_days:
        return checked(checks.FRESH, True, "Its last row is close to the day it is trained for.")
    return checked(checks.FRESH, False, f"{sentence} Ingest the newer rows, then train again.")
