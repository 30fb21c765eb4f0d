"""Here you find training from end to end, one sentence after another."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import perf_counter

from features import clock
from features.catalog import CATALOG_FINGERPRINT
from features.clock import AsOf
from features.home import Home
from features.ledger.ledger import Ledger
from features.ledger.mirror import read_ledger
from features.ledger.store import Store
from features.ledger_days import shut_days
from features.policy import Policy
from features.version import code_version
from models.bundle import Bundle
from models.findings import Finding, FindingKind, add
from models.manifest import Manifest
from models.registry import Promotion, keep_copy, next_number, promote
from training import tracking
from training.dataset import training_set
from training.draft import Draft, TooLittleToLearnError, bare_rule, draft
from training.folds import MOST_CONTEST_ORIGINS, Origins, origins_of
from training.frame import Frame, frame_of, refuse_days_to_come
from training.learn import Teacher
from training.report import calibration_picture, contest_picture, gap_picture, money_picture, saved
from training.run_record import metrics_of, parameters_of, tags_of
from training.verdict import Verdict

Progress = Callable[[str, float], None]
"""Told a step in plain words and the share of the work that is behind."""


def train(
    home: Home,
    policy: Policy,
    *,
    until: AsOf | None = None,
    horizon_days: int | None = None,
    active_days: int | None = None,
    seed: int = 0,
    progress: Progress = lambda _step, _share: None,
) -> Verdict:
    """The best model the ledger proves as of ``until``, tracked, registered and put into service.

    Raises:
        EmptyLedgerError: nothing to learn from.
        AsOfBeforeLedgerError: ``until`` is not after the ledger's first day.
        WindowError, HorizonBeyondLedgerError: a horizon or window that cannot be.
        FutureLedgerError: the ledger's last row lies in the future, and ``until`` is left open.
        TrackingError: MLflow did not keep it; the model in service stays.
    """
    started = perf_counter()
    progress("reading the ledger", 0.0)
    ledger = read_ledger(home, policy)
    if until is None:
        refuse_days_to_come(ledger, AsOf.of_instant(clock.now(), policy.zone))
    frame = frame_of(ledger, policy, until=until, horizon_days=horizon_days, active_days=active_days)
    progress("computing features of every customer at every origin", 0.05)
    chosen, origins = _drafted(ledger, frame, policy, seed, progress)
    store = Store.open(home)
    try:
        with tempfile.TemporaryDirectory() as place:
            progress("drawing pictures", 0.8)
            bundle = _bundle(chosen, frame, origins, ledger=ledger, policy=policy, number=next_number(store))
            sha256 = bundle.save(Path(place) / "bundle")
            pictures = _pictures(chosen, frame, Path(place))
            progress("keeping the run in MLflow", 0.85)
            run = tracking.Run(
                parameters=parameters_of(chosen, bundle, frame.until, seed=seed, unseen=origins.unseen),
                metrics=metrics_of(chosen, perf_counter() - started),
                tags=tags_of(bundle, sha256),
                pictures=pictures,
                bundle_folder=Path(place) / "bundle",
                bundle_sha256=sha256,
                code_version=code_version(),
            )
            kept = tracking.keep(home, run)
            progress("putting it into service", 0.95)
            keep_copy(home, Path(place) / "bundle")
        made_at = clock.now()
        record = _promotion(bundle, sha256, kept, frame=frame, sentence=chosen.sentence, at=made_at)
        promote(store, record, tracking_uri=home.tracking_uri)
        verdict = Verdict(
            until=frame.until,
            horizon_days=frame.horizon_days,
            active_days=frame.active_days,
            draft=chosen,
            bundle=bundle,
            bundle_sha256=sha256,
            remarks=(*frame.remarks, *origins.remarks),
            run_id=kept.run_id,
            tracking_uri=home.tracking_uri,
            seconds=perf_counter() - started,
        )
        add(store, _finding(verdict, ledger, made_at))
    finally:
        store.close()
    progress("done", 1.0)
    return verdict


def _drafted(ledger: Ledger, frame: Frame, policy: Policy, seed: int, progress: Progress) -> tuple[Draft, Origins]:
    with ledger.open() as connection:
        shut = frozenset(shut_days(connection, [frame.until], policy).column("day").to_pylist())
    origins = origins_of(
        frame.until, frame.horizon_days, frame.active_days, starts_on=frame.starts_on, zone=policy.zone, shut=shut
    )
    if not origins.close:
        needed = frame.horizon_days + max(frame.horizon_days, frame.active_days)
        held = (frame.until.day - frame.starts_on).days
        missing = f"The ledger holds {held} days before {frame.until.day}; a first closed window needs {needed}."
        return bare_rule(frame.horizon_days, missing), origins
    rows = training_set(ledger, origins, frame.active_days, policy)
    teacher = Teacher(ledger, rows, origins, policy, seed)
    steps = iter(range(1, 1000))
    most = 10 * min(len(origins.close), MOST_CONTEST_ORIGINS)

    def told(step: str) -> None:
        progress(step, min(0.25 + 0.5 * next(steps) / most, 0.78))

    try:
        return draft(teacher, active_days=frame.active_days, told=told), origins
    except TooLittleToLearnError as error:
        return bare_rule(frame.horizon_days, error.sentence), origins


def _bundle(chosen: Draft, frame: Frame, origins: Origins, *, ledger: Ledger, policy: Policy, number: int) -> Bundle:
    return Bundle(
        manifest=Manifest(
            version=f"rule: {chosen.name}" if chosen.is_rule else f"{chosen.name} {number}",
            is_rule=chosen.is_rule,
            note=chosen.note,
            horizon_days=frame.horizon_days,
            active_days=frame.active_days,
            fading_least_orders=policy.fading_least_orders,
            until=str(frame.until),
            origins=tuple(str(origin.day) for origin in origins.close),
            catalogue_fingerprint=CATALOG_FINGERPRINT,
            policy_digest=policy.digest,
            ledger_digest=ledger.digest,
            code_version=code_version(),
        ),
        reference=chosen.reference,
        shortfall=chosen.shortfall,
        churn=chosen.churn,
        decline=chosen.decline,
        interval=chosen.interval,
        usual_rates=chosen.usual_rates,
    )


def _pictures(chosen: Draft, frame: Frame, folder: Path) -> list[Path]:
    drawn = {"gaps": gap_picture(frame.proposal.curve, frame.horizon_days, frame.active_days)}
    if chosen.unseen is not None and chosen.outcome is not None:
        contest = {"calibration": calibration_picture, "money": money_picture, "contest": contest_picture}
        drawn |= {name: draw(chosen.unseen, chosen.outcome) for name, draw in contest.items()}
    return [saved(figure, folder / f"{name}.png") for name, figure in drawn.items()]


def _promotion(
    bundle: Bundle, sha256: str, kept: tracking.Kept, *, frame: Frame, sentence: str, at: datetime
) -> Promotion:
    return Promotion(
        bundle_sha256=sha256,
        version=bundle.version,
        promoted_at=at,
        until=frame.until.instant,
        run_id=kept.run_id,
        registered_version=kept.registered_version,
        code_version=bundle.manifest.code_version,
        ledger_digest=bundle.manifest.ledger_digest,
        sentence=sentence,
    )


def _finding(verdict: Verdict, ledger: Ledger, made_at: datetime) -> Finding:
    return Finding(
        kind=FindingKind.EVALUATION,
        as_of=verdict.until.instant,
        made_at=made_at,
        code_version=verdict.bundle.manifest.code_version,
        ledger_digest=ledger.digest,
        payload=verdict.record(),
        sentence=verdict.sentence,
    )
