"""Here you find which model serves: the append-only record of promotions and the verified copies it points to.

Serving reads the database record and the copy only. MLflow is touched when a model is promoted, never when loaded.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, Row, String, Table, Text, desc, func, insert, select

from features.home import Home
from features.ledger.store import Store
from features.ledger.tables import METADATA, Instant
from models.bundle import Bundle
from models.bundle_files import digest_of
from models.manifest import BundleError

PROMOTIONS = Table(
    "promotions",
    METADATA,
    Column("promotion_id", Integer, primary_key=True),
    Column("bundle_sha256", String(64), nullable=False),
    Column("version", Text, nullable=False),
    Column("promoted_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("registered_version", String(32), nullable=False),
    Column("code_version", String(64), nullable=False),
    Column("ledger_digest", String(64), nullable=False),
    Column("sentence", Text, nullable=False),
    comment="Append-only: the newest row is the champion.",
)

REGISTERED_NAME = "callfirst"
ALIAS = "champion"


class NoChampionError(BundleError):
    """No model has been promoted yet."""

    def __init__(self) -> None:
        super().__init__("No model serves yet.", "Train one: callfirst train.")


@dataclass(frozen=True)
class Promotion:
    """One model's step into service.

    Attributes:
        bundle_sha256: digest of its files: what is checked before they are loaded.
        version: name of what is served.
        until: T: nothing on or after it was read.
        run_id, registered_version: where MLflow keeps it.
        sentence: why it was promoted.
    """

    bundle_sha256: str
    version: str
    promoted_at: datetime
    until: datetime
    run_id: str
    registered_version: str
    code_version: str
    ledger_digest: str
    sentence: str


def promotions(store: Store) -> tuple[Promotion, ...]:
    """Every promotion, newest first; the first is the champion."""
    with store.engine.connect() as connection:
        rows = connection.execute(select(PROMOTIONS).order_by(desc(PROMOTIONS.c.promotion_id))).all()
    return tuple(_promotion(row) for row in rows)


def next_number(store: Store) -> int:
    """The number the next promoted model bears."""
    with store.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(PROMOTIONS)).scalar_one()) + 1


def champion(home: Home) -> Bundle:
    """The model in service, loaded from its verified copy.

    Raises:
        NoChampionError: none was promoted yet.
        DamagedBundleError: its files are not those that were recorded.
    """
    record = champion_record(home)
    return Bundle.load(home.bundles / record.bundle_sha256, record.bundle_sha256)


def champion_record(home: Home) -> Promotion:
    """The newest promotion.

    Raises:
        NoChampionError: none was promoted yet.
    """
    store = Store.open(home)
    try:
        record = next(iter(promotions(store)), None)
    finally:
        store.close()
    if record is None:
        raise NoChampionError
    return record


def keep_copy(home: Home, folder: Path) -> str:
    """The SHA-256 under which a verified copy of a bundle's folder now lies in ``home.bundles``."""
    sha256 = digest_of(folder)
    kept = home.bundles / sha256
    home.bundles.mkdir(parents=True, exist_ok=True)
    if not kept.exists() or digest_of(kept) != sha256:
        half = Path(tempfile.mkdtemp(dir=home.bundles, prefix=".half-"))
        shutil.copytree(folder, half, dirs_exist_ok=True)
        if kept.exists():
            shutil.rmtree(kept)
        half.rename(kept)
    Bundle.load(kept, sha256)
    return sha256


def promote(store: Store, promotion: Promotion, *, tracking_uri: str) -> None:
    """The registered version becomes MLflow's champion, and then the one that serves.

    The database record comes last: until it stands the former champion serves.
    """
    from mlflow import MlflowClient  # 2 s and 190 MiB that a serving process never pays

    MlflowClient(tracking_uri).set_registered_model_alias(REGISTERED_NAME, ALIAS, promotion.registered_version)
    with store.writing() as connection:
        connection.execute(insert(PROMOTIONS).values(**vars(promotion)))


def _promotion(row: Row[Any]) -> Promotion:
    fields = {name: value for name, value in row._mapping.items() if name != "promotion_id"}
    return Promotion(**fields)
