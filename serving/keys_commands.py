"""The commands that make, show and revoke access keys."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features import clock
from features.ledger.store.database import open_store
from serving import access
from serving.access import Rights

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

console = Console(soft_wrap=True, highlight=False)
keys_app = typer.Typer(
    help="Access keys of the API and the page.", epilog="Example: callfirst keys create crm", no_args_is_help=True
)


@keys_app.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who uses it.")],
    manager: Annotated[str | None, typer.Option(help="Manager id: the key sees only this manager's customers.")] = None,
    rights: Annotated[
        Rights, typer.Option(help="push: may also send rows; with --manager, only of this manager's customers.")
    ] = (Rights.READ),
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once.

    Example: callfirst keys create crm --rights push
    """
    with open_store(context.obj) as store:
        key = access.create_key(store.engine, name, manager_id=manager, now=clock.now(), rights=rights)
    if as_json:
        print_json({"name": name, "manager_id": manager, "rights": rights.value, "key": key})
        return
    console.print(key, markup=False)
    Console(stderr=True).print(f"Key '{escape(name)}'. Keep it now: only its hash is stored, it is not shown again.")


@keys_app.command("list")
def list_keys(context: typer.Context, as_json: JsonOption = False) -> None:
    """Every key: who uses it, whose customers it sees, whether it may push, whether it is revoked.

    Example: callfirst keys list
    """
    with open_store(context.obj) as store:
        keys = access.keys(store.engine)
    if as_json:
        rows = [{name: value if value is None else str(value) for name, value in vars(key).items()} for key in keys]
        print_json({"keys": rows})
        return
    table = Table("name", "sees", "rights", "made", "revoked", box=None, header_style="bold")
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else ""
        sees = escape(key.manager_id or "the company")
        table.add_row(escape(key.name), sees, key.rights, f"{key.created_at:%Y-%m-%d}", revoked)
    console.print(table if keys else "No keys yet. Make one: callfirst keys create NAME.")


@keys_app.command("revoke")
def revoke_key(context: typer.Context, name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """From now on the key and the sessions opened with it are refused.

    Example: callfirst keys revoke crm
    """
    with open_store(context.obj) as store:
        access.revoke_key(store.engine, name, now=clock.now())
    console.print(f"Key '{name}' is revoked.", markup=False)


def print_json(answer: dict[str, Any]) -> None:
    """One JSON object on stdout, for machines."""
    print(json.dumps(answer, ensure_ascii=False))  # noqa: T201  # machines read this line
