"""A training in MLflow: a run with its figures, pictures, data set and model.

It has a child run for every candidate of the contest, and each of these has one for every window it forecast.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy.exc import SQLAlchemyError

from features import clock
from features.catalog import CATALOG
from features.errors import first_line
from features.home import Home
from models.bundle import SCORED
from models.registry import REGISTERED_NAME
from training.errors import TrainingError
from training.tracking.run_record import WindowFigures

EXPERIMENT = "callfirst"
DIGEST_LENGTH = 36  # as much as MLflow keeps
MODEL_CODE = Path(__file__).with_name("mlflow_model.py")
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


class TrackingError(TrainingError):
    """MLflow cannot be reached or refuses."""

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(
            f"MLflow at {uri} could not store the training: {problem}. The model in service stays.",
            "Check CALLFIRST_MLFLOW_URI and write access there, then train again.",
        )


@dataclass(frozen=True)
class LoggedRun:
    """The places of a run and its model in MLflow."""

    run_id: str
    registered_version: str


@dataclass(frozen=True)
class MlflowRun:
    """The content of one training's run.

    Attributes:
        windows: candidate → its figures at every contest origin.
        card: the model card, Markdown. pictures: files. bundle_folder: registered as the model.
        ledger_digest: of the data set.
    """

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    windows: Mapping[str, Sequence[WindowFigures]]
    card: str
    pictures: Sequence[Path]
    bundle_folder: Path
    bundle_sha256: str
    ledger_digest: str
    code_version: str


def make_quiet() -> None:
    """Sets MLflow to send no telemetry, give up soon and show no bars, unless the environment says otherwise."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def keep(home: Home, run: MlflowRun) -> LoggedRun:
    """The run and its registered model (without an alias), stored in MLflow.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    make_quiet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.exceptions import MlflowException

        try:
            return _keep(home, run)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrackingError(home.tracking_uri, first_line(error)) from None


def _keep(home: Home, run: MlflowRun) -> LoggedRun:
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if home.tracking_uri.startswith("sqlite:"):
        home.model_store.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(home.tracking_uri)
    client = MlflowClient(home.tracking_uri)
    experiment = _experiment(client, home)
    started = client.create_run(experiment, tags=dict(run.tags), run_name=run.tags["served"])
    run_id = str(started.info.run_id)
    try:
        _log(client, run_id, run)
        _log_candidates(client, experiment, run_id, run.windows)
        with mlflow.start_run(run_id=run_id):
            logged = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(MODEL_CODE),
                artifacts={"bundle": str(run.bundle_folder)},
                model_config={"sha256": run.bundle_sha256},
                signature=_signature(),
                pip_requirements=[f"callfirst=={run.code_version}"],
            )
        version = _register(client, str(logged.model_uri), run_id)
    except BaseException:
        with suppress(MlflowException, SQLAlchemyError, OSError):  # the error on its way says what went wrong
            client.set_terminated(run_id, status="FAILED")
        raise
    return LoggedRun(run_id, version)


def _log(client: Any, run_id: str, run: MlflowRun) -> None:
    from mlflow.entities import Metric, Param

    now = int(clock.now().timestamp() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0) for name, value in run.metrics.items()],
        params=[Param(name, str(value)) for name, value in run.parameters.items()],
    )
    client.log_inputs(run_id, [_data_set(run.ledger_digest)])
    client.log_text(run_id, run.card, "model_card.md")
    for picture in run.pictures:
        client.log_artifact(run_id, str(picture), "pictures")


def _log_candidates(client: Any, experiment: str, parent: str, windows: Mapping[str, Sequence[WindowFigures]]) -> None:
    """A finished child run per candidate, with a step per window, and below it one run per window."""
    from mlflow.entities import Metric

    now = int(clock.now().timestamp() * 1000)

    def below(run_id: str, name: str, metrics: Sequence[Metric]) -> str:
        tags = {"mlflow.parentRunId": run_id}
        child = str(client.create_run(experiment, tags=tags, run_name=name).info.run_id)
        client.log_batch(child, metrics=metrics)
        client.set_terminated(child)
        return child

    for candidate, figures in windows.items():
        steps = [
            Metric(name, value, now, step)
            for step, window in enumerate(figures)
            for name, value in window.metrics.items()
        ]
        candidate_run = below(parent, candidate, steps)
        for window in figures:
            below(
                candidate_run,
                f"{candidate} from {window.origin}",
                [Metric(*item, now, 0) for item in window.metrics.items()],
            )


def _data_set(ledger_digest: str) -> Any:
    """The ledger by its digest alone: it identifies the training data without storing any of it."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    ledger = Dataset(
        name="ledger",
        digest=ledger_digest[:DIGEST_LENGTH],
        source_type="callfirst",
        source=json.dumps({"ledger_digest": ledger_digest}),
    )
    return DatasetInput(dataset=ledger, tags=[InputTag("mlflow.data.context", "training")])


def _signature() -> Any:
    """The input and output columns of a model.

    A feature may be integers or doubles: pandas reads it by whether a value is missing.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType

    kinds = {pa.string(): DataType.string, pa.timestamp("us"): DataType.datetime, pa.float64(): DataType.double}
    keys = [ColSpec(DataType.string, "customer_id"), ColSpec(DataType.datetime, "as_of")]
    features_taken = [ColSpec(AnyType(), feature.name, required=False) for feature in CATALOG]  # type: ignore[no-untyped-call]
    return ModelSignature(
        Schema([*keys, *features_taken]), Schema([ColSpec(kinds[field.type], field.name) for field in SCORED])
    )


def _experiment(client: Any, home: Home) -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        return str(experiment.experiment_id)
    is_ours = home.tracking_uri.startswith("sqlite:")
    place = (home.model_store / "artifacts").resolve().as_uri() if is_ours else None
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def _register(client: Any, model_uri: str, run_id: str) -> str:
    if not client.search_registered_models(f"name = '{REGISTERED_NAME}'"):
        client.create_registered_model(REGISTERED_NAME, description="Whom to call first, and what is at risk.")
    return str(client.create_model_version(REGISTERED_NAME, source=model_uri, run_id=run_id).version)
