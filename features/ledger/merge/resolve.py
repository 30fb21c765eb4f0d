"""Here you find the fate of every good row: accepted, merged, or cancelled at once by another."""

from __future__ import annotations

from datetime import datetime

import duckdb

from features.ledger.merge.cancellations import cancel_at_once
from features.ledger.merge.events import merge_events
from features.ledger.merge.states import merge_states
from features.ledger.schema.record_types import Kind
from features.policy import Policy


def settle_fates(
    frames: duckdb.DuckDBPyConnection,
    kind: Kind,
    *,
    history: bool,
    ingested_at: datetime,
    first_row_id: int,
    policy: Policy,
) -> None:
    """Every row of ``checked`` stands in ``judged`` with its fate, new ones in ``accepted``; see ``merge_events``.

    Expects ``stored`` and what else the merge of the kind wants.
    """
    if kind.is_state:
        merge_states(frames, kind, history=history, ingested_at=ingested_at, first_row_id=first_row_id)
    else:
        merge_events(
            frames, kind, history=history, ingested_at=ingested_at, first_row_id=first_row_id, zone=policy.time_zone
        )
    if kind.is_sale:
        cancel_at_once(frames, minutes=policy.cancel_minutes, zone=policy.time_zone)
