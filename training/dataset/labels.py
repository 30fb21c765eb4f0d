"""Labels: the outcome after an origin. With assignments, one of the few modules that look past an as-of.

Labels read only rows that happened and were visible strictly before ``until`` and are not replaced by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.policy import Policy
from features.snapshot import Floats, Snapshot
from training.errors import TrainingError


class HorizonOutlastsLedgerError(TrainingError):
    """A label window that is not closed yet."""

    def __init__(self, origin: date, horizon_days: int, ends_on: date) -> None:
        super().__init__(
            f"Cannot label {origin}: its {horizon_days}-day horizon outlasts the ledger, which ends {ends_on}.",
            f"Choose an as-of date no later than {ends_on - timedelta(days=horizon_days)}.",
        )


@dataclass(frozen=True)
class Labels:
    """The outcome of each row of a snapshot in [origin, origin + H).

    Attributes:
        order_days: calendar days with a positive line of a product.
        net_sales: sales less returns; may be negative.
    """

    order_days: npt.NDArray[np.int64]
    net_sales: Floats

    @property
    def churned(self) -> npt.NDArray[np.bool_]:
        """True where no order day lies in the window."""
        return np.asarray(self.order_days == 0)

    def shortfall(self, reference: Floats) -> Floats:
        """max(R - net sales, 0): the loss against going on as before."""
        return np.maximum(reference - self.net_sales, 0.0)

    def fading(self, reference: Floats, orders_expected: Floats, policy: Policy) -> npt.NDArray[np.bool_]:
        """True for customers that order, but under ``fading_share`` of R, where enough orders are expected."""
        predictable = orders_expected >= policy.fading_least_orders
        return ~self.churned & predictable & (self.net_sales < policy.fading_share * reference)


_STATEMENT = f"""
WITH windows AS (SELECT DISTINCT as_of, ends FROM rows),
outcomes AS (
    SELECT w.as_of, l.customer_id, count(DISTINCT l.order_day) FILTER (l.makes_order) AS order_days,
           sum(l.amount) AS net_sales
    FROM order_lines l JOIN windows w ON l.ordered_at >= w.as_of AND l.ordered_at < w.ends
    WHERE {visible_at("$until", happened="ordered_at", relation="l")}
    GROUP BY w.as_of, l.customer_id
)
SELECT coalesce(o.order_days, 0) AS order_days, CAST(coalesce(o.net_sales, 0) AS DOUBLE) AS net_sales
FROM rows r LEFT JOIN outcomes o USING (as_of, customer_id) ORDER BY r.row
"""


def labels_of(ledger: Ledger, snapshot: Snapshot, horizon_days: int, *, until: AsOf, policy: Policy) -> Labels:
    """The labels of a snapshot's rows, at all its origins, in one statement.

    Raises:
        HorizonOutlastsLedgerError: a window is not closed by ``until`` or by the ledger's end.
    """
    ends_on = min(until.day, ledger.ends_on + timedelta(days=1))
    for origin in snapshot.as_ofs:
        if origin.day + timedelta(days=horizon_days) > ends_on:
            raise HorizonOutlastsLedgerError(origin.day, horizon_days, ends_on)
    rows = _rows(snapshot, snapshot.as_ofs, horizon_days, policy)
    with ledger.open() as connection:
        connection.register("rows", rows)
        outcomes = connection.sql(_STATEMENT, params={"until": until.naive}).to_arrow_table()
    return Labels(
        order_days=outcomes.column("order_days").to_numpy().astype(np.int64),
        net_sales=outcomes.column("net_sales").to_numpy().astype(np.float64),
    )


def customers_at(customer_ids: Sequence[str], origin: AsOf, ledger: Ledger) -> Snapshot:
    """Customers at an instant without any feature: enough to look up their labels."""
    as_of = pa.array([origin.naive] * len(customer_ids), pa.timestamp("us"))
    table = pa.table({"as_of": as_of, "customer_id": pa.array(customer_ids, pa.string())})
    return Snapshot(table, (origin,), catalogue_fingerprint="", policy_digest="", ledger_digest=ledger.digest)


def _rows(snapshot: Snapshot, origins: Sequence[AsOf], horizon_days: int, policy: Policy) -> pa.Table:
    ends = {origin.naive: origin.shifted(horizon_days, policy.zone).naive for origin in origins}
    starts = pa.array(sorted(ends), pa.timestamp("us"))
    closes = pa.array([ends[start] for start in sorted(ends)], pa.timestamp("us"))
    as_of = snapshot.table.column("as_of").cast(pa.timestamp("us"))
    at = np.searchsorted(starts.to_numpy(zero_copy_only=False), as_of.to_numpy())
    return pa.table(
        {
            "row": np.arange(len(snapshot)),
            "as_of": as_of,
            "ends": closes.take(pa.array(at)),
            "customer_id": snapshot.table.column("customer_id"),
        }
    )
