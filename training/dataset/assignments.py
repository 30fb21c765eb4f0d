"""Customers called, or held out from a call, in the window after an origin; like labels it looks past an as-of.

A chance is one *without* a call from our list. It is learned from customers that were not called, and from customers
held out in place of those called (inverse probability weights: Horvitz & Thompson 1952; Robins, Hernán & Brumback
2000).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.clock import AsOf
from features.ledger.ledger import Ledger
from features.ledger.sql import visible_at
from features.policy import Policy
from features.snapshot import Floats, Snapshot

Mask = npt.NDArray[np.bool_]

LEAST_CYCLE_DAYS = 90
"""An arm holds for max(H, 90) days from its trigger: assignments within them are one draw (docs/design.md 3)."""
LEAST_HELD_OUT = 50
"""Held-out customers needed to stand for the called ones."""


@dataclass(frozen=True)
class Assignments:
    """The assignment of each row of a snapshot in [origin, origin + H) by our lists.

    Attributes:
        called: True where the customer was called from a list.
        held_out_chance: probability of being held out from every list of the window; 1: no list drew an arm.
    """

    called: Mask
    held_out_chance: Floats

    def __len__(self) -> int:
        return len(self.called)

    @property
    def weight(self) -> Floats:
        """The number of uncalled customers a row stands for: called 0, not assigned 1, held out 1 ÷ its probability."""
        return np.where(self.called, 0.0, 1.0 / self.held_out_chance)

    @property
    def held_out(self) -> Mask:
        """True where an arm was drawn and the customer was held out."""
        return np.asarray(~self.called & (self.held_out_chance < 1.0))

    def where(self, mask: Mask) -> Assignments:
        """The rows for which ``mask`` is true."""
        return Assignments(self.called[mask], self.held_out_chance[mask])


_ASSIGNED = f"""
WITH known AS (
    SELECT * FROM calls
    WHERE {visible_at("$until", happened="called_at")}
      AND (listed_on IS NOT NULL OR arm IN ('called', 'held_out'))
), drawn AS (
    SELECT customer_id, coalesce(experiment, '') AS experiment, coalesce(arm, 'none') = 'held_out' AS is_held_out,
           arm_probability, least(listed_on, called_on) AS first_on, called_on
    FROM known
    UNION ALL
    SELECT customer_id, '', false, NULL, least(listed_on, contacted_on), contacted_on FROM contacts
    WHERE {visible_at("$until", happened="contacted_at")}
      AND listed_on IS NOT NULL
), shares AS (
    SELECT coalesce(experiment, '') AS experiment,
           count(*) FILTER (arm = 'held_out') / nullif(count(*) FILTER (arm IN ('called', 'held_out')), 0)
               AS held_out_share
    FROM known GROUP BY 1
)
SELECT d.customer_id, d.experiment, d.is_held_out, d.first_on, d.called_on,
       CAST(coalesce(d.arm_probability, s.held_out_share, 1) AS DOUBLE) AS chance
FROM drawn d LEFT JOIN shares s USING (experiment)
ORDER BY d.customer_id, d.experiment, d.first_on, d.called_on
"""
_WINDOWS = """
WITH days AS (
    SELECT customer_id, draw, is_held_out, chance, unnest([first_on, called_on]) AS day FROM assigned
), window_draws AS (
    SELECT w.as_of, d.customer_id, d.draw, bool_and(d.is_held_out) AS is_held_out, min(d.chance) AS chance
    FROM days d JOIN windows w ON d.day >= w.begins_on AND d.day < w.ends_on GROUP BY ALL
), outcome AS (
    SELECT as_of, customer_id, bool_or(NOT is_held_out) AS called, product(chance) AS chance
    FROM window_draws GROUP BY ALL
)
SELECT coalesce(o.called, false) AS called, CASE WHEN o.called THEN 1.0 ELSE coalesce(o.chance, 1.0) END AS chance
FROM rows r LEFT JOIN outcome o USING (as_of, customer_id) ORDER BY r.row
"""


def assignments_of(
    ledger: Ledger, snapshot: Snapshot, horizon_days: int, *, until: AsOf, policy: Policy
) -> Assignments:
    """The assignment of each row's customer, as known strictly before ``until``.

    A call or contact that names its list, or a row with an arm, is an assignment in the windows that hold its list's
    day or its own. A call without a list is none. A row without a probability takes the held-out share of its
    experiment.
    """
    with ledger.open() as connection:
        drawn = connection.sql(_ASSIGNED, params={"until": until.naive}).to_arrow_table()
        if not drawn.num_rows:
            return Assignments(np.zeros(len(snapshot), dtype=np.bool_), np.ones(len(snapshot)))
        cycle_days = max(horizon_days, LEAST_CYCLE_DAYS)
        connection.register("assigned", drawn.append_column("draw", pa.array(_draws(drawn.to_pylist(), cycle_days))))
        connection.register("windows", _windows(snapshot.as_ofs, horizon_days, policy))
        connection.register("rows", _rows(snapshot))
        windows_drawn = connection.sql(_WINDOWS).to_arrow_table()
    called = windows_drawn.column("called").to_numpy().astype(np.bool_)
    return Assignments(called, windows_drawn.column("chance").to_numpy().astype(np.float64))


def _draws(assigned: Sequence[Mapping[str, Any]], cycle_days: int) -> list[int]:
    """The number of the draw behind each assignment; assignments are sorted by customer, experiment and day."""
    draws: list[int] = []
    current: tuple[str, str] | None = None
    begun: date | None = None
    for assignment in assigned:
        pair = (assignment["customer_id"], assignment["experiment"])
        if pair != current or begun is None or (assignment["first_on"] - begun).days >= cycle_days:
            current, begun = pair, assignment["first_on"]
            draws.append(draws[-1] + 1 if draws else 0)
        else:
            draws.append(draws[-1])
    return draws


def _windows(origins: Sequence[AsOf], horizon_days: int, policy: Policy) -> pa.Table:
    return pa.table(
        {
            "as_of": pa.array([origin.naive for origin in origins], pa.timestamp("us")),
            "begins_on": pa.array([origin.day for origin in origins], pa.date32()),
            "ends_on": pa.array([origin.shifted(horizon_days, policy.zone).day for origin in origins], pa.date32()),
        }
    )


def _rows(snapshot: Snapshot) -> pa.Table:
    return pa.table(
        {
            "row": np.arange(len(snapshot)),
            "as_of": snapshot.table.column("as_of").cast(pa.timestamp("us")),
            "customer_id": snapshot.table.column("customer_id"),
        }
    )
