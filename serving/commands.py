"""The commands of serving: score, call-lists, nightly, serve, keys.

Modules that load a model are imported where they are used: LightGBM takes seconds that ``serve`` and ``keys`` save.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features import clock
from features.clock import AsOf
from features.home import Home
from features.ledger.ingest.commands import show_pulled
from features.ledger.ingest.pull import pull_all
from features.ledger.ingest.source_config import read_sources
from features.policy import Policy, read_policy
from models.findings import Finding
from serving.decisions.call_list import CallList
from serving.decisions.list_notes import company_notes
from serving.decisions.wording import NO_CURRENCY, counted, figure
from serving.keys_commands import keys_app, print_json
from serving.settings import read_server_settings

if TYPE_CHECKING:
    from serving.nightly import NightlyResult
    from serving.scores import ScoreTable

AS_OF_HELP = "Use what was known before this day (its 00:00, business time) or instant."
TOP_LINES, TOP_LINES_OF_MANY = 5, 2

NightlyChecks = Callable[[Home, Policy, AsOf], Sequence[Finding]]
"""The findings of a night before it scores; passed in, as serving imports no training."""

AsOfOption = Annotated[str, typer.Option("--as-of", help=AS_OF_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

console = Console(soft_wrap=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add this package's commands."""
    app.command("score")(score)
    app.command("call-lists")(call_lists)
    app.command("serve")(serve)
    app.add_typer(keys_app, name="keys")


def score(
    context: typer.Context,
    as_of: AsOfOption,
    out: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
    as_json: JsonOption = False,
) -> None:
    """One row per customer: chance to leave, value at risk, whether at risk and why.

    Example: callfirst score --as-of 2026-09-01 --out scores.csv
    """
    scores, policy = _scores(context.obj, as_of)
    scores.write(out)
    if as_json:
        print_json(_counts(scores) | {"out": str(out), "notes": list(company_notes(scores.company, policy))})
        return
    counts = _counts(scores)
    console.print(
        f"{counted(len(scores), 'customer')} as of {scores.as_of.day}: {counts['active']:,} active, "
        f"{counts['lapsed']:,} lapsed, {counts['never']:,} never ordered. At risk: {counts['at_risk']:,}, "
        f"of them key accounts: {counts['key_accounts']:,} (of {scores.company.key_accounts:,}).",
        markup=False,
    )
    _print_notes(company_notes(scores.company, policy))
    console.print(f"Scored by {scores.company.model_version}: {out}", markup=False)


def call_lists(
    context: typer.Context,
    as_of: AsOfOption,
    out: Annotated[Path, typer.Option(help="Folder for one CSV and one XLSX per manager.")] = Path("call-lists"),
    as_json: JsonOption = False,
) -> None:
    """Per manager whom to call, ranked, with why; as sheets.

    Example: callfirst call-lists --as-of 2026-09-01 --out lists/
    """
    from serving.delivery.sheets import write_sheets
    from serving.nightly import lists_of

    scores, policy = _scores(context.obj, as_of)
    lists = lists_of(scores, policy)
    files = write_sheets(lists, scores.company, out)
    if as_json:
        heads = [
            {"list_id": call_list.list_id, "manager_id": call_list.manager_id, "lines": len(call_list.lines)}
            for call_list in lists
        ]
        print_json({"as_of": str(scores.as_of), "lists": heads, "files": [str(file) for file in files]})
        return
    day_notes = company_notes(scores.company, policy)
    _print_notes(day_notes)
    for call_list in lists:
        _print_list(call_list, scores.company.currency, top=TOP_LINES if len(lists) == 1 else TOP_LINES_OF_MANY)
        _print_notes(tuple(note for note in call_list.notes if note not in day_notes))
    console.print(f"{counted(len(lists), 'list')} as CSV and XLSX in {out}/", markup=False)


def nightly(context: typer.Context, checks: NightlyChecks, *, as_of: str | None, as_json: bool) -> None:
    """The whole night: sources are pulled, findings of ``checks`` printed, scores and lists published.

    A source that cannot be pulled is named and makes the exit code 1; the night continues with the rows it has.
    """
    from serving.nightly import run_night

    home: Home = context.obj
    policy = read_policy(home.policy_file)
    now = clock.now()
    instant = AsOf.parse(as_of, policy.zone) if as_of else AsOf.of_instant(now, policy.zone).midnight(policy.zone)
    pulled = pull_all(read_sources(home.sources_file).values(), home=home, policy=policy, now=now)
    if not as_json:
        show_pulled(pulled)
    findings = checks(home, policy, instant)
    night = run_night(home, policy, instant, now=now)
    origin = "given" if as_of else "this machine's clock"
    if as_json:
        print_json(
            {
                "as_of": str(instant),
                "as_of_from": origin,
                "run_id": night.run.run_id,
                "published_now": night.is_new,
                "model_version": night.run.inputs.model_version,
                "lists": night.list_count,
                "lines": night.line_count,
                "sources": [source.as_json() for source in pulled],
                "findings": [{"kind": str(finding.kind), "sentence": finding.sentence} for finding in findings],
            }
        )
    else:
        _print_notes(tuple(finding.sentence for finding in findings))
        _print_night(night, f"{instant.instant.astimezone(policy.zone):%Y-%m-%d, %H:%M} {policy.time_zone} ({origin})")
    if any(source.error for source in pulled):
        raise typer.Exit(1)


def _print_night(night: NightlyResult, as_of: str) -> None:
    console.print(f"As of {as_of}.", markup=False)
    if not night.is_new:
        console.print(
            f"Nothing to do: run {night.run.run_id} has the same as-of, ledger, policy and model.",
            markup=False,
        )
        return
    _print_notes(night.notes)
    console.print(
        f"Published run {night.run.run_id}: {counted(night.list_count, 'list')}, {counted(night.line_count, 'call')}, "
        f"ranked by {night.run.inputs.model_version}.",
        markup=False,
    )


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Left out: CALLFIRST_HOST, 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port. Left out: CALLFIRST_PORT, 8000.")] = None,
) -> None:
    """Answer the API and show the page, until stopped.

    Example: callfirst serve --port 8000
    """
    from serving.api.server import serve_until_stopped

    home: Home = context.obj
    settings = read_server_settings(home, host=host, port=port)
    serve_until_stopped(settings, announce=lambda text: console.print(text, markup=False))


def _scores(home: Home, as_of: str) -> tuple[ScoreTable, Policy]:
    from features.ledger.mirror.parquet_mirror import read_ledger
    from models.registry import champion
    from serving.scores import score_customers

    policy = read_policy(home.policy_file)
    instant = AsOf.parse(as_of, policy.zone)
    return score_customers(read_ledger(home, policy), instant, champion(home), policy), policy


def _counts(scores: ScoreTable) -> dict[str, Any]:
    rows = scores.table.select(["population", "at_risk", "is_key_account"]).to_pylist()
    return {
        "as_of": str(scores.as_of),
        "customers": len(rows),
        **{name: sum(row["population"] == name for row in rows) for name in ("active", "lapsed", "never")},
        "at_risk": sum(row["at_risk"] for row in rows),
        "key_accounts": sum(row["at_risk"] and row["is_key_account"] for row in rows),
        "model_version": scores.company.model_version,
    }


def _print_list(call_list: CallList, currency: str, *, top: int) -> None:
    unit = "" if currency in ("", NO_CURRENCY) else f" ({currency})"
    title = f"[bold]{escape(call_list.title)}[/]: {counted(len(call_list.lines), 'call')}"
    console.print(f"\n{title}")
    table = Table("", "customer", f"at risk{unit}", "why", box=None, header_style="dim", pad_edge=False)
    table.columns[2].justify = "right"
    for line in call_list.lines[:top]:
        name = f"{escape(line.name or line.customer_id)}{' [green]key[/]' if line.is_key_account else ''}"
        money = "" if line.value_at_risk is None else figure(line.value_at_risk)
        why = f"{escape(line.at_risk_because or '')}\n[dim]{escape(line.reasons or '')}[/]"
        table.add_row(str(line.rank), name, money, why)
    if call_list.lines:
        Console(highlight=False).print(table)


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        console.print(f"Note: {note}", markup=False)
