"""The commands `models list`, `show`, `promote` and `rollback`."""

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
from features.ledger.store.database import Store, open_store
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
    every: Annotated[bool, typer.Option("--all", help="Also models that were never put into service.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the models that were put into service, newest first.

    Example: callfirst models list --all
    """
    home: Home = context.obj
    with open_store(home) as store:
        served = promotions(store)
        listed = promotable(store) if every else served
    if as_json:
        print(json.dumps({"models": [record_of(promotion) for promotion in listed]}))  # noqa: T201  the one line a machine reads
        return
    console = Console()
    if not listed:
        console.print("No model has been put into service yet: callfirst train.")
        return
    table = Table(box=None, pad_edge=False)
    since = "trained, or in service since (UTC)" if every else "in service since (UTC)"
    for name in ("", "model", since, "until (UTC)", "SHA-256", "MLflow"):
        table.add_column(name)
    for promotion in listed:
        at, until = f"{promotion.promoted_at:%Y-%m-%d %H:%M}", f"{promotion.until:%Y-%m-%d %H:%M}"
        mark = "champion" if served and promotion.bundle_sha256 == served[0].bundle_sha256 else ""
        table.add_row(mark, promotion.version, at, until, promotion.bundle_sha256[:12], promotion.registered_version)
    console.print(table)


def show_model(
    context: typer.Context,
    card: Annotated[bool, typer.Option("--card", help="Its model card, as Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the model in service: what it is, how sure it is, and what it was trained on.

    Example: callfirst models show --card
    """
    home: Home = context.obj
    record, bundle = champion_record(home), champion(home)
    if card:
        print(_card_of(home, record))  # noqa: T201  Markdown, for a file or a pager
        return
    fields = {**record_of(record), **vars(bundle.manifest), "usual_rates": vars(bundle.usual_rates)}
    fields |= {"carry": list(bundle.reference.carry), "value_at_risk_by": str(bundle.shortfall.kind)}
    fields["made_of"] = {} if bundle.churn is None else bundle.churn.made_of
    made_of = "" if bundle.churn is None else bundle.churn.made_of_words
    if as_json:
        print(json.dumps(fields))  # noqa: T201  the one line a machine reads
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        shown = made_of if name == "made_of" else value
        table.add_row(name.replace("_", " "), ", ".join(map(str, shown)) if isinstance(shown, list) else str(shown))
    Console().print(table)


def promote(
    context: typer.Context,
    version: Annotated[
        str, typer.Argument(help="'callfirst 3', its number in MLflow, or the beginning of its SHA-256.")
    ],
    as_json: AsJson = False,
) -> None:
    """Put an earlier model into service, whatever its checks say; `models list --all` shows them.

    Example: callfirst models promote "callfirst 3"
    """
    home: Home = context.obj
    with open_store(home) as store:
        _serve(home, store, named(store, version), "Put into service by hand", as_json=as_json)


def rollback(context: typer.Context, as_json: AsJson = False) -> None:
    """Put the previous model back into service; run it again to go one further back.

    Example: callfirst models rollback
    """
    home: Home = context.obj
    with open_store(home) as store:
        _serve(home, store, before_champion(store), "Rolled back by hand", as_json=as_json)


def _card_of(home: Home, record: Promotion) -> str:
    with open_store(home) as store:
        trainings = findings_of(store, FindingKind.EVALUATION)
    cards = (finding.payload for finding in trainings if finding.payload.get("bundle_sha256") == record.bundle_sha256)
    return next((str(finding["card"]) for finding in cards if "card" in finding), record.sentence)


def _serve(home: Home, store: Store, promotion: Promotion, why: str, *, as_json: bool) -> None:
    """Writes the record first, since serving reads only that; then MLflow's alias, which may be out of reach."""
    bundle = sound_copy(home, promotion)
    fingerprint = bundle.manifest.catalogue_fingerprint
    if fingerprint != CATALOG_FINGERPRINT:
        raise OtherCatalogueError(promotion.version, fingerprint, CATALOG_FINGERPRINT)
    before = next(iter(promotions(store)), None)
    is_new = before is None or before.bundle_sha256 != promotion.bundle_sha256
    if is_new:
        instead = f" instead of '{before.version}'" if before else ""
        promotion = replace(promotion, promoted_at=clock.now(), sentence=f"{why}{instead}.")
        put_into_service(store, promotion)
    tracking.make_quiet()
    refused = point_alias(promotion, tracking_uri=home.tracking_uri)
    if as_json:
        answer = {**record_of(promotion), "changed": is_new, "mlflow_alias_moved": not refused, "mlflow_said": refused}
        print(json.dumps(answer))  # noqa: T201  the one line a machine reads
        return
    console = Console(highlight=False, soft_wrap=True)
    done = "In service" if is_new else "In service already"
    console.print(f"[bold]{done}: {promotion.version}[/], made as of {promotion.until:%Y-%m-%d}.")
    if refused:
        console.print(
            f"MLflow at {home.tracking_uri} did not move its alias: {refused}. Its alias still points "
            f"elsewhere; once MLflow can be reached, run: callfirst models promote {promotion.bundle_sha256[:12]}",
            markup=False,
        )
