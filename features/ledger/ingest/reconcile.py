"""The reconciliation of an ingest: the rows read, and the fate of each."""

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
    """The account of the rows in ``read`` and ``judged``, of a batch that is not stored yet.

    Raises:
        UnreconciledError: rows or money do not add up.
    """
    work, kind, raws = stored.work, request.record_type, incoming.raws
    files = tuple(raw.name for raw in raws)
    read = tally(work, "read", kind.name)
    if read.rows != sum(len(raw) for raw in raws):
        raise UnreconciledError(f"{read.rows} of {sum(len(raw) for raw in raws)} rows were checked")
    equal = 0 if kind.is_state else equal_rows(work, raws)
    corrections, never_seen = (0, 0) if kind.is_state else rows_in_detail(work, kind)
    first_on, last_on = (None, None) if kind.is_state else days_spanned(work, kind)
    product = f"({is_product(request.policy.non_product_codes)})"
    accepted = "fate = 'accepted'"
    used, unused = columns_of(raws, incoming.matches)
    return Reconciliation(
        kind=kind.name,
        files=files,
        batch_id=None,
        read=read,
        accepted=tally(work, "judged", kind.name, accepted),
        merged=tally(work, "judged", kind.name, "fate = 'merged'"),
        quarantined=tally(work, "judged", kind.name, "fate = 'quarantined'"),
        quarantine=quarantine_by_reason(work, files),
        newly_quarantined=newly_quarantined,
        known_at=known_at_rules(work),
        returns=tally(work, "judged", kind.name, f"{accepted} AND amount < 0 AND {product}")
        if kind.is_sale
        else NOTHING,
        non_products=tally(work, "judged", kind.name, f"{accepted} AND NOT {product}") if kind.is_sale else NOTHING,
        equal_lines=equal,
        corrections=corrections,
        never_seen=never_seen,
        conversion=conversion_of(work, stored.database, kind, raws) if kind.converted else NO_CONVERSION,
        cancellations=cancellations_of(work) if kind.is_sale else NO_CANCELLATIONS,
        to_come=0 if kind.is_state else rows_to_come(work, kind, request.ingested_at),
        commitments=0 if kind.is_state else commitments(work, kind),
        alike=_alike(request, stored),
        renamed=work.sql("SELECT count(*) FROM renamed").fetchall()[0][0],
        set_aside=values_set_aside(work, kind.name),
        remarks=(*remarks, *(doubts(work) if kind.is_sale else ()), *unread_currencies(used, unused)),
        columns=used,
        columns_unused=unused,
        first_on=first_on,
        last_on=last_on,
        dry_run=request.dry_run,
    )


def _alike(request: IngestRequest, stored: StoredRows) -> LookAlikes:
    """Look-alike ids; none of pushed rows, whose account nobody reads: doctor reports them."""
    if "customer_id" not in request.record_type.relation.content or request.history is HistoryRule.NONE:
        return NO_LOOK_ALIKES
    known = []
    for kind in (RECORD_TYPES["orders"], RECORD_TYPES["customers"]):
        for relation in kind.relations:
            stored.create_view(relation, f"known_{relation.name}")
        known.append(_ids_of_rows([f"known_{relation.name}" for relation in kind.relations]))
    new = _ids_of_rows([accepted_on(request.record_type, relation) for relation in request.record_type.relations])
    return new_look_alikes(stored.work, new=new, known=" UNION ALL ".join(known))


def _ids_of_rows(views: Sequence[str]) -> str:
    """SQL: the customer_id of each row of a kind, only once where it lies on two relations."""
    both = " UNION ".join(f"SELECT customer_id, row_id FROM {view}" for view in views)
    return f"SELECT customer_id FROM ({both})"


def doubts(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Sentences about accepted order lines of ``judged`` with contradictory values; their amount counts."""
    expected = "quantity * unit_price"
    slack = f"{CENTS} + 0.005 * abs(quantity)"
    signs, sums = connection.sql(
        f"""SELECT count(*) FILTER (amount > 0 AND quantity < 0), count(*) FILTER (
            abs(abs(amount) - abs({expected})) > {slack}
            AND abs(abs(amount) - abs({expected} - coalesce(discount, 0))) > {slack})
        FROM judged WHERE fate = 'accepted'"""
    ).fetchall()[0]
    text_of_doubt = (
        ("Lines whose amount is above 0 and whose quantity is below 0; the amount counts", signs),
        ("Lines whose amount is neither quantity × price nor that less the discount; the amount counts", sums),
    )
    return tuple(f"{sentence}: {rows:,}." for sentence, rows in text_of_doubt if rows)


def unread_currencies(used: Mapping[str, str], unused: Sequence[str]) -> tuple[str, ...]:
    """A sentence where customers' potential comes with a currency: it is not converted."""
    beside = [name for name in unused if name_key(name) in CURRENCY.keys]
    if "potential_sales" not in used or not beside:
        return ()
    return (
        f"'{used['potential_sales']}' was taken to be in the ledger's currency: '{beside[0]}' beside it was not read. "
        "Convert it before, where it is in another one.",
    )
