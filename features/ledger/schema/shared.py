"""Columns that several record types share, as data."""

from __future__ import annotations

from features.ledger.schema.column import INSTANT, TEXT, ColumnSpec

CUSTOMER_ID = ColumnSpec(
    "customer_id",
    TEXT,
    "the customer's own number or code",
    (
        "customer", "customer no", "customer number", "customer code", "customer key", "cust", "cust id", "cust no",
        "client", "client id", "client no", "account", "account id", "account no", "account number",
        "user id", "buyer id", "kundennummer", "kundennr",
    ),
    required=True,
)  # fmt: skip


DEPARTMENT = ColumnSpec(
    "department", TEXT, "the department it belongs to", ("dept", "division", "business unit", "sales department")
)


MANAGER_ID = ColumnSpec(
    "manager_id",
    TEXT,
    "the manager who looks after it",
    ("manager", "account manager", "account owner", "sales rep", "sales person", "sales manager", "rep id"),
)


KNOWN_AT = ColumnSpec("known_at", INSTANT, "when we knew of the row", ("known on", "recorded at", "entered at"))


CURRENCY = ColumnSpec("currency", TEXT, "ISO 4217 code of the amount", ("currency code", "ccy", "curr", "iso currency"))


WORDS_SAID = ColumnSpec(
    "words",
    TEXT,
    "what was said or written",
    ("words said", "description", "comment", "comments", "note", "notes", "text"),
)
