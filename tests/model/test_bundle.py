"""The bundle: its columns, what it refuses, and that files and memory score alike."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.catalog import CATALOG_FINGERPRINT
from features.snapshot import take_snapshot
from models.bundle import SCORED, Bundle, OtherCatalogueError, OtherFormError
from models.bundle_storage import DamagedBundleError, digest_of
from models.manifest import BundleError, Manifest
from models.reference import orders_expected
from models.shortfall import ShortfallKind
from tests.model.world import HORIZON, drafted, world
from tests.text_tables import POLICY, at
from training.selection.winner import Winner, bare_rule


def bundle_of(chosen: Winner) -> Bundle:
    manifest = Manifest(
        version="test 1",
        is_rule=chosen.is_rule,
        note=chosen.note,
        horizon_days=HORIZON,
        active_days=HORIZON,
        fading_least_orders=3.0,
        until="2026-01-01",
        origins=(),
        catalogue_fingerprint=CATALOG_FINGERPRINT,
        policy_digest="",
        ledger_digest="",
        code_version="0",
    )
    return Bundle(manifest, chosen.reference, chosen.shortfall, chosen.churn, chosen.decline, chosen.usual_rates)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return bundle_of(drafted())


@pytest.fixture(scope="module")
def scores(bundle: Bundle) -> pa.Table:
    return bundle.score(world().now)


def column(table: pa.Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)


def test_scores_have_the_promised_columns_in_the_snapshots_order(scores: pa.Table) -> None:
    assert scores.schema == SCORED
    assert scores.column("customer_id").to_pylist() == world().now.customer_ids


def test_who_never_ordered_has_no_score_and_everybody_else_has_a_chance(scores: pa.Table) -> None:
    never = pc.equal(scores.column("population"), "never").to_numpy(zero_copy_only=False)
    assert np.isnan(column(scores, "churn_probability")).tolist() == never.tolist()


def test_decline_is_churn_where_few_orders_are_expected_and_never_below_it(scores: pa.Table) -> None:
    churn, decline = column(scores, "churn_probability"), column(scores, "decline_probability")
    few = orders_expected(world().now, HORIZON) < 3
    known = ~np.isnan(churn)
    assert np.array_equal(churn[few & known], decline[few & known])
    assert np.all(decline[known] >= churn[known])


def test_the_intervals_hold_the_chance_and_the_value_at_risk(scores: pa.Table) -> None:
    churn, low, high = (column(scores, name) for name in ("churn_probability", "churn_low", "churn_high"))
    known = ~np.isnan(churn)
    assert np.all((low <= churn)[known])
    assert np.all((churn <= high)[known])
    at_risk, least, most = (column(scores, f"value_at_risk{end}") for end in ("", "_low", "_high"))
    known = ~np.isnan(at_risk)
    assert np.all((least >= 0)[known])
    assert np.all((least <= at_risk)[known])
    assert np.all((at_risk <= most)[known])
    assert np.all((most <= column(scores, "reference_sales"))[known])


def test_a_lapsed_customers_reference_is_that_of_the_day_after_its_last_order_in_todays_season(
    bundle: Bundle, scores: pa.Table
) -> None:
    here = world()
    place = pc.index(scores.column("population"), "lapsed").as_py()
    assert scores.column("reference_sales")[place].as_py() is None
    silence = int(here.now.feature("days_since_last_order")[place])
    then = take_snapshot(here.ledger, [at("2026-01-01").shifted(1 - silence, POLICY.zone)], POLICY)
    customer = here.now.customer_ids[place]
    season = bundle.reference.season.factor(here.now.as_of_days)[place]
    expected = bundle.reference.sales(then)[then.customer_ids.index(customer)] * season
    scored = bundle.score(here.now, after_last_order=then)
    assert scored.column("reference_sales")[place].as_py() == expected > 0
    assert scored.column("value_at_risk")[place].as_py() is not None


def test_expected_sales_of_closed_windows_add_up_to_what_was_sold(bundle: Bundle) -> None:
    rows = world().rows.active_at(world().origins.close)
    told = column(bundle.score(rows.snapshot), "expected_sales")
    assert float(told.sum()) == pytest.approx(float(rows.labels.net_sales.sum()), rel=0.03)


def test_a_saved_and_loaded_bundle_scores_the_same_to_the_bit(bundle: Bundle, scores: pa.Table, tmp_path: Path) -> None:
    sha256 = bundle.save(tmp_path / "b")
    assert Bundle.load(tmp_path / "b", sha256).score(world().now).equals(scores)


def test_two_trainings_with_one_seed_give_the_same_files(bundle: Bundle, tmp_path: Path) -> None:
    again = bundle_of(drafted.__wrapped__(5))
    assert bundle.save(tmp_path / "one") == again.save(tmp_path / "two")


def test_a_changed_file_is_refused_before_it_is_loaded(bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    sha256 = bundle.save(folder)
    record = folder / "bundle.json"
    record.write_text(record.read_text().replace("0.", "1.", 1))
    with pytest.raises(DamagedBundleError, match="differ from the record"):
        Bundle.load(folder, sha256)


def test_a_damaged_lightgbm_text_ends_a_child_and_not_this_process(tmp_path: Path) -> None:
    chosen = drafted()
    assert chosen.shortfall.kind is ShortfallKind.LEARNED
    folder = tmp_path / "b"
    bundle_of(chosen).save(folder)
    [text] = folder.glob("shortfall*.txt")
    text.write_text(text.read_text()[:3000])
    with pytest.raises(DamagedBundleError, match="LightGBM cannot read it"):
        Bundle.load(folder, digest_of(folder))


def test_a_whole_bundle_of_another_version_is_not_called_damaged(bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    bundle.save(folder)
    path = folder / "bundle.json"
    record = json.loads(path.read_text())
    del record["usual_rates"]
    path.write_text(json.dumps(record))
    with pytest.raises(
        OtherFormError,
        match=r"is complete, but callfirst .* does not read its format .*'usual_rates'.* it was written by",
    ) as caught:
        Bundle.load(folder, digest_of(folder))
    assert "callfirst train" in caught.value.hint


def test_a_snapshot_of_another_catalogue_is_refused_with_what_to_do(bundle: Bundle) -> None:
    with pytest.raises(OtherCatalogueError, match="callfirst train"):
        bundle.score(replace(world().now, catalogue_fingerprint="f" * 64))


def test_a_bare_rule_gives_no_chance_and_ranks_by_the_reference(tmp_path: Path) -> None:
    bare = bundle_of(bare_rule(HORIZON, "The ledger holds 20 days."))
    sha256 = bare.save(tmp_path / "b")
    scores = Bundle.load(tmp_path / "b", sha256).score(world().now)
    assert scores.column("churn_probability").null_count == len(scores)
    assert scores.column("expected_sales").null_count == len(scores)
    assert scores.column("value_at_risk").equals(scores.column("reference_sales"))
    with pytest.raises(BundleError):
        bare.contributions(world().now)


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("rule", "e9a3e288ae0c79c75e2007d1d89ff26f769361461fad70bcd970084bd0db1e42"),
        ("blend", "3e75d36154640aea6b7461435c7477ececf30118094f33d340b43bc7d3eca578"),
    ],
)
def test_a_bundle_saved_on_2026_12_01_is_read_and_saved_again_to_the_same_bytes(
    name: str, sha256: str, tmp_path: Path
) -> None:
    """``blend``: the members of a real one, each with few terms or one tree, and one curve of each kind."""
    stored = Bundle.load(Path(__file__).parent / "bundles" / name, sha256)
    assert stored.save(tmp_path / name) == sha256
