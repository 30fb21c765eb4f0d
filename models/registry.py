"""The model in service: the append-only record of promotions, and the verified copies of the bundles.

Serving reads only the record in the database and the copy. MLflow is used when a model is promoted, never when one is
loaded.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, Row, String, Table, Text, desc, insert, select
from sqlalchemy.exc import SQLAlchemyError

from features.errors import first_line
from features.home import Home
from features.ledger.store.database import Store, open_store
from features.ledger.store.tables import METADATA, Instant
from models.bundle import Bundle
from models.bundle_storage import digest_of
from models.findings import Finding, FindingKind, findings_of
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
LEAST_DIGEST = 6
"""Fewest characters of a SHA-256 that name a model."""


class NoChampionError(BundleError):
    """No model has been promoted yet."""

    def __init__(self) -> None:
        super().__init__("No model serves yet.", "Train one: callfirst train.")


class AliasError(BundleError):
    """MLflow refused to make a version its champion."""

    def __init__(self, uri: str, cause: str) -> None:
        super().__init__(
            f"MLflow at {uri} did not make the new model its champion: {cause}. The model in service stays.",
            "Check CALLFIRST_MLFLOW_URI and write access there, then train again.",
        )


class UnknownModelError(BundleError):
    """A name of no model, or of several."""

    def __init__(self, name: str, matches: Sequence[str]) -> None:
        which = f"Several models are called '{name}'" if matches else f"No stored model is called '{name}'"
        hint = f"Say which by SHA-256: {', '.join(matches)}." if matches else "See them: callfirst models list --all."
        super().__init__(f"{which}.", hint)


class NoEarlierModelError(BundleError):
    """Nothing served before the champion."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"No model served before '{version}', so there is none to go back to.",
            "Put another one into service: callfirst models promote VERSION.",
        )


@dataclass(frozen=True)
class Promotion:
    """One model put into service.

    Attributes:
        bundle_sha256: digest of its files, which is checked before they are loaded.
        version: name of the model or rule.
        until: T: no row on or after it was read.
        run_id, registered_version: its place in MLflow.
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
    """The number of the next model; every promotion, and every model that was not promoted, counts one."""
    not_promoted = [finding for finding in findings_of(store, FindingKind.CHECKS) if not finding.payload["promoted"]]
    return len(promotions(store)) + len(not_promoted) + 1


def champion(home: Home) -> Bundle:
    """The model in service, loaded from its verified copy.

    Raises:
        NoChampionError: no model has been promoted yet.
        DamagedBundleError: its files are not those recorded.
    """
    return sound_copy(home, champion_record(home))


def champion_record(home: Home) -> Promotion:
    """The newest promotion.

    Raises:
        NoChampionError: no model has been promoted yet.
    """
    with open_store(home) as store:
        record = next(iter(promotions(store)), None)
    if record is None:
        raise NoChampionError
    return record


def keep_copy(home: Home, folder: Path) -> str:
    """The SHA-256 of a bundle, of which ``home.bundles`` now holds a verified copy."""
    sha256 = digest_of(folder)
    copy = home.bundles / sha256
    home.bundles.mkdir(parents=True, exist_ok=True)
    if not copy.exists() or digest_of(copy) != sha256:
        unfinished = Path(tempfile.mkdtemp(dir=home.bundles, prefix=".half-"))
        shutil.copytree(folder, unfinished, dirs_exist_ok=True)
        if copy.exists():
            shutil.rmtree(copy)
        unfinished.rename(copy)
    Bundle.load(copy, sha256)
    return sha256


def promote(store: Store, promotion: Promotion, *, tracking_uri: str) -> None:
    """The registered version becomes MLflow's champion, and then the model in service.

    The database record comes last: until then the former champion serves.

    Raises:
        AliasError: MLflow did not move its alias; the former champion stays in service.
    """
    refused = point_alias(promotion, tracking_uri=tracking_uri)
    if refused:
        raise AliasError(tracking_uri, refused)
    put_into_service(store, promotion)


def put_into_service(store: Store, promotion: Promotion) -> None:
    """Records the promotion; from now on its model serves."""
    with store.writing() as connection:
        connection.execute(insert(PROMOTIONS).values(**vars(promotion)))


def point_alias(promotion: Promotion, *, tracking_uri: str) -> str:
    """Empty where MLflow's champion is now the promotion's registered version; else why it is not."""
    from mlflow import MlflowClient  # 2 s and 190 MiB that a serving process never pays
    from mlflow.exceptions import MlflowException

    try:
        MlflowClient(tracking_uri).set_registered_model_alias(REGISTERED_NAME, ALIAS, promotion.registered_version)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        return first_line(error)
    return ""


def promotable(store: Store) -> tuple[Promotion, ...]:
    """Every model with a kept bundle, promoted or not, each bundle once, newest first."""
    candidates = [*promotions(store), *map(_of_finding, findings_of(store, FindingKind.CHECKS))]
    newest_first = sorted(candidates, key=lambda promotion: promotion.promoted_at, reverse=True)
    return tuple({promotion.bundle_sha256: promotion for promotion in reversed(newest_first)}.values())[::-1]


def named(store: Store, name: str) -> Promotion:
    """The model of a version ("callfirst 3"), a registered version ("3") or the beginning of a SHA-256.

    Raises:
        UnknownModelError: no model, or more than one, has the name.
    """
    models = promotable(store)
    matches = [model for model in models if name in (model.version, model.registered_version)]
    if not matches and len(name) >= LEAST_DIGEST:
        matches = [model for model in models if model.bundle_sha256.startswith(name)]
    if len({model.bundle_sha256 for model in matches}) != 1:
        raise UnknownModelError(name, [model.bundle_sha256[:12] for model in matches])
    return matches[0]


def before_champion(store: Store) -> Promotion:
    """The model that served before the champion was first promoted.

    Raises:
        NoChampionError: no model serves. NoEarlierModelError: no model served before.
    """
    oldest_first = promotions(store)[::-1]
    if not oldest_first:
        raise NoChampionError
    served = [promotion.bundle_sha256 for promotion in oldest_first]
    first = served.index(served[-1])
    if first == 0:
        raise NoEarlierModelError(oldest_first[-1].version)
    return oldest_first[first - 1]


def sound_copy(home: Home, promotion: Promotion) -> Bundle:
    """The bundle of a promotion, from its verified copy.

    Raises:
        DamagedBundleError: its files are gone, or not those recorded.
    """
    return Bundle.load(home.bundles / promotion.bundle_sha256, promotion.bundle_sha256)


def record_of(promotion: Promotion) -> dict[str, Any]:
    """The promotion as JSON."""
    return {
        **vars(promotion),
        "promoted_at": promotion.promoted_at.isoformat(),
        "until": promotion.until.isoformat(),
    }


def _of_finding(finding: Finding) -> Promotion:
    record = dict(finding.payload["promotion"])
    instants = {name: datetime.fromisoformat(record[name]) for name in ("promoted_at", "until")}
    return Promotion(**{**record, **instants})


def _promotion(row: Row[Any]) -> Promotion:
    fields = {name: value for name, value in row._mapping.items() if name != "promotion_id"}
    return Promotion(**fields)
