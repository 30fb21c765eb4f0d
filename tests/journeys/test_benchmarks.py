"""The benchmarks compare like with like: a ledger as promised, rivals that find our features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.machine import pinned
from benchmarks.speed.big_ledger import write_big_ledger
from benchmarks.speed.contest import disagreements
from benchmarks.speed.prepared import BigLedger
from benchmarks.speed.rival_catalogue import RIVAL_CATALOGUE, RIVAL_NAMES
from benchmarks.speed.rivals.answer import checks_of
from features.clock import AsOf
from features.ledger.ingest.in_memory import ledger_of
from features.ledger.ledger import Ledger
from features.policy import Policy
from features.snapshot import take_snapshot

POLICY = Policy()
DATES = (date(2025, 3, 1), date(2026, 1, 1))
RIVALS = {"duckdb_sql": "duckdb", "pandas_frames": "pandas", "pandas_sorted": "pandas", "polars_frames": "polars"}
HERE = [script for script, package in RIVALS.items() if find_spec(package)]  # polars is not among our dependencies


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> BigLedger:
    return BigLedger(20_000, tmp_path_factory.mktemp("big")).prepare()


@pytest.fixture(scope="module")
def ours(big: BigLedger) -> pa.Table:
    return _features(big.ledger())


def test_of_the_made_up_lines_2_in_100_are_late_and_1_in_100_is_corrected_1_to_30_days_after(tmp_path: Path) -> None:
    lines = 200_000
    rows = write_big_ledger(lines, tmp_path / "raw.parquet", seed=1)
    ledger = pq.read_table(tmp_path / "raw.parquet").to_pandas()
    versions = ledger.sort_values("known_at", kind="stable").groupby(["order_id", "line_id"])
    first, second = versions.nth(0), versions.nth(1)
    assert (len(ledger), len(first), len(first) + len(second)) == (rows, lines, rows)
    late = (first.known_at - first.ordered_at).dt.total_seconds() / 86_400
    assert (late > 0).mean() == pytest.approx(0.02, abs=0.002)
    assert late[late > 0].between(1, 30).all()
    assert len(second) / lines == pytest.approx(0.01, abs=0.001)
    both = first.merge(second, on=["order_id", "line_id", "customer_id", "product_id", "ordered_at"])
    assert len(both) == len(second)
    assert ((both.known_at_y - both.known_at_x).dt.total_seconds() / 86_400).between(1, 30).all()
    assert (both.amount_x != both.amount_y).all()


def test_the_same_seed_gives_the_same_export_in_the_order_it_became_known(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_big_ledger(5_000, tmp_path / name, seed=3)
    one, other = pq.read_table(tmp_path / "one"), pq.read_table(tmp_path / "other")
    assert one.equals(other)
    assert (np.diff(one.column("known_at").to_numpy().astype(np.int64)) >= 0).all()


def test_the_prepared_ledger_is_what_intake_makes_of_the_export(big: BigLedger, ours: pa.Table) -> None:
    assert _features(ledger_of(pq.read_table(big.raw()), None, POLICY)).equals(ours)


def test_the_rivals_features_are_all_in_the_catalogue() -> None:
    assert {feature.name for feature in RIVAL_CATALOGUE} == set(RIVAL_NAMES)


@pytest.mark.parametrize("script", HERE)
def test_a_rival_finds_our_features(script: str, big: BigLedger, ours: pa.Table) -> None:
    rival = import_module(f"benchmarks.speed.rivals.{script}")
    as_table: Callable[[Any], pa.Table] = getattr(rival, "as_table", lambda table: table)
    loaded = rival.load(str(big.rivals))
    theirs = pa.concat_tables(as_table(rival.features_at(loaded, day)) for day in DATES)
    assert disagreements(_answer(ours), _answer(theirs)) == []
    assert set(theirs.column_names) - {"customer_id"} == set(RIVAL_NAMES)


def test_swapped_values_of_two_customers_are_a_disagreement(ours: pa.Table) -> None:
    ids = ours.column("customer_id").take(np.r_[1, 0, 2 : len(ours)])
    swapped = ours.set_column(ours.column_names.index("customer_id"), "customer_id", ids)
    assert "net_sales_lifetime" in disagreements(_answer(ours), _answer(swapped))


def test_the_rivals_have_our_versions_of_what_we_share() -> None:
    ours = dict(line.split(" ")[0].split("==") for line in _lock() if line[0].isalpha() and "==" in line)
    shared = ("duckdb", "pandas", "pyarrow")
    assert {name: pinned()[name] for name in shared} == {name: ours[name] for name in shared}


def _lock() -> list[str]:
    return (Path(__file__).parents[2] / "requirements.lock").read_text(encoding="utf-8").splitlines()


def _features(ledger: Ledger) -> pa.Table:
    as_ofs = [AsOf.of_day(day, POLICY.zone) for day in DATES]
    return take_snapshot(ledger, as_ofs, POLICY, catalogue=RIVAL_CATALOGUE).table


def _answer(table: pa.Table) -> dict[str, Any]:
    return {"checks": {name: asdict(check) for name, check in checks_of(table).items()}}
