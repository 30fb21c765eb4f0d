"""Training through its door: the run in MLflow, the registered champion, and what serves where MLflow is gone."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv
import pytest

from features.clock import now
from features.home import Home
from features.ledger.demo.company import invent_company
from features.ledger.errors import AsOfBeforeLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.store.database import open_store
from features.snapshot import take_snapshot
from models.bundle import SCORED
from models.findings import FindingKind, newest
from models.registry import NoChampionError, champion, promotions
from tests.text_tables import POLICY, at
from training.pipeline import train
from training.tracking.mlflow_run import TrackingError
from training.tracking.verdict import Verdict

CIRCLES = ("everybody", "top_value_tier", "newcomers", "key_accounts")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("home")
    company = invent_company(ends_on=date(2025, 12, 31), seed=3, customers=120, years=3)
    pyarrow.csv.write_csv(company.orders, folder / "orders.csv")
    there = Home(folder)
    ingest(
        IngestRequest(
            "orders", InputFiles([folder / "orders.csv"]), home=there, policy=POLICY, currency="EUR", now=now()
        )
    )
    return there


@pytest.fixture(scope="module")
def verdict(home: Home) -> Verdict:
    with pytest.raises(NoChampionError, match="callfirst train"):
        champion(home)
    return train(home, POLICY, until=at("2026-01-01"), horizon_days=90, active_days=90, seed=1)


def test_the_champion_of_the_record_scores_as_mlflows_champion_does(home: Home, verdict: Verdict) -> None:
    import mlflow

    snapshot = take_snapshot(read_ledger(home, POLICY), [verdict.until], POLICY)
    ours = champion(home).score(snapshot).to_pandas()
    mlflow.set_tracking_uri(home.tracking_uri)
    theirs = mlflow.pyfunc.load_model("models:/callfirst@champion").predict(snapshot.table.to_pandas())
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_the_run_holds_every_candidates_figures_pictures_and_what_it_was_made_of(home: Home, verdict: Verdict) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking_uri)
    run = client.get_run(verdict.run_id)
    assert {f"{name}.brier" for name in ("recency", "low_frequency", "callfirst")} <= set(run.data.metrics)
    assert {f"calibration.{circle}.forecasts" for circle in CIRCLES} <= set(run.data.metrics)
    assert (
        run.data.metrics["calibration.everybody.predicted"]
        == verdict.record()["circles"][0]["calibration"]["predicted"]
    )
    assert run.data.tags["ledger_digest"] == verdict.bundle.manifest.ledger_digest
    assert run.data.tags["bundle_sha256"] == verdict.bundle_sha256
    assert "| top value tier |" in verdict.card
    pictures = {each.path for each in client.list_artifacts(verdict.run_id, "pictures")}
    assert pictures == {f"pictures/{name}.png" for name in ("gaps", "calibration", "money", "contest")}


def test_below_the_run_stands_one_per_candidate_and_below_that_one_per_window(home: Home, verdict: Verdict) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking_uri)
    experiment = client.get_run(verdict.run_id).info.experiment_id

    def below(run_id: str) -> dict[str, Any]:
        found = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")
        return {run.info.run_name: run for run in found}

    unseen = verdict.winner.unseen
    assert unseen is not None
    candidates = below(verdict.run_id)
    assert set(candidates) == set(unseen.churn)
    recency = candidates["recency"]
    windows = below(recency.info.run_id)
    assert len(windows) == len(np.unique(unseen.rows.origin))
    steps = client.get_metric_history(recency.info.run_id, "brier")
    assert {
        f"recency from {origin}" for origin in np.unique(unseen.rows.origin).astype("datetime64[us]").astype("M8[D]")
    } == set(windows)
    assert sorted(each.value for each in steps) == sorted(run.data.metrics["brier"] for run in windows.values())


def test_the_run_names_its_data_set_by_digest_and_its_model_what_it_takes_and_gives(
    home: Home, verdict: Verdict
) -> None:
    import mlflow
    from mlflow import MlflowClient

    (data,) = MlflowClient(home.tracking_uri).get_run(verdict.run_id).inputs.dataset_inputs
    assert verdict.bundle.manifest.ledger_digest.startswith(data.dataset.digest)
    mlflow.set_tracking_uri(home.tracking_uri)
    signature = mlflow.models.get_model_info("models:/callfirst@champion").signature
    assert {"customer_id", "as_of", "days_since_last_order"} <= set(signature.inputs.input_names())
    assert signature.outputs.input_names() == SCORED.names


def test_the_contest_is_kept_as_a_finding(home: Home, verdict: Verdict) -> None:
    with open_store(home) as store:
        found = newest(store, FindingKind.EVALUATION)
    assert found is not None
    assert found.sentence == verdict.sentence
    assert found.payload["bundle_sha256"] == verdict.bundle_sha256


def test_the_champion_is_loaded_without_mlflow(home: Home, verdict: Verdict) -> None:
    code = (
        "import sys; from pathlib import Path; from features.home import Home; from models.registry import champion; "
        f"print(champion(Home(Path({str(home.root)!r}))).version); assert 'mlflow' not in sys.modules"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert told.stdout.strip() == verdict.bundle.version


def test_mlflow_out_of_reach_leaves_the_champion_in_service(
    home: Home, verdict: Verdict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CALLFIRST_MLFLOW_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    with pytest.raises(TrackingError, match="model in service stays"):
        train(home, POLICY, until=at("2025-06-01"), horizon_days=90, active_days=90)
    with open_store(home) as store:
        known = promotions(store)
    assert known[0].bundle_sha256 == verdict.bundle_sha256


def test_training_before_the_ledger_begins_is_refused(home: Home) -> None:
    with pytest.raises(AsOfBeforeLedgerError):
        train(home, POLICY, until=at("2001-01-01"))
