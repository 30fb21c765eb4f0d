"""How soon a pushed row is in a published score: from dirty marks to published rows, in one process.

Example: python -m benchmarks.speed.online --lines 1000000

A ledger in a database of its own, a LightGBM model of the whole catalogue, an (empty) night; then one customer and a
thousand are marked dirty again and again, others each time. Fails above 60 ms for one, 400 ms for a thousand (median).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import delete, insert

from features.catalog import CATALOG, CATALOG_FINGERPRINT
from features.catalog.definition import Unit
from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.store.database import Store, open_store
from features.ledger.store.dirty_customers import DIRTY_CUSTOMERS, mark_dirty
from features.policy import Policy
from models.bundle import Bundle
from models.lightgbm_member import LightGbm
from models.manifest import Manifest
from models.probability import alone
from models.reference import Reference
from models.registry import PROMOTIONS, keep_copy
from serving.publication.publish import RunInputs, publish
from serving.refresh import Refresher
from training.fitting.lightgbm import settings

POLICY = Policy()
ENDS_ON = date(2026, 1, 1)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOST_MILLISECONDS = {1: 60.0, 1_000: 400.0}
CALLS = {1: 41, 1_000: 11}


def made_up_orders(lines: int, seed: int, path: Path) -> list[str]:
    """The customers of so many order lines over three years, written as a file: 25 lines each, 2 % known late."""
    draw = np.random.default_rng(seed)
    days = draw.integers(1, 1095, lines)
    late = np.where(draw.random(lines) < 0.02, draw.integers(1, 31, lines), 0)
    moments = np.datetime64(ENDS_ON, "us") - days.astype("timedelta64[D]") + np.timedelta64(9, "h")
    customers = np.char.mod("c%07d", draw.integers(0, lines // 25, lines))
    table = {
        "customer_id": customers,
        "ordered_at": moments,
        "amount": np.round(draw.lognormal(3, 1, lines), 2),
        "order_id": np.char.mod("o%08d", np.arange(lines)),
        "line_id": np.full(lines, "1"),
        "product_id": np.char.mod("p%04d", draw.integers(0, 3_000, lines)),
        "known_at": moments + late.astype("timedelta64[D]"),
    }
    pq.write_table(pa.table(table), path)
    return sorted(set(customers.tolist()))


def made_up_model() -> Bundle:
    """A model of every number of the catalogue, as large as training makes them; its chances mean nothing."""
    names = [feature.name for feature in CATALOG if feature.unit is not Unit.DATE]
    draw = np.random.default_rng(1)
    matrix = draw.normal(size=(20_000, len(names)))
    told = (matrix[:, 0] + draw.normal(size=len(matrix)) > 0).astype(float)
    examples = lightgbm.Dataset(matrix, told, feature_name=names)
    member = LightGbm("lightgbm", lightgbm.train(settings(len(matrix), 1), examples, 200).model_to_string())
    manifest = Manifest(
        version="made up", is_rule=False, note="", horizon_days=90, active_days=90, fading_least_orders=3.0,
        until="2026-01-01", origins=(), catalogue_fingerprint=CATALOG_FINGERPRINT, policy_digest="", ledger_digest="",
        code_version="",
    )  # fmt: skip
    return Bundle(manifest, Reference(90), churn=alone(member), decline=alone(member))


def prepared(home: Home, store: Store, lines: int) -> list[str]:
    """The customers of a home that now has a ledger, a champion and a night."""
    customers = made_up_orders(lines, 7, home.root / "orders.parquet")
    ingest(
        IngestRequest(
            "orders", InputFiles([home.root / "orders.parquet"]), home=home, policy=POLICY, now=NOW - timedelta(days=1)
        )
    )
    made_up_model().save(home.root / "bundle")
    promotion = dict.fromkeys(("run_id", "registered_version", "code_version", "ledger_digest", "sentence"), "")
    moments = {"promoted_at": NOW, "until": NOW}
    sha256 = keep_copy(home, home.root / "bundle")
    with store.writing() as connection:
        connection.execute(insert(PROMOTIONS).values(bundle_sha256=sha256, version="made up", **promotion, **moments))
    made = RunInputs(NOW.replace(hour=0), ENDS_ON, "made up", sha256, "", "", "XXX", 90, made_up=False)
    publish(store, made, scores=[], lists=[], newest_batch=1, now=NOW)
    with store.writing() as connection:  # of rows that become known only after the night
        connection.execute(delete(DIRTY_CUSTOMERS))
    return customers


def measure(refresher: Refresher, store: Store, customers: list[str], size: int) -> tuple[float, float]:
    """Median milliseconds of a refresh of so many, on the clock and of the processor."""
    draw, clock, processor = np.random.default_rng(size), list[float](), list[float]()
    for call in range(CALLS[size]):
        some = [customers[at] for at in draw.choice(len(customers), size, replace=False)]
        with store.writing() as connection:
            mark_dirty(connection, ((customer, 1, 0, 0) for customer in some))
        began, busy = time.perf_counter(), time.process_time()
        done = refresher.refresh(now=NOW + timedelta(seconds=call))
        clock.append(1_000 * (time.perf_counter() - began))
        processor.append(1_000 * (time.process_time() - busy))
        assert done.customers == size and not done.failed, done
    return statistics.median(clock[1:]), statistics.median(processor[1:])


def main() -> None:
    """Print the medians for one customer and for a thousand."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--lines", type=int, default=1_000_000)
    given, slow = ask.parse_args(), []
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        with open_store(home) as store:
            customers = prepared(home, store, given.lines)
            refresher = Refresher(home, store)
            for size, most in MOST_MILLISECONDS.items():
                clock, processor = measure(refresher, store, customers, size)
                milliseconds = f"{clock:6.0f} ms ({processor:.0f} ms of the processor)"
                print(f"{size:>5,} customers of {given.lines:,} lines: {milliseconds}")
                slow += [size] if clock > most else []
    if slow:
        sys.exit(f"too slow for {slow} customers")


if __name__ == "__main__":
    main()
