"""Published runs: scores and lists, written whole or not at all; the newest run is what every reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from features.ledger.store.database import Store
from features.ledger.store.dirty_customers import IDS_AT_ONCE, Fresh, mark_dirty, unmark_seen
from features.ledger.store.tables import microseconds
from models.published_forecasts import RUNS, keep_forecasts
from serving.access import Caller
from serving.decisions.call_list import CallList
from serving.errors import NothingPublishedError, UnknownCustomerError, UnknownListError
from serving.publication.tables import published_list_lines, published_list_notes, published_lists, published_scores


@dataclass(frozen=True)
class RunInputs:
    """What a run is made from; a run of equal inputs is published once.

    Attributes:
        made_up: the ledger is a demo company's.
    """

    as_of: datetime
    as_of_day: date
    model_version: str
    bundle_digest: str
    ledger_digest: str
    policy_digest: str
    currency: str
    horizon_days: int
    made_up: bool


@dataclass(frozen=True)
class PublishedRun:
    """A published run."""

    run_id: int
    made_at: datetime
    inputs: RunInputs


@dataclass(frozen=True)
class PublishResult:
    """The run that is now served, and whether it was written just now."""

    run: PublishedRun
    is_new: bool


def publish(
    store: Store,
    inputs: RunInputs,
    *,
    scores: Sequence[Mapping[str, Any]],
    lists: Sequence[CallList],
    newest_batch: int,
    now: datetime,
) -> PublishResult:
    """The run, written whole and made the newest in one transaction; a run of equal inputs is not repeated.

    Customers stay dirty whose rows the run has not seen: rows of a batch after ``newest_batch``, which was the newest
    before the ledger was read, and rows known at the run's as-of or later.
    """
    with store.writing() as connection:
        newest = newest_run_in(connection)
        if newest is not None and newest.inputs == inputs:
            return PublishResult(newest, is_new=False)
        run_id = connection.execute(
            RUNS.insert().returning(RUNS.c.run_id), asdict(inputs) | {"made_at": now}
        ).scalar_one()
        _insert(connection, published_scores, _score_rows(run_id, inputs, scores))
        _insert(connection, published_lists, _list_rows(run_id, lists))
        _insert(connection, published_list_notes, _note_rows(run_id, lists))
        _insert(connection, published_list_lines, _line_rows(run_id, lists))
        keep_forecasts(connection, run_id, scores, _ranks(lists))
        unmark_seen(connection, batch_id=newest_batch, as_of=inputs.as_of)
        if newest is not None:
            mark_dirty(connection, _refreshed_after(connection, newest, inputs.as_of, newest_batch))
    return PublishResult(PublishedRun(run_id, now, inputs), is_new=True)


def newest_run_in(connection: sa.Connection) -> PublishedRun | None:
    """The run that is served, as the transaction sees it; null before the first night."""
    row = connection.execute(sa.select(RUNS).order_by(RUNS.c.run_id.desc()).limit(1)).mappings().one_or_none()
    if row is None:
        return None
    return PublishedRun(
        row["run_id"], row["made_at"], RunInputs(**{name: row[name] for name in RunInputs.__dataclass_fields__})
    )


def newest_run_or_none(engine: sa.Engine) -> PublishedRun | None:
    """The run that is served; null before the first night."""
    with engine.connect() as connection:
        return newest_run_in(connection)


def newest_run(engine: sa.Engine) -> PublishedRun:
    """The run that is served.

    Raises:
        NothingPublishedError: no night has published yet.
    """
    run = newest_run_or_none(engine)
    if run is None:
        raise NothingPublishedError
    return run


def scores_of(
    engine: sa.Engine, run: PublishedRun, customer_ids: Sequence[str], *, caller: Caller
) -> dict[str, dict[str, Any]]:
    """The published scores of those of the customers that the caller may see, by customer id."""
    score_by_id: dict[str, dict[str, Any]] = {}
    unique_ids = sorted(set(customer_ids))
    with engine.connect() as connection:
        for start in range(0, len(unique_ids), IDS_AT_ONCE):
            query = sa.select(published_scores).where(
                published_scores.c.run_id == run.run_id,
                published_scores.c.customer_id.in_(unique_ids[start : start + IDS_AT_ONCE]),
            )
            if caller.manager_id is not None:
                query = query.where(published_scores.c.manager_id == caller.manager_id)
            for row in connection.execute(query).mappings():
                score_by_id[row["customer_id"]] = _without(row, "run_id", "group_id", "company_share")
    return score_by_id


def score_of(engine: sa.Engine, run: PublishedRun, customer_id: str, *, caller: Caller) -> dict[str, Any]:
    """The published score of one customer.

    Raises:
        UnknownCustomerError: the customer is not known or not the caller's; the error does not say which.
    """
    score_by_id = scores_of(engine, run, [customer_id], caller=caller)
    if customer_id not in score_by_id:
        raise UnknownCustomerError
    return score_by_id[customer_id]


@dataclass(frozen=True)
class ListHead:
    """A published list without its lines.

    Attributes:
        line_count: calls on the list.
        value_at_risk: sum over the lines.
    """

    list_id: str
    title: str
    manager_id: str | None
    line_count: int
    value_at_risk: float


def list_heads(engine: sa.Engine, run: PublishedRun, *, caller: Caller) -> tuple[ListHead, ...]:
    """The lists the caller may see, in the order of publishing."""
    lines, lists = published_list_lines.c, published_lists.c
    query = (
        sa.select(
            lists.list_id,
            lists.title,
            lists.manager_id,
            sa.func.count(lines.rank),
            sa.func.coalesce(sa.func.sum(lines.value_at_risk), 0.0),
        )
        .select_from(published_lists.outerjoin(published_list_lines, _same_list()))
        .where(lists.run_id == run.run_id)
        .group_by(lists.list_id, lists.title, lists.manager_id, lists.position)
        .order_by(lists.position)
    )
    if caller.manager_id is not None:
        query = query.where(lists.manager_id == caller.manager_id)
    with engine.connect() as connection:
        return tuple(ListHead(*row) for row in connection.execute(query))


def lists_for(engine: sa.Engine, run: PublishedRun, *, caller: Caller, manager_id: str | None) -> list[dict[str, Any]]:
    """The lists the caller may see, with notes and lines; with a manager id only that manager's.

    Raises:
        UnknownListError: the manager has no list, or the caller may not see it; the error does not say which.
    """
    heads = [
        head for head in list_heads(engine, run, caller=caller) if manager_id is None or head.manager_id == manager_id
    ]
    if manager_id is not None and not heads:
        raise UnknownListError
    return [list_content(engine, run, head) for head in heads]


def list_content(engine: sa.Engine, run: PublishedRun, head: ListHead) -> dict[str, Any]:
    """One list whole: list_id, title, manager_id, notes and lines (the columns of the call list, and section)."""
    with engine.connect() as connection:
        notes = connection.execute(
            sa.select(published_list_notes.c.sentence)
            .where(*_in_list(published_list_notes, run, head))
            .order_by(published_list_notes.c.position)
        )
        lines = connection.execute(
            sa.select(published_list_lines)
            .where(*_in_list(published_list_lines, run, head))
            .order_by(published_list_lines.c.rank)
        )
        return {
            "list_id": head.list_id,
            "title": head.title,
            "manager_id": head.manager_id,
            "notes": list(notes.scalars()),
            "lines": [_without(row, "run_id", "list_id") for row in lines.mappings()],
        }


def _same_list() -> sa.ColumnElement[bool]:
    lines, lists = published_list_lines.c, published_lists.c
    return sa.and_(lines.run_id == lists.run_id, lines.list_id == lists.list_id)


def _in_list(table: sa.Table, run: PublishedRun, head: ListHead) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.run_id == run.run_id, table.c.list_id == head.list_id)


def _refreshed_after(connection: sa.Connection, run: PublishedRun, as_of: datetime, batch_id: int) -> list[Fresh]:
    """Dirty marks of the customers of a run whose scores were refreshed later than ``as_of``."""
    scores = published_scores.c
    later = sa.select(scores.customer_id, scores.as_of).where(
        scores.run_id == run.run_id, scores.as_of > run.inputs.as_of, scores.as_of > as_of
    )
    refreshed = [(customer_id, microseconds(instant)) for customer_id, instant in connection.execute(later)]
    return [(customer_id, batch_id, instant, instant) for customer_id, instant in refreshed]


def _without(row: sa.RowMapping, *names: str) -> dict[str, Any]:
    return {str(name): value for name, value in row.items() if name not in names}


def _score_rows(run_id: int, inputs: RunInputs, scores: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    of_run = {"run_id": run_id, "as_of": inputs.as_of, "model_version": inputs.model_version}
    names = [column.name for column in published_scores.columns if column.name not in of_run]
    for score in scores:
        yield of_run | {name: score[name] for name in names}


def _list_rows(run_id: int, lists: Sequence[CallList]) -> Iterator[dict[str, Any]]:
    for position, call_list in enumerate(lists):
        head = {"list_id": call_list.list_id, "title": call_list.title, "manager_id": call_list.manager_id}
        yield head | {"run_id": run_id, "position": position}


def _note_rows(run_id: int, lists: Sequence[CallList]) -> Iterator[dict[str, Any]]:
    for call_list in lists:
        for position, sentence in enumerate(call_list.notes):
            yield {"run_id": run_id, "list_id": call_list.list_id, "position": position, "sentence": sentence}


def _line_rows(run_id: int, lists: Sequence[CallList]) -> Iterator[dict[str, Any]]:
    for call_list in lists:
        for line, section in zip(call_list.lines, call_list.sections, strict=True):
            yield {"run_id": run_id, "list_id": call_list.list_id, "section": str(section)} | asdict(line)


def _ranks(lists: Sequence[CallList]) -> dict[str, int]:
    """The rank of each listed customer on its call list."""
    return {line.customer_id: line.rank for call_list in lists for line in call_list.lines}


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    values = list(rows)
    if values:
        connection.execute(table.insert(), values)
