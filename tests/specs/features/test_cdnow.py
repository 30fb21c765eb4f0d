"""CDNOW, where it is used, is the ledger everybody means by that name."""

from __future__ import annotations

from tests.cdnow import CUSTOMERS, ROWS, cdnow_master


def test_cdnow_is_the_known_ledger() -> None:
    rows = [line.split() for line in cdnow_master().read_text(encoding="ascii").splitlines()[1:]]
    assert len(rows) == ROWS
    assert len({customer_id for customer_id, _, _, _ in rows}) == CUSTOMERS
    assert min(day for _, day, _, _ in rows) == "19970101"
    assert max(day for _, day, _, _ in rows) == "19980630"
