"""The reconciliation of an ingest: what was read, and what became of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from features.ledger.ingest.request import HistoryRule, IncomingRows, IngestRequest
from features.ledger.merge.events import accepted_on
from features.ledger.mirror.stored_rows import StoredRows
from features.ledger.reconciliation.cancellations import NO_CANCELLATIONS, cancellations_of
from features.ledger.reconciliation.conversion import NO_CONVERSION, conversion_of
from features.ledger.reconciliation.look_alikes import NO_LOOK_ALIKES, LookAlikes, new_look_alikes
from features.ledger.reconciliation.report import Reconciliation, UnreconciledError
from features.ledger.reconciliation.tallies import (
    NOTHING,
    columns_of,
    commitments,
    days_spanned,
    equal_rows,
    known_at_rules,
    quarantine_by_reason,
    rows_in_detail,
    rows_to_come,
    tally,
    values_set_aside,
)
from features.ledger.schema.column import name_key
from features.ledger.schema.record_types import RECORD_TYPES
from features.ledger.schema.shared import CURRENCY
from features.ledger.sql import is_product

CENTS = "0.01"  # a price is rounded: half a cent a piece, and one for the line


def reconciliation_of(
    request: IngestRequest,
    incoming: IncomingRows,
    stored: StoredRows,
    remarks: Sequence[str],
    *,
    newly_quarantined: int,
) -> Reconciliation:
    """The account of what stands in ``read`` and ``judged``; of a batch that is not stored yet.

    Raises:
        UnreconciledError: rows or money do not add up.
    """
    frames, kind, raws = stored.work, request.record_type, incoming.raws
    files = tuple(raw.name for raw in raws)
    read = tally(frames, "read", kind.name)
    if read.rows != sum(len(raw) for raw in raws):
        raise UnreconciledError(f"{read.rows} of {sum(len(raw) for raw in raws)} rows were checked")
    equal = 0 if kind.is_state else equal_rows(frames, raws)
    corrections, never_seen = (0, 0) if kind.is_state else rows_in_detail(frames, kind)
    first_on, last_on = (None, None) if kind.is_state else days_spanned(frames, kind)
    product = f"({is_product(request.policy.non_product_codes)})"
    accepted = "fate = 'accepted'"
    used, unused = columns_of(raws, incoming.matches)
    return Reconciliation(
        kind=kind.name,
        files=files,
        batch_id=None,
        read=read,
        accepted=tally(frames, "judged", kind.name, accepted),
        merged=tally(frames, "judged", kind.name, "fate = 'merged'"),
        quarantined=tally(frames, "judged", kind.name, "fate = 'quarantined'"),
        quarantine=quarantine_by_reason(frames, files),
        newly_quarantined=newly_quarantined,
        known_at=known_at_rules(frames),
        returns=tally(frames, "judged", kind.name, f"{accepted} AND amount < 0 AND {product}")
        if kind.is_sale
        else NOTHING,
        non_products=tally(frames, "judged", kind.name, f"{accepted} AND NOT {product}") if kind.is_sale else NOTHING,
        equal_lines=equal,
        corrections=corrections,
        never_seen=never_seen,
        conversion=conversion_of(frames, stored.database, kind, raws) if kind.converted else NO_CONVERSION,
        cancellations=cancellations_of(frames) if kind.is_sale else NO_CANCELLATIONS,
        to_come=0 if kind.is_state else rows_to_come(frames, kind, request.ingested_at),
        commitments=0 if kind.is_state else commitments(frames, kind),
        alike=_alike(request, stored),
        renamed=frames.sql("SELECT count(*) FROM renamed").fetchall()[0][0],
        set_aside=values_set_aside(frames, kind.name),
        remarks=(*remarks, *(doubts(frames) if kind.is_sale else ()), *unread_currencies(used, unused)),
        columns=used,
        columns_unused=unused,
        first_on=first_on,
        last_on=last_on,
        dry_run=request.dry_run,
    )


def _alike(request: IngestRequest, stored: StoredRows) -> LookAlikes:
    """Ids that look alike; none of pushed rows: nobody reads their account, and doctor reports them."""
    if "customer_id" not in request.record_type.relation.content or request.history is HistoryRule.NONE:
        return NO_LOOK_ALIKES
    known = []
    for kind in (RECORD_TYPES["orders"], RECORD_TYPES["customers"]):
        for shelf in kind.relations:
            stored.create_view(shelf, f"known_{shelf.name}")
        known.append(_ids_of_rows([f"known_{shelf.name}" for shelf in kind.relations]))
    new = _ids_of_rows([accepted_on(request.record_type, shelf) for shelf in request.record_type.relations])
    return new_look_alikes(stored.work, new=new, known=" UNION ALL ".join(known))


def _ids_of_rows(views: Sequence[str]) -> str:
    """SQL: the customer_id of each row of a kind, once also where it lies on two shelves."""
    both = " UNION ".join(f"SELECT customer_id, row_id FROM {view}" for view in views)
    return f"SELECT customer_id FROM ({both})"


def doubts(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Sentences about the accepted order lines of ``judged`` whose values contradict each other; the amount counted."""
    expected = "quantity * unit_price"
    slack = f"{CENTS} + 0.005 * abs(quantity)"
    signs, sums = connection.sql(
        f"""SELECT count(*) FILTER (amount > 0 AND quantity < 0), count(*) FILTER (
            abs(abs(amount) - abs({expected})) > {slack}
            AND abs(abs(amount) - abs({expected} - coalesce(discount, 0))) > {slack})
        FROM judged WHERE fate = 'accepted'"""
    ).fetchall()[0]
    said = (
        ("Lines whose amount is above 0 and whose quantity is below 0; the amount counts", signs),
        ("Lines whose amount is neither quantity × price nor that less the discount; the amount counts", sums),
    )
    return tuple(f"{sentence}: {rows:,}." for sentence, rows in said if rows)


def unread_currencies(used: Mapping[str, str], unused: Sequence[str]) -> tuple[str, ...]:
    """A sentence where the potential of customers stands beside a currency: it is converted by no rate."""
    beside = [name for name in unused if name_key(name) in CURRENCY.keys]
    if "potential_sales" not in used or not beside:
        return ()
    return (
        f"'{used['potential_sales']}' was taken to be in the ledger's currency: '{beside[0]}' beside it was not read. "
        "Convert it before, where it is in another one.",
    )
