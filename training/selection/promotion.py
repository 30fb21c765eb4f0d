"""Whether what was made is put into service, or the champion stays: every check that bears on it."""

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
"""Customers our own features are checked on in every training; the leak trap and the tests look at many more."""


@dataclass(frozen=True)
class Champion:
    """The model in service, and T of its training."""

    bundle: Bundle
    until: AsOf


@dataclass(frozen=True)
class Decision:
    """What serves from now on.

    Attributes:
        draft: what was made; the best rule instead of a model that must not be served.
        stays: the champion that goes on serving; None: what was made is put into service.
        checks: all there are, by code.
        sentence: who serves, and why.
    """

    winner: Winner
    stays: Champion | None
    checks: tuple[GateResult, ...]
    sentence: str

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """The checks that failed."""
        return tuple(each for each in self.checks if each.failed)


def decide(made: TrainedModel, champion: Champion | None, *, ledger: Ledger, policy: Policy, today: AsOf) -> Decision:
    """Who serves, once every check is made; ``today`` is the day the model is made for.

    A model that fails a check on itself is not served: the champion stays, or where there is none the best rule serves.
    A champion also stays where it is a model and what was made is a rule, where it tells chances and what was made
    tells none, and where a check on the change fails. One whose training looked beyond T, or whose features are made
    otherwise than today's, does not count.
    """
    standing = champion if champion is not None and _counts(champion, made) else None
    drafted, found = made.winner, list(made.winner.checks)
    if not drafted.is_rule:
        found.append(_no_leak(ledger, made.scope, policy))
        barred = failures(found, Bars.MODEL)
        if barred and made.context is not None:
            why = f"{barred[0].check.code} failed. {barred[0].sentence}"
            drafted = rule_instead(made.context, drafted, active_days=made.scope.active_days, why=why)
    found.append(_beats_champion(drafted, standing, made.scope))
    found.append(_fresh(ledger, today, policy))
    stays, sentence = _settled(drafted, standing, failures(found, Bars.CHANGE))
    return Decision(drafted, stays, tuple(sorted(found, key=lambda each: each.check.code)), sentence)


def _settled(drafted: Winner, standing: Champion | None, barred: tuple[GateResult, ...]) -> tuple[Champion | None, str]:
    if standing is None:
        return None, drafted.sentence
    stays = f"The champion, {standing.bundle.version}, stays."
    if drafted.churn is None and standing.bundle.churn is not None:
        return standing, f"{stays} {drafted.note}"
    if drafted.is_rule and not standing.bundle.is_rule:
        return standing, f"{stays} What was made now would be a rule. {drafted.sentence}"
    if barred:
        return standing, f"{stays} {barred[0].check.code} failed. {barred[0].sentence}"
    return None, drafted.sentence


def _counts(champion: Champion, made: TrainedModel) -> bool:
    learned = champion.bundle.manifest.catalogue_fingerprint
    return learned == CATALOG_FINGERPRINT and champion.until <= made.scope.until


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
    caught = [each.sentence for result in report.results for each in result.caught]
    said = caught[0] if caught else f"None of {len(report.features)} features sees beyond its instant."
    return checked(checks.NO_LEAK, report.passed, said)


def _beats_champion(drafted: Winner, standing: Champion | None, scope: TrainingScope) -> GateResult:
    if standing is None:
        return not_applicable(checks.BEATS_CHAMPION, "No champion serves that could be compared.")
    bundle, unseen = standing.bundle, drafted.unseen
    if bundle.churn is None or drafted.is_rule or unseen is None:
        return not_applicable(checks.BEATS_CHAMPION, "Only a model against chances can be compared: CF101 decides.")
    if (bundle.horizon_days, bundle.active_days) != (scope.horizon_days, scope.active_days):
        return not_applicable(checks.BEATS_CHAMPION, "The champion looks ahead otherwise: CF101 decides.")
    since = unseen.since(standing.until)
    if since is None:
        said = f"No window has closed since {standing.until.day}, when {bundle.version} was made: CF101 decides."
        return not_applicable(checks.BEATS_CHAMPION, said)
    return _compared(drafted, since, bundle)


def _compared(drafted: Winner, since: OutOfSample, bundle: Bundle) -> GateResult:
    scores = bundle.score(since.rows.snapshot)
    champion = scores.column("churn_probability").to_numpy()
    found = since.mean_interval(since.better(since.churn[drafted.name], champion))
    value = since.value(drafted.shortfall.kind, drafted.name)
    money = since.money_interval(value, scores.column("value_at_risk").to_numpy())
    said = (
        f"Against {bundle.version} on {len(since.origins)} dates since it was made: Brier better by "
        f"{found.estimate:+.3f} (95 %: {found.low:+.3f} … {found.high:+.3f}), money found {money.estimate:+.3f} "
        f"({money.low:+.3f} … {money.high:+.3f})."
    )
    return checked(checks.BEATS_CHAMPION, found.is_above_zero and FOUND_AT_LEAST.holds(money), said)


def _fresh(ledger: Ledger, today: AsOf, policy: Policy) -> GateResult:
    ends = AsOf.of_day(ledger.ends_on + timedelta(days=1), policy.zone)
    silent_days = max((today.day - min(ends, today).day).days, 0)
    said = f"Its last row is of {ledger.ends_on}, {silent_days} days before {today.day}."
    if silent_days <= policy.fresh_days:
        return checked(checks.FRESH, True, "Its last row is near the day it is trained for.")
    return checked(checks.FRESH, False, f"{said} Ingest what came since, then train again.")
