"""The columns of what passed between a customer and us, as data: contacts, complaints, surveys, calls."""

from __future__ import annotations

from dataclasses import replace

from features.ledger.schema.column import DAY, INSTANT, NUMBER, PRECISE, TEXT, WORD, ColumnSpec
from features.ledger.schema.customers import PERSON
from features.ledger.schema.shared import CUSTOMER_ID, KNOWN_AT, MANAGER_ID, WORDS_SAID

WHEN = ("date", "datetime", "timestamp", "ts", "happened at", "happened on")
MADE = ("created", "created at", "created on", "created date", "date created", "creation date")
CHANNELS = {
    "call": ("phone", "phone call", "telephone", "tel", "called", "call in", "call out", "anruf", "звонок"),
    "visit": ("meeting", "in person", "on site", "appointment", "besuch", "visited"),
    "mail": ("email", "e-mail", "letter", "post", "newsletter"),
    "message": ("sms", "chat", "text", "text message", "whatsapp", "telegram", "messenger", "instant message"),
    "other": ("unknown", "misc", "else"),
}
BEGUN_BY = {
    "us": ("we", "company", "out", "outbound", "outgoing", "manager", "sales", "agent", "our side"),
    "customer": ("client", "in", "inbound", "incoming", "them", "they", "buyer", "their side"),
}
ARMS = {
    "called": ("call", "treated", "treatment", "treat", "test"),
    "held_out": ("held out", "holdout", "hold out", "control", "control group", "not called"),
    "none": ("no arm", "no experiment", "unassigned"),
}
MANAGED_BY = replace(
    MANAGER_ID, meaning="the manager who did it", usual_names=(*MANAGER_ID.usual_names, "agent", "employee")
)
LISTED_ON = ColumnSpec("listed_on", DAY, "the call list that asked for it", ("listed", "list date", "call list date"))

CONTACT_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec(
        "contact_id",
        TEXT,
        "number of the contact",
        ("contact no", "activity id", "activity no", "interaction id", "interaction no", "touch id", "id"),
    ),
    ColumnSpec(
        "contacted_at",
        INSTANT,
        "when we met, spoke or wrote",
        (
            "contacted on", "contact date", "contact time", "activity date", "interaction date", "touched at",
            "visited at", "called at", "sent at", *MADE, *WHEN,
        ),
        required=True,
        day="contacted_on",
    ),
    ColumnSpec(
        "channel",
        WORD,
        "call, visit, mail, message or other",
        ("type", "kind", "contact type", "activity type", "medium", "contact channel"),
        words=CHANNELS,
    ),
    ColumnSpec(
        "began_by", WORD, "us or customer", ("begun by", "started by", "initiated by", "initiator", "direction"),
        words=BEGUN_BY,
    ),
    MANAGED_BY,
    replace(PERSON, meaning="with whom", usual_names=(*PERSON.usual_names[:3], "with", "spoke to")),
    WORDS_SAID,
    LISTED_ON,
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest contacts`` may carry. A contact that a call list began has ``listed_on``."""

COMPLAINT_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec(
        "complaint_id",
        TEXT,
        "number of the complaint",
        (
            "complaint", "complaint no", "complaint number", "ticket", "ticket id", "ticket no", "ticket number",
            "case", "case id", "case no", "case number", "claim id", "claim no", "claim number", "issue id", "id",
        ),
    ),
    ColumnSpec(
        "complaint_kind",
        TEXT,
        "what it is about",
        (
            "kind", "type", "category", "complaint type", "complaint category", "ticket type", "case type", "issue",
            "topic",
        ),
    ),
    ColumnSpec(
        "opened_at",
        INSTANT,
        "when the customer complained",
        (
            "opened", "opened on", "open date", "date opened", "complaint date", "ticket date", "case date",
            "reported at", "reported on", "received at", "received on", "date received", "raised at",
            "submitted at", *MADE, *WHEN,
        ),
        required=True,
        day="opened_on",
    ),
    ColumnSpec(
        "answered_at",
        INSTANT,
        "when we answered",
        (
            "answered", "answered on", "answer date", "first response", "first response at", "first reply at",
            "responded at", "response date", "replied at",
        ),
        day="answered_on",
    ),
    ColumnSpec(
        "closed_at",
        INSTANT,
        "when it was settled",
        (
            "closed", "closed on", "close date", "closed date", "date closed", "resolved", "resolved at", "resolved on",
            "resolution date", "date resolved", "solved at", "settled at", "completed at",
        ),
        day="closed_on",
    ),
    WORDS_SAID,
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest complaints`` may carry."""

SURVEY_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec(
        "survey_id",
        TEXT,
        "number of the answer",
        ("survey no", "survey number", "response id", "response no", "answer id", "id"),
    ),
    ColumnSpec(
        "answered_at",
        INSTANT,
        "when the customer answered",
        (
            "answered", "answered on", "answer date", "survey date", "response date", "responded at", "submitted at",
            "submitted on", "completed at", *MADE, *WHEN,
        ),
        required=True,
        day="answered_on",
    ),
    ColumnSpec(
        "score",
        NUMBER,
        "how content, on a scale from 0",
        (
            "nps", "nps score", "csat", "csat score", "rating", "satisfaction", "satisfaction score", "stars", "grade",
            "points", "survey score",
        ),
        required=True,
    ),
    ColumnSpec(
        "score_max",
        NUMBER,
        "the best answer of that scale",
        ("max score", "maximum score", "maximum", "best score", "scale", "scale max", "out of", "max rating"),
        above="0",
    ),
    WORDS_SAID,
    KNOWN_AT,
)  # fmt: skip
"""What a row of ``ingest surveys`` may carry."""

CALL_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec("call_id", TEXT, "number of the call", ("call no", "call number", "id")),
    ColumnSpec(
        "called_at",
        INSTANT,
        "when it was called, or would have been",
        ("called", "called on", "call date", "call time", "assigned at", "assigned on", *MADE, *WHEN),
        required=True,
        day="called_on",
    ),
    MANAGED_BY,
    LISTED_ON,
    ColumnSpec(
        "arm", WORD, "called, held_out or none", ("treatment", "treatment group", "variant", "assignment"), words=ARMS
    ),
    ColumnSpec(
        "arm_probability",
        PRECISE,
        "the chance with which that arm was drawn",
        ("arm chance", "propensity", "assignment probability", "treatment probability", "probability"),
        above="0",
        at_most="1",
    ),
    ColumnSpec("play", TEXT, "what was to be done", ("campaign", "offer", "action", "script")),
    ColumnSpec(
        "experiment", TEXT, "the experiment it belongs to", ("experiment id", "experiment name", "test id", "trial")
    ),
    KNOWN_AT,
)
"""What a row of ``ingest calls`` may carry: calls and assignments, also those made elsewhere."""

OUTCOME_COLUMNS: tuple[ColumnSpec, ...] = (
    CUSTOMER_ID,
    ColumnSpec("outcome_id", TEXT, "number of the outcome", ("outcome no", "result id", "id")),
    ColumnSpec("call_id", TEXT, "the call it came of", ("call", "call no", "call number")),
    ColumnSpec(
        "happened_at",
        INSTANT,
        "when it came",
        ("happened on", "outcome date", "result date", "recorded on", *MADE, *WHEN[:4]),
        required=True,
        day="happened_on",
    ),
    ColumnSpec(
        "outcome", TEXT, "what came of it", ("result", "call result", "call outcome", "disposition"), required=True
    ),
    ColumnSpec(
        "reason_given", TEXT, "why, as the customer says", ("reason", "reason for leaving", "why", "because", "cause")
    ),
    WORDS_SAID,
    KNOWN_AT,
)
"""What a row of ``ingest outcomes`` may carry."""
