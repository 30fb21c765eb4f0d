"""Here you find the commands that change which model serves: promote and rollback."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from features import clock
from features.catalog import CATALOG_FINGERPRINT
from features.home import Home
from features.ledger.store import Store
from models.bundle import OtherCatalogueError
from models.registry import (
    Promotion,
    before_champion,
    named,
    point_alias,
    promotions,
    put_into_service,
    record_of,
    sound_copy,
)
from training import tracking

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def promote(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="'callfirst 3', its number in MLflow, or how its SHA-256 begins.")],
    as_json: AsJson = False,
) -> None:
    """Put a model into service that was made before, whatever its checks said; `models list --all` shows them.

    Example: callfirst models promote "callfirst 3"
    """
    home: Home = context.obj
    store = Store.open(home)
    try:
        _serve(home, store, named(store, version), "Put into service by hand", as_json=as_json)
    finally:
        store.close()


def rollback(context: typer.Context, as_json: AsJson = False) -> None:
    """Put the model back into service that served before the champion; again, and it goes one further back.

    Example: callfirst models rollback
    """
    home: Home = context.obj
    store = Store.open(home)
    try:
        _serve(home, store, before_champion(store), "Rolled back by hand", as_json=as_json)
    finally:
        store.close()


def _serve(home: Home, store: Store, chosen: Promotion, why: str, *, as_json: bool) -> None:
    """The record first, as serving reads that alone; then MLflow's alias, which may be out of reach."""
    bundle = sound_copy(home, chosen)
    learned = bundle.manifest.catalogue_fingerprint
    if learned != CATALOG_FINGERPRINT:
        raise OtherCatalogueError(chosen.version, learned, CATALOG_FINGERPRINT)
    before = next(iter(promotions(store)), None)
    is_new = before is None or before.bundle_sha256 != chosen.bundle_sha256
    if is_new:
        instead = f" instead of '{before.version}'" if before else ""
        chosen = replace(chosen, promoted_at=clock.now(), sentence=f"{why}{instead}.")
        put_into_service(store, chosen)
    tracking.make_quiet()
    refused = point_alias(chosen, tracking_uri=home.tracking_uri)
    if as_json:
        told = {**record_of(chosen), "changed": is_new, "mlflow_alias_moved": not refused, "mlflow_said": refused}
        print(json.dumps(told))  # noqa: T201  the one line a machine reads
        return
    console = Console(highlight=False, soft_wrap=True)
    done = "In service" if is_new else "In service already"
    console.print(f"[bold]{done}: {chosen.version}[/], made as of {chosen.until:%Y-%m-%d}.")
    if refused:
        console.print(
            f"MLflow at {home.tracking_uri} did not follow: {refused}. Its alias still points elsewhere; once it can "
            f"be reached: callfirst models promote {chosen.bundle_sha256[:12]}",
            markup=False,
        )
