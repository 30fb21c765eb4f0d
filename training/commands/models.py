"""The commands of the models: which served and what serves, promote and rollback."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from features import clock
from features.catalog import CATALOG_FINGERPRINT
from features.home import Home
from features.ledger.store.database import Store
from models.bundle import OtherCatalogueError
from models.findings import FindingKind, findings_of
from models.registry import (
    Promotion,
    before_champion,
    champion,
    champion_record,
    named,
    point_alias,
    promotable,
    promotions,
    put_into_service,
    record_of,
    sound_copy,
)
from training.tracking import mlflow_run as tracking

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def list_models(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those too that were made and not put into service.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every model that was put into service, newest first.

    Example: callfirst models list --all
    """
    home: Home = context.obj
    store = Store.open(home)
    try:
        served = promotions(store)
        known = promotable(store) if every else served
    finally:
        store.close()
    if as_json:
        print(json.dumps({"models": [record_of(each) for each in known]}))  # noqa: T201  the one line a machine reads
        return
    console = Console()
    if not known:
        console.print("No model has been put into service yet: callfirst train.")
        return
    table = Table(box=None, pad_edge=False)
    since = "made, or in service since (UTC)" if every else "in service since (UTC)"
    for name in ("", "model", since, "until (UTC)", "SHA-256", "MLflow"):
        table.add_column(name)
    for each in known:
        at, until = f"{each.promoted_at:%Y-%m-%d %H:%M}", f"{each.until:%Y-%m-%d %H:%M}"
        mark = "champion" if served and each.bundle_sha256 == served[0].bundle_sha256 else ""
        table.add_row(mark, each.version, at, until, each.bundle_sha256[:12], each.registered_version)
    console.print(table)


def show_model(
    context: typer.Context,
    card: Annotated[bool, typer.Option("--card", help="Its model card, as Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """The model in service: what it is, how sure it is, what it was made of.

    Example: callfirst models show --card
    """
    home: Home = context.obj
    record, bundle = champion_record(home), champion(home)
    if card:
        print(_card_of(home, record))  # noqa: T201  Markdown, for a file or a pager
        return
    told = {**record_of(record), **vars(bundle.manifest), "usual_rates": vars(bundle.usual_rates)}
    told |= {"carry": list(bundle.reference.carry), "value_at_risk_by": str(bundle.shortfall.kind)}
    told["made_of"] = {} if bundle.churn is None else bundle.churn.made_of
    made_of = "" if bundle.churn is None else bundle.churn.made_of_words
    if as_json:
        print(json.dumps(told))  # noqa: T201  the one line a machine reads
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in told.items():
        shown = made_of if name == "made_of" else value
        table.add_row(name.replace("_", " "), ", ".join(map(str, shown)) if isinstance(shown, list) else str(shown))
    Console().print(table)


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


def _card_of(home: Home, record: Promotion) -> str:
    store = Store.open(home)
    try:
        trainings = findings_of(store, FindingKind.EVALUATION)
    finally:
        store.close()
    cards = (each.payload for each in trainings if each.payload.get("bundle_sha256") == record.bundle_sha256)
    return next((str(each["card"]) for each in cards if "card" in each), record.sentence)


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
