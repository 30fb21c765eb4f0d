"""Training from end to end."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter

from features import clock
from features.clock import AsOf
from features.home import Home
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.database import Store, open_store
from features.policy import Policy
from features.progress import Progress, no_progress
from features.version import code_version
from models.bundle import Bundle
from models.findings import FindingKind, add, finding_of
from models.manifest import BundleError
from models.registry import Promotion, keep_copy, next_number, promote, promotions, sound_copy
from training.dataset.scope import TrainingScope, refuse_days_to_come, scope_of
from training.fitting.tuning import Budget
from training.plots.training import calibration_picture, contest_picture, gap_picture, money_picture, saved
from training.selection.build import bundle_of, train_model
from training.selection.promotion import Champion, decide
from training.selection.winner import Winner
from training.tracking import mlflow_run as tracking
from training.tracking.model_card import model_card
from training.tracking.run_record import metrics_of, parameters_of, tags_of, windows_of
from training.tracking.verdict import Verdict


def train(
    home: Home,
    policy: Policy,
    *,
    until: AsOf | None = None,
    horizon_days: int | None = None,
    active_days: int | None = None,
    seed: int = 0,
    tuning: Budget | None = None,
    may_be_older: bool = False,
    progress: Progress = no_progress,
) -> Verdict:
    """The best model that the ledger proves as of ``until``, tracked, registered and, if checks pass, put into service.

    ``tuning``: the budget for better settings, on windows that the contest then does not use; None: no tuning.
    ``may_be_older``: whether it may replace a champion with a later T; a backtest leaves that champion in service.

    Raises:
        EmptyLedgerError: nothing to learn from.
        AsOfBeforeLedgerError: ``until`` is not after the ledger's first day.
        WindowError, HorizonBeyondLedgerError: a horizon or window that cannot be.
        FutureLedgerError: the ledger's last row lies in the future, and ``until`` is left open.
        TrackingError, AliasError: MLflow did not keep it, or not make it champion; the model in service stays.
    """
    started = perf_counter()
    progress("reading the ledger", 0.0)
    ledger = read_ledger(home, policy)
    today = until or AsOf.of_instant(clock.now(), policy.zone)
    if until is None:
        refuse_days_to_come(ledger, today)
    scope = scope_of(ledger, policy, until=until, horizon_days=horizon_days, active_days=active_days)
    progress("computing features of every customer at every origin", 0.05)
    trained = train_model(ledger, scope, policy, seed=seed, progress=progress, tuning=tuning)
    with open_store(home) as store:
        progress("running the checks, comparing with the champion", 0.78)
        champion, champion_remarks = _champion(store, home, policy)
        decision = decide(trained, champion, ledger=ledger, policy=policy, today=today, may_be_older=may_be_older)
        winner, origins = decision.winner, trained.origins
        with tempfile.TemporaryDirectory() as place:
            progress("drawing pictures", 0.8)
            bundle = bundle_of(trained, winner, ledger, policy, number=next_number(store))
            sha256 = bundle.save(Path(place) / "bundle")
            pictures = _pictures(winner, scope, Path(place))
            remarks = (*scope.remarks, *origins.remarks, *trained.remarks, *champion_remarks)
            card = model_card(bundle, decision, remarks)
            progress("storing the run in MLflow", 0.85)
            run = tracking.MlflowRun(
                parameters=parameters_of(winner, bundle, scope.until, seed=seed, unseen=origins.unseen),
                metrics=metrics_of(winner, perf_counter() - started),
                tags=tags_of(bundle, sha256),
                windows=windows_of(winner.unseen),
                card=card,
                pictures=pictures,
                bundle_folder=Path(place) / "bundle",
                bundle_sha256=sha256,
                ledger_digest=ledger.digest,
                code_version=code_version(),
            )
            logged = tracking.keep(home, run)
            progress("putting it into service", 0.95)
            keep_copy(home, Path(place) / "bundle")
        finished_at = clock.now()
        record = _promotion(bundle, sha256, logged, scope=scope, sentence=decision.sentence, at=finished_at)
        if decision.stays is None:
            promote(store, record, tracking_uri=home.tracking_uri)
        verdict = Verdict(
            until=scope.until,
            horizon_days=scope.horizon_days,
            active_days=scope.active_days,
            decision=decision,
            bundle=bundle,
            bundle_sha256=sha256,
            remarks=remarks,
            card=card,
            run_id=logged.run_id,
            tracking_uri=home.tracking_uri,
            seconds=perf_counter() - started,
        )
        finding = finding_of(FindingKind.EVALUATION, verdict, ledger, as_of=scope.until, made_at=finished_at)
        add(store, finding)
        add(store, replace(finding, kind=FindingKind.CHECKS, payload=verdict.checks_record(record)))
    progress("done", 1.0)
    return verdict


def _pictures(winner: Winner, scope: TrainingScope, folder: Path) -> list[Path]:
    drawn = {"gaps": gap_picture(scope.proposal.curve, scope.horizon_days, scope.active_days)}
    if winner.unseen is not None and winner.outcome is not None:
        contest = {"calibration": calibration_picture, "money": money_picture, "contest": contest_picture}
        drawn |= {name: draw(winner.unseen, winner.outcome) for name, draw in contest.items()}
    return [saved(figure, folder / f"{name}.png") for name, figure in drawn.items()]


def _promotion(
    bundle: Bundle, sha256: str, logged: tracking.LoggedRun, *, scope: TrainingScope, sentence: str, at: datetime
) -> Promotion:
    return Promotion(
        bundle_sha256=sha256,
        version=bundle.version,
        promoted_at=at,
        until=scope.until.instant,
        run_id=logged.run_id,
        registered_version=logged.registered_version,
        code_version=bundle.manifest.code_version,
        ledger_digest=bundle.manifest.ledger_digest,
        sentence=sentence,
    )


def _champion(store: Store, home: Home, policy: Policy) -> tuple[Champion | None, tuple[str, ...]]:
    """The model in service if it can be loaded; else the remark that says why it does not count."""
    record = next(iter(promotions(store)), None)
    if record is None:
        return None, ()
    try:
        return Champion(sound_copy(home, record), AsOf.of_instant(record.until, policy.zone)), ()
    except BundleError as error:
        return None, (f"The champion, {record.version}, does not count. {error.sentence}",)
