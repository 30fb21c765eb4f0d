"""Which model serves, changed by one command: promote and rollback, also where MLflow is out of reach."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from callfirst import app
from features.errors import CallfirstError
from features.home import Home
from features.ledger.store.database import open_store
from models import registry
from models.registry import AliasError, champion, promotions
from tests.http_client import serve_rule
from tests.specs.serving.test_scores import BARE_RULE


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three rules served one after another: first, second, third."""
    there = Home(tmp_path / "home")
    for version in ("first", "second", "third"):
        serve_rule(there, replace(BARE_RULE, manifest=replace(BARE_RULE.manifest, version=version)))
    return there


def asked(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home.root), "models", *arguments])


def told(home: Home, *arguments: str) -> dict[str, Any]:
    done = asked(home, *arguments, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def served(home: Home) -> list[str]:
    with open_store(home) as store:
        return [each.version for each in reversed(promotions(store))]


def test_rollback_goes_one_further_back_each_time_and_the_record_keeps_every_step(home: Home) -> None:
    assert told(home, "rollback")["version"] == champion(home).version == "second"
    assert told(home, "rollback")["version"] == champion(home).version == "first"
    assert served(home) == ["first", "second", "third", "second", "first"]
    refused = asked(home, "rollback")
    assert isinstance(refused.exception, CallfirstError)
    assert refused.exception.sentence == "No model served before 'first', so there is none to go back to."
    assert champion(home).version == "first"


def test_after_a_rollback_a_promotion_goes_forward_again(home: Home) -> None:
    told(home, "rollback")
    assert told(home, "promote", "third")["changed"]
    assert champion(home).version == "third"
    assert told(home, "rollback")["version"] == "second"


def test_promoting_the_champion_changes_nothing(home: Home) -> None:
    assert not told(home, "promote", "third")["changed"]
    assert served(home) == ["first", "second", "third"]


def test_what_mlflow_could_not_be_told_is_said_and_the_model_serves(home: Home) -> None:
    said = asked(home, "promote", "first")
    assert said.exit_code == 0
    assert "In service: first" in said.output
    assert "did not move its alias" in said.output
    assert f"callfirst models promote {promotion(home, 'first')[:12]}" in said.output
    assert champion(home).version == "first"


def promotion(home: Home, version: str) -> str:
    with open_store(home) as store:
        return next(each.bundle_sha256 for each in promotions(store) if each.version == version)


def test_mlflow_out_of_reach_in_the_last_step_of_a_training_leaves_the_champion_in_service(home: Home) -> None:
    with open_store(home) as store:
        first = promotions(store)[-1]
        nowhere = f"sqlite:///{home.root}/no/such/folder/mlflow.db"
        with pytest.raises(AliasError, match="The model in service stays") as refused:
            registry.promote(store, first, tracking_uri=nowhere)
    assert "train again" in refused.value.hint
    assert served(home) == ["first", "second", "third"]


def test_a_name_nobody_bears_is_refused_and_the_champion_serves_on(home: Home) -> None:
    refused = asked(home, "promote", "fourth")
    assert isinstance(refused.exception, CallfirstError)
    assert refused.exception.sentence == "No stored model is called 'fourth'."
    assert champion(home).version == "third"


def test_a_model_whose_copy_was_deleted_is_not_promoted_and_the_champion_serves_on(home: Home) -> None:
    shutil.rmtree(home.bundles / promotion(home, "first"))
    refused = asked(home, "promote", "first")
    assert isinstance(refused.exception, CallfirstError)
    assert "damaged" in refused.exception.sentence
    assert served(home) == ["first", "second", "third"]


def test_where_the_champion_was_deleted_one_command_brings_the_last_good_one_back(home: Home) -> None:
    shutil.rmtree(home.bundles / promotion(home, "third"))
    with pytest.raises(CallfirstError, match="Train again"):
        champion(home)
    told(home, "rollback")
    assert champion(home).version == "second"
