"""Refreshed customers, published into the newest run; what depends on other customers stays as the night found it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from features.ledger.store.dirty_customers import IDS_AT_ONCE
from serving.decisions.wording import parted
from serving.publication.publish import PublishedRun, newest_run_in
from serving.publication.tables import published_scores


@dataclass(frozen=True)
class NightStanding:
    """A customer's values that depend on other customers too, as the night published them."""

    group_id: str
    company_share: float | None = None
    is_key_account: bool = False
    key_reasons: tuple[str, ...] = ()


def standing_of_night(
    connection: sa.Connection, run: PublishedRun, customer_ids: Sequence[str]
) -> dict[str, NightStanding]:
    """The standing of those of the customers that the night of the run knew, by customer id."""
    scores = published_scores.c
    columns = (scores.customer_id, scores.group_id, scores.company_share, scores.is_key_account, scores.key_reasons)
    standing: dict[str, NightStanding] = {}
    for start in range(0, len(customer_ids), IDS_AT_ONCE):
        in_slice = scores.customer_id.in_(customer_ids[start : start + IDS_AT_ONCE])
        for row in connection.execute(sa.select(*columns).where(scores.run_id == run.run_id, in_slice)):
            standing[row.customer_id] = NightStanding(
                row.group_id or row.customer_id, row.company_share, row.is_key_account, parted(row.key_reasons)
            )
    return standing


def publish_refreshed(connection: sa.Connection, run: PublishedRun, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the rows were written into the run; false where another run is served by now."""
    newest = newest_run_in(connection)
    if newest is None or newest.run_id != run.run_id:
        return False
    if rows:
        insert = _insert(connection.dialect.name)
        new = {column.name: insert.excluded[column.name] for column in published_scores.columns}
        connection.execute(
            insert.on_conflict_do_update(index_elements=published_scores.primary_key.columns, set_=new),
            list(_score_rows(run, rows)),
        )
    return True


def _insert(dialect: str) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(published_scores) if dialect == "postgresql" else sqlite.insert(published_scores)


def _score_rows(run: PublishedRun, rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    names = [column.name for column in published_scores.columns if column.name != "run_id"]
    for row in rows:
        yield {"run_id": run.run_id} | {name: row[name] for name in names}
