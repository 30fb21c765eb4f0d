"""A call list as the page shows it: every number in words, no decision left to the template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from serving.decisions.call_list import NEWCOMER_QUESTION, Section
from serving.decisions.reasons import RHYTHM_BEGINS
from serving.decisions.wording import counted, day, figure, money, parted
from serving.publication.publish import ListHead, PublishedRun

HEADINGS = {
    Section.KEY_ACCOUNTS: ("Key accounts", ""),
    Section.CUSTOMERS: ("Customers", ""),
    Section.NEWCOMERS: ("New customers", NEWCOMER_QUESTION.partition(": ")[2].capitalize()),
}
BAR_WIDTH = 100.0
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Bar:
    """The silence drawn against the rhythm, in lengths of 100: the rhythm, and the silence within and beyond it."""

    rhythm: float
    within: float
    beyond: float


@dataclass(frozen=True)
class CallRow:
    """One call."""

    rank: int
    name: str
    customer_id: str
    is_key: bool
    because: tuple[str, ...]
    reasons: tuple[str, ...]
    at_stake: str
    last_order: str
    rhythm: str
    silence: str
    bar: Bar | None
    extras: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ListPart:
    """A section with its rows."""

    heading: str
    question: str
    rows: tuple[CallRow, ...]


@dataclass(frozen=True)
class Choice:
    """A list that the caller may open."""

    list_id: str
    title: str
    calls: int
    is_open: bool


@dataclass(frozen=True)
class Page:
    """The whole page."""

    title: str
    weekday: str
    on: str
    summary: str
    currency: str
    horizon_days: int
    notes: tuple[str, ...]
    parts: tuple[ListPart, ...]
    choices: tuple[Choice, ...]
    model_version: str
    made_at: str
    made_up: bool


def page_of(run: PublishedRun, heads: Sequence[ListHead], opened: ListHead, content: Mapping[str, Any]) -> Page:
    """The page of one list; ``content`` is that of publication.list_content."""
    inputs = run.inputs
    currency = "" if inputs.currency == "XXX" else inputs.currency
    return Page(
        title=opened.title,
        weekday=f"{inputs.as_of_day:%A}",
        on=f"{inputs.as_of_day.day} {inputs.as_of_day:%B %Y}",
        summary=_summary(opened, inputs.horizon_days, inputs.currency),
        currency=currency,
        horizon_days=inputs.horizon_days,
        notes=_unbroken(content["notes"]),
        parts=_parts(content["lines"]),
        choices=tuple(
            Choice(head.list_id, head.title, head.line_count, head.list_id == opened.list_id) for head in heads
        ),
        model_version=inputs.model_version,
        made_at=f"{day(run.made_at.date())}, {run.made_at:%H:%M} UTC",
        made_up=inputs.made_up,
    )


def _summary(opened: ListHead, horizon_days: int, currency: str) -> str:
    if not opened.line_count:
        return "No calls today"
    return (
        f"{counted(opened.line_count, 'call')}, {money(opened.value_at_risk, currency)} "
        f"at risk in the next {horizon_days} days"
    )


def _parts(lines: Sequence[Mapping[str, Any]]) -> tuple[ListPart, ...]:
    rows = {section: tuple(_row(line) for line in lines if line["section"] == section) for section in Section}
    return tuple(ListPart(*HEADINGS[section], rows=rows[section]) for section in Section if rows[section])


def _row(line: Mapping[str, Any]) -> CallRow:
    rhythm, silence = line["own_rhythm_days"], line["silent_days"]
    return CallRow(
        rank=line["rank"],
        name=line["name"] or line["customer_id"],
        customer_id=line["customer_id"] if line["name"] else "",
        is_key=line["is_key_account"],
        because=_unbroken(parted(line["at_risk_because"])),
        reasons=_unbroken(_reasons_beside(_bar(rhythm, silence), parted(line["reasons"]))),
        at_stake=_amount(line["value_at_risk"]),
        last_order=_on(line["last_order_on"]),
        rhythm="" if rhythm is None else f"{rhythm}",
        silence="" if silence is None else f"{silence}",
        bar=_bar(rhythm, silence),
        extras=_extras(line),
    )


def _bar(rhythm: int | None, silence: int | None) -> Bar | None:
    if not rhythm or silence is None:
        return None
    scale = BAR_WIDTH / max(rhythm * 2, silence)
    return Bar(
        rhythm=round(rhythm * scale, 1),
        within=round(min(rhythm, silence) * scale, 1),
        beyond=round(max(0, silence - rhythm) * scale, 1),
    )


def _reasons_beside(bar: Bar | None, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """The reasons, without the rhythm where the bar shows it."""
    return tuple(reason for reason in reasons if bar is None or not reason.startswith(RHYTHM_BEGINS))


def _unbroken(sentences: Sequence[str]) -> tuple[str, ...]:
    """The sentences, with no line break between a number and its unit."""
    return tuple(re.sub(r"(?<=\d) (?=%|[A-Z]{3}\b|days?\b)", NO_BREAK, sentence) for sentence in sentences)


def _extras(line: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Labels and values that help in the call itself; only known values."""
    values = {
        "Do": line["play"],
        "Talk to": line["contact_person"],
        "Last contact": _on(line["last_contact_on"]),
        "Last words": line["last_words"],
        "Open complaints": line["open_complaints"] or "",
        "Language": line["language"],
    }
    return tuple((label, str(value)) for label, value in values.items() if value)


def _amount(amount: float | None) -> str:
    return "" if amount is None else figure(amount)


def _on(on: date | None) -> str:
    return "" if on is None else day(on)
