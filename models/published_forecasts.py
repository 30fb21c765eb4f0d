"""Published runs and their forecasts of every active customer, which never change.

Published scores are refreshed as rows come in; a forecast is the score at the time the lists were made, so that it can
be compared with what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from features.ledger.store.database import Store
from features.ledger.store.tables import METADATA, Day, Instant

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("run_id", sa.Integer, primary_key=True),  # the highest is served
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("as_of_day", Day, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("bundle_digest", sa.String(64), nullable=False),
    sa.Column("ledger_digest", sa.String(64), nullable=False),
    sa.Column("policy_digest", sa.String(64), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    sa.Column("made_up", sa.Boolean, nullable=False),  # the ledger is a demo company's
)

FORECASTS = sa.Table(
    "forecasts",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("churn_probability", sa.Double, nullable=False),
    sa.Column("reference_sales", sa.Double),
    sa.Column("value_at_risk", sa.Double),
    sa.Column("rank", sa.Integer),  # on its call list; null: on none
    comment="Append-only: what each run said of every active customer when its lists were made.",
)


@dataclass(frozen=True)
class ForecastRun:
    """A run with lists.

    Attributes:
        as_of_day: the day of its lists.
        horizon_days: how far ahead its chances look.
    """

    run_id: int
    as_of: datetime
    as_of_day: date
    model_version: str
    horizon_days: int


@dataclass(frozen=True)
class KeptForecasts:
    """The forecasts of one run, one row per active customer, by customer_id.

    Attributes:
        chance: of no order within the horizon. reference, value_at_risk: money; NaN: unknown.
        is_listed: whether the customer was on a call list.
    """

    customer_ids: tuple[str, ...]
    chance: npt.NDArray[np.float64]
    reference: npt.NDArray[np.float64]
    value_at_risk: npt.NDArray[np.float64]
    is_listed: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.customer_ids)


def keep_forecasts(
    connection: sa.Connection, run_id: int, scores: Iterable[Mapping[str, Any]], ranks: Mapping[str, int]
) -> None:
    """Stores the run's forecast of every active customer that has a chance of no order."""
    columns = ("customer_id", "churn_probability", "reference_sales", "value_at_risk")
    rows = [
        {name: score[name] for name in columns} | {"run_id": run_id, "rank": ranks.get(score["customer_id"])}
        for score in scores
        if score["population"] == "active" and score["churn_probability"] is not None
    ]
    if rows:
        connection.execute(FORECASTS.insert(), rows)


def runs_with_forecasts(store: Store) -> tuple[ForecastRun, ...]:
    """The newest run with forecasts of each day, oldest first."""
    runs = RUNS.c
    columns = (runs.run_id, runs.as_of, runs.as_of_day, runs.model_version, runs.horizon_days)
    has_forecasts = sa.select(sa.literal(1)).where(FORECASTS.c.run_id == runs.run_id).exists()
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).where(has_forecasts).order_by(runs.run_id)).all()
    return tuple(sorted({row.as_of_day: ForecastRun(*row) for row in rows}.values(), key=lambda run: run.as_of_day))


def forecasts_of(store: Store, run: ForecastRun) -> KeptForecasts:
    """The forecasts of a run."""
    forecast = FORECASTS.c
    columns = (
        forecast.customer_id,
        forecast.churn_probability,
        forecast.reference_sales,
        forecast.value_at_risk,
        forecast.rank,
    )
    with store.engine.connect() as connection:
        unsorted = connection.execute(sa.select(*columns).where(forecast.run_id == run.run_id)).all()
    rows = sorted(unsorted, key=lambda row: str(row.customer_id))
    return KeptForecasts(
        customer_ids=tuple(row.customer_id for row in rows),
        chance=_doubles([row.churn_probability for row in rows]),
        reference=_doubles([row.reference_sales for row in rows]),
        value_at_risk=_doubles([row.value_at_risk for row in rows]),
        is_listed=np.array([row.rank is not None for row in rows], dtype=np.bool_),
    )


def first_listed_on(store: Store, *, since: date, until: date) -> dict[str, date]:
    """The first day in [since, until) on which each customer was on a list."""
    days = RUNS.c.as_of_day
    query = (
        sa.select(FORECASTS.c.customer_id, sa.func.min(days).label("day"))
        .join(RUNS, RUNS.c.run_id == FORECASTS.c.run_id)
        .where(FORECASTS.c.rank.is_not(None), days >= since, days < until)
        .group_by(FORECASTS.c.customer_id)
    )
    with store.engine.connect() as connection:
        return {row.customer_id: row.day for row in connection.execute(query)}


def _doubles(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
