"""The columns of customers, of the people at them, and of our managers, as data."""

from __future__ import annotations

from features.ledger.schema.column import DAY, MONEY, TEXT, WORDS, YES_NO, ColumnSpec
from features.ledger.schema.shared import CUSTOMER_ID, DEPARTMENT, KNOWN_AT, MANAGER_ID

KEY_MARKS = {
    "potential": ("potential key account",),
    "reputation": ("image", "reference", "prestige"),
    "innovator": ("innovative", "early adopter"),
    "demanding": ("demanding customer",),
    "strategic": ("strategic customer", "strategic account", "vip"),
}
"""Why a company names a customer key, whatever it buys (docs/domain.md 4)."""

PERSON = ColumnSpec(
    "person",
    TEXT,
    "somebody there, by name",
    ("contact person", "contact name", "person name", "contact", "ansprechpartner"),
)

CUSTOMER_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec(
        "name",
        TEXT,
        "what the customer is called",
        ("customer name", "client name", "account name", "company", "company name"),
    ),
    ColumnSpec(
        "parent_id",
        TEXT,
        "the customer it is a branch of",
        ("parent", "parent customer", "parent customer id", "parent account", "parent account id", "group id"),
    ),
    DEPARTMENT,
    MANAGER_ID,
    ColumnSpec(
        "key_mark",
        WORDS,
        "why we name it key: potential, reputation, innovator, demanding, strategic; several with ;",
        ("key marks", "key account", "key account mark", "key account reason", "key account type"),
        words=KEY_MARKS,
    ),
    ColumnSpec(
        "potential_sales",
        MONEY,
        "what it spends a year on what we sell, wherever it buys",
        ("potential", "annual potential", "annual spend", "potential annual spend", "category spend"),
        at_least="0",
    ),
    ColumnSpec(
        "referred_by",
        TEXT,
        "the customer who brought it",
        ("referred by id", "referrer", "referrer id", "referral", "recommended by"),
    ),
    ColumnSpec("blacklisted", YES_NO, "never to be called", ("blacklist", "on blacklist", "black listed", "blocked")),
    ColumnSpec("blacklist_reason", TEXT, "why not", ("blacklisted because", "blacklist why", "block reason")),
    ColumnSpec("consent_call", YES_NO, "may be called", ("may call", "call consent", "call allowed", "phone consent")),
    ColumnSpec("consent_mail", YES_NO, "may be mailed", ("may mail", "mail consent", "email consent", "email opt in")),
    ColumnSpec("consent_visit", YES_NO, "may be visited", ("may visit", "visit consent", "visits allowed")),
    ColumnSpec("consent_message", YES_NO, "may be messaged", ("may message", "message consent", "sms consent")),
    ColumnSpec("language", TEXT, "the language it speaks", ("lang", "preferred language", "language code")),
    ColumnSpec("preferences", TEXT, "what it likes", ("preference", "likes", "preferred")),
    ColumnSpec("birthday", DAY, "its birthday, or the day it was founded", ("founded", "founded on", "birth date")),
    PERSON,
    ColumnSpec(
        "person_role", TEXT, "what that person does there", ("role", "job title", "position", "function"), of="person"
    ),
    ColumnSpec(
        "person_level",
        TEXT,
        "owner, head, buyer, accountant …",
        ("level", "seniority", "hierarchy level"),
        of="person",
    ),
    ColumnSpec(
        "person_birthday", DAY, "that person's birthday", ("contact birthday", "person birth date"), of="person"
    ),
    ColumnSpec(
        "contact_address",
        TEXT,
        "where to reach that person",
        ("person address", "contact email", "contact phone", "person email", "person phone"),
        of="person",
    ),
    KNOWN_AT,
)
"""What a row of ``ingest customers`` may carry: the state of a customer, and one person there."""

PERSON_COLUMNS: tuple[str, ...] = ("person", "person_role", "person_level", "person_birthday", "contact_address")
"""Those of them that tell of a person."""

MANAGER_COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec(
        "manager_id",
        TEXT,
        "the manager's own number or code",
        ("manager", "manager no", "account manager", "sales rep", "rep id", "employee id", "employee no", "id"),
        required=True,
    ),
    ColumnSpec("name", TEXT, "what the manager is called", ("manager name", "full name", "employee name", "rep name")),
    ColumnSpec("deputy_id", TEXT, "who stands in", ("deputy", "substitute", "stand in", "backup", "deputy manager")),
    ColumnSpec(
        "absent_from_on",
        DAY,
        "first day away",
        ("absent from", "absence start", "absence from", "away from", "leave from", "leave start", "vacation start"),
    ),
    ColumnSpec(
        "absent_until_on",
        DAY,
        "first day back",
        ("absent until", "absence end", "absence to", "away until", "leave until", "leave end", "vacation end"),
    ),
    ColumnSpec("address", TEXT, "where lists are sent", ("email", "mail", "email address", "mail address")),
    KNOWN_AT,
)
"""What a row of ``ingest managers`` may carry."""
