"""The commands of serving: score, call-lists, nightly, serve, keys.

What loads a model is imported where it is used: LightGBM costs seconds that ``serve`` and ``keys`` need not pay.
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

AS_OF_HELP = "The day (its 00:00, business time) or instant before which things were known."
TOP_LINES, TOP_LINES_OF_MANY = 5, 2

NightlyChecks = Callable[[Home, Policy, AsOf], Sequence[Finding]]
"""What a night finds before it scores; made elsewhere, as serving knows no training."""

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
        print_json(_counts(scores) | {"out": str(out), "notes": list(company_notes(scores.situation, policy))})
        return
    counts = _counts(scores)
    console.print(
        f"{counted(len(scores), 'customer')} as of {scores.as_of.day}: {counts['active']:,} active, "
        f"{counts['lapsed']:,} lapsed, {counts['never']:,} never ordered. At risk: {counts['at_risk']:,}, "
        f"of them key accounts: {counts['key_accounts']:,} (of {scores.situation.key_accounts:,}).",
        markup=False,
    )
    _print_notes(company_notes(scores.situation, policy))
    console.print(f"Scored by {scores.situation.model_version}: {out}", markup=False)


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
    files = write_sheets(lists, scores.situation, out)
    if as_json:
        shown = [{"list_id": each.list_id, "manager_id": each.manager_id, "lines": len(each.lines)} for each in lists]
        print_json({"as_of": str(scores.as_of), "lists": shown, "files": [str(file) for file in files]})
        return
    said = company_notes(scores.situation, policy)
    _print_notes(said)
    for each in lists:
        _print_list(each, scores.situation.currency, top=TOP_LINES if len(lists) == 1 else TOP_LINES_OF_MANY)
        _print_notes(tuple(note for note in each.notes if note not in said))
    console.print(f"{counted(len(lists), 'list')} as CSV and XLSX in {out}/", markup=False)


def nightly(context: typer.Context, judged: NightlyChecks, *, as_of: str | None, as_json: bool) -> None:
    """The whole night: sources pulled, what ``judged`` finds told, scores and lists published.

    A source that cannot be pulled is named and makes the exit code 1; the night goes on with what is there.
    """
    from serving.nightly import run_night

    home: Home = context.obj
    policy = read_policy(home.policy_file)
    now = clock.now()
    instant = AsOf.parse(as_of, policy.zone) if as_of else AsOf.of_instant(now, policy.zone).midnight(policy.zone)
    pulled = pull_all(read_sources(home.sources_file).values(), home=home, policy=policy, now=now)
    if not as_json:
        show_pulled(pulled)
    findings = judged(home, policy, instant)
    night = run_night(home, policy, instant, now=now)
    supplied = "given" if as_of else "this machine's clock"
    if as_json:
        print_json(
            {
                "as_of": str(instant),
                "as_of_from": supplied,
                "run_id": night.run.run_id,
                "published_now": night.is_new,
                "model_version": night.run.made.model_version,
                "lists": night.list_count,
                "lines": night.line_count,
                "sources": [each.as_json() for each in pulled],
                "findings": [{"kind": str(each.kind), "sentence": each.sentence} for each in findings],
            }
        )
    else:
        _print_notes(tuple(each.sentence for each in findings))
        _print_night(
            night, f"{instant.instant.astimezone(policy.zone):%Y-%m-%d, %H:%M} {policy.time_zone} ({supplied})"
        )
    if any(each.error for each in pulled):
        raise typer.Exit(1)


def _print_night(night: NightlyResult, as_of: str) -> None:
    console.print(f"As of {as_of}.", markup=False)
    if not night.is_new:
        console.print(
            f"Published already (run {night.run.run_id}): same as-of, ledger, policy and model. Nothing to do.",
            markup=False,
        )
        return
    _print_notes(night.notes)
    console.print(
        f"Published run {night.run.run_id}: {counted(night.list_count, 'list')}, {counted(night.line_count, 'call')}, "
        f"ranked by {night.run.made.model_version}.",
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
        "model_version": scores.situation.model_version,
    }


def _print_list(each: CallList, currency: str, *, top: int) -> None:
    unit = "" if currency in ("", NO_CURRENCY) else f" ({currency})"
    title = f"[bold]{escape(each.title)}[/]: {counted(len(each.lines), 'call')}"
    console.print(f"\n{title}")
    table = Table("", "customer", f"at risk{unit}", "why", box=None, header_style="dim", pad_edge=False)
    table.columns[2].justify = "right"
    for line in each.lines[:top]:
        name = f"{escape(line.name or line.customer_id)}{' [green]key[/]' if line.is_key_account else ''}"
        money = "" if line.value_at_risk is None else figure(line.value_at_risk)
        why = f"{escape(line.at_risk_because or '')}\n[dim]{escape(line.reasons or '')}[/]"
        table.add_row(str(line.rank), name, money, why)
    if each.lines:
        Console(highlight=False).print(table)


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        console.print(f"Note: {note}", markup=False)
