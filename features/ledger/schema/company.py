"""The columns of payments, of events and of exchange rates, as data."""

from __future__ import annotations

from dataclasses import replace

from features.ledger.schema.column import DAY, INSTANT, MONEY, PRECISE, TEXT, WORD, ColumnSpec
from features.ledger.schema.interactions import MADE, WHEN
from features.ledger.schema.shared import CURRENCY, CUSTOMER_ID, KNOWN_AT, WORDS_SAID

EVENTS = {
    "buyer_changed": ("new buyer", "buyer change", "buyer left", "purchaser changed", "contact changed"),
    "owner_changed": ("new owner", "owner change", "ownership changed", "sold", "acquired", "takeover"),
    "supplier_added": ("new supplier", "second supplier", "supplier change", "competitor", "added supplier"),
    "stock_out": ("out of stock", "stockout", "our stock out", "shortage", "not in stock"),
    "price_rise": ("price increase", "price raise", "prices raised", "new prices", "price change"),
    "closed": ("closed week", "closure", "shut", "holiday", "holidays", "company holidays", "shutdown"),
    "data_missing": ("missing data", "no data", "data gap", "system down", "outage"),
}

PAYMENT_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec(
        "payment_id",
        TEXT,
        "number of the invoice",
        (
            "invoice number", "invoice no", "invoice id", "invoice", "payment no", "payment number", "receivable id",
            "document no", "document number", "bill no", "bill number", "id",
        ),
    ),
    ColumnSpec(
        "invoiced_at",
        INSTANT,
        "when we asked for the money",
        (
            "invoiced", "invoiced on", "invoice date", "invoice datetime", "issued at", "issued on", "issue date",
            "billed at", "billing date", "bill date", "document date", "posting date", *MADE, *WHEN,
        ),
        required=True,
        day="invoiced_on",
    ),
    ColumnSpec(
        "due_on",
        DAY,
        "until when it was to be paid",
        ("due", "due at", "due date", "payable by", "payable until", "payment due", "payment due date", "fällig am"),
    ),
    ColumnSpec(
        "paid_on",
        DAY,
        "when it was paid; empty: not yet",
        (
            "paid", "paid at", "paid date", "date paid", "payment date", "payment received", "clearing date",
            "cleared on", "cleared at", "settled on", "settled at", "settlement date", "bezahlt am",
        ),
    ),
    ColumnSpec(
        "amount",
        MONEY,
        "what was asked for; below 0: a credit note",
        (
            "invoice amount", "invoice total", "invoice value", "amount due", "total", "total amount", "gross amount",
            "payment amount", "value", "sum", "amt",
        ),
        required=True,
    ),
    CURRENCY,
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest payments`` may carry: an invoice, when due, when paid."""

EVENT_COLUMNS: tuple[ColumnSpec, ...] = (
    replace(CUSTOMER_ID, meaning="the customer it happened to; empty: to us all", required=False),
    ColumnSpec("event_id", TEXT, "number of the event", ("event no", "event number", "id")),
    ColumnSpec(
        "event",
        WORD,
        "buyer_changed, owner_changed, supplier_added, stock_out, price_rise, closed or data_missing",
        ("event type", "event kind", "event name", "type", "kind", "what"),
        required=True,
        words=EVENTS,
    ),
    ColumnSpec(
        "happened_at",
        INSTANT,
        "when it happened or began",
        (
            "happened on", "event date", "event time", "occurred at", "occurred on", "start", "start date",
            "started at", "starts on", "from", "since", *MADE, *WHEN[:4],
        ),
        required=True,
        day="happened_on",
    ),
    ColumnSpec(
        "until_on",
        DAY,
        "of a closed time or missing rows: first day after it",
        ("until", "to", "end", "end date", "ended on", "ends on", "till"),
    ),
    WORDS_SAID,
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest events`` may carry."""

RATE_COLUMNS: tuple[ColumnSpec, ...] = (
    replace(CURRENCY, meaning="ISO 4217 code of the foreign currency", required=True,
            usual_names=(*CURRENCY.usual_names, "from currency", "foreign currency", "from", "code")),
    ColumnSpec(
        "rated_on", DAY, "the day it holds from", ("rate date", "valid on", "valid from", "as of", "day", *WHEN[:4]),
        required=True,
    ),
    ColumnSpec(
        "rate",
        PRECISE,
        "reporting currency for one unit",
        ("exchange rate", "fx rate", "fx", "value", "conversion rate", "mid rate", "obs value"),
        required=True,
        above="0",
    ),
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest rates`` may carry."""
