"""Pictures of one customer: the contributions to its chance, and its orders and chance over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from features.catalog import CATALOG
from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.policy import Policy
from features.snapshot import Snapshot, take_snapshot
from models.bundle import Bundle
from training.plots.training import INK, OURS, QUIET, pictured

SHOWN_FEATURES = 12

_ORDER_DAYS = f"""
SELECT order_day, CAST(sum(amount) AS DOUBLE) AS sales FROM order_lines
WHERE customer_id = $customer_id AND makes_order AND {visible_at("$as_of", happened="ordered_at")}
GROUP BY 1 ORDER BY 1
"""


def contributions_of(bundle: Bundle, snapshot: Snapshot) -> pa.Table:
    """The contributions to a row's chance of no order: feature, meaning, value, log_odds; the largest first.

    ``snapshot`` has one row. The sum, with the last row (of everybody), is its log-odds before calibration.

    Raises:
        BundleError: nothing is learned, or the snapshot has another catalogue.
    """
    names, parts = bundle.contributions(snapshot)
    meaning = {feature.name: feature.meaning for feature in CATALOG}
    largest = sorted(range(len(names)), key=lambda place: (-abs(parts[0, place]), names[place]))
    rows = [
        (names[at], meaning[names[at]], float(snapshot.feature(names[at])[0]), float(parts[0, at])) for at in largest
    ]
    rows.append(("everybody", "what holds before anything is known of the customer", float("nan"), float(parts[0, -1])))
    columns = zip(*rows, strict=True)
    return pa.table(dict(zip(("feature", "meaning", "value", "log_odds"), map(list, columns), strict=True)))


def contributions_picture(contributions: pa.Table, customer_id: str) -> Figure:
    """Bars of the features with the largest contributions, and of all others together."""
    of_features = contributions.slice(0, len(contributions) - 1)
    top, others = of_features.slice(0, SHOWN_FEATURES), of_features.slice(SHOWN_FEATURES)
    names = [_with_value(row["meaning"], row["value"]) for row in top.to_pylist()]
    sizes = top.column("log_odds").to_pylist()
    if len(others):
        names.append(f"{len(others)} others together")
        sizes.append(pc.sum(others.column("log_odds")).as_py())

    def draw(axes: Any) -> None:
        places = np.arange(len(sizes))[::-1]
        axes.barh(places, sizes, color=[OURS if size > 0 else QUIET for size in sizes])
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks(places, names)
        axes.set_xlabel("moves the log-odds of no order: right, more likely to stay away")
        axes.set_title(f"Why {customer_id}?")

    return pictured(draw, size=(10, 0.6 + 0.38 * len(sizes)))


def scores_over_time(
    ledger: Ledger, customer_id: str, as_ofs: Sequence[AsOf], bundle: Bundle, policy: Policy
) -> pa.Table:
    """The bundle's scores of one customer at many instants, each from what was known at the instant.

    Raises:
        AsOfBeforeLedgerError: an instant lies on or before the ledger's first day.
    """
    return bundle.score(take_snapshot(ledger, as_ofs, policy, customers=[customer_id]))


def history_picture(ledger: Ledger, customer_id: str, as_of: AsOf, scores: pa.Table) -> Figure:
    """A customer's order days by money, and above them the chance of no order with its interval."""
    with ledger.open() as connection:
        parameters = {"customer_id": customer_id, "as_of": as_of.naive}
        days = connection.sql(_ORDER_DAYS, params=parameters).to_arrow_table()
    at = scores.column("as_of").to_numpy()
    chance, low, high = (scores.column(name).to_numpy() for name in ("churn_probability", "churn_low", "churn_high"))

    def draw(axes: Any) -> None:
        axes.fill_between(at, low, high, color=OURS, alpha=0.15, linewidth=0)
        axes.plot(at, chance, color=OURS, linewidth=2)
        axes.set(ylim=(0, 1), ylabel="chance of no order")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        money = axes.twinx()
        money.vlines(days.column("order_day").to_numpy(), 0, days.column("sales").to_numpy(), color=INK, linewidth=1.2)
        money.set_ylim(0, 2.5 * max([*days.column("sales").to_pylist(), 1.0]))
        money.set_ylabel(f"sales of an order day ({ledger.currency})")
        axes.tick_params(axis="x", rotation=30)
        count = f"{len(days)} order {'day' if len(days) == 1 else 'days'}"
        axes.set_title(f"{customer_id}: {count} until {as_of.day}")

    return pictured(draw, size=(10, 4.5))


def _with_value(meaning: str, value: float) -> str:
    shown = "unknown" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{meaning}: {shown}"
