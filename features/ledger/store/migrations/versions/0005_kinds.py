"""Every kind of rows has its table; a customer's rows, and the versions of a row, are found without reading all."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT, WHOLE, DAY = sa.Text, sa.BigInteger, sa.Integer  # money, numbers and instants are whole numbers
NEW_OF_CUSTOMERS: Mapping[str, type] = {
    "key_mark": TEXT,
    "potential_sales": WHOLE,
    "referred_by": TEXT,
    "blacklisted": DAY,
    "blacklist_reason": TEXT,
    "consent_call": DAY,
    "consent_mail": DAY,
    "consent_visit": DAY,
    "consent_message": DAY,
    "language": TEXT,
    "preferences": TEXT,
    "birthday": DAY,
}
REQUIRED = frozenset(
    {"contacted_at", "opened_at", "answered_at of surveys", "score", "invoiced_at", "amount", "event", "happened_at"}
    | {
        "called_at",
        "outcome",
        "currency of rates",
        "rated_on",
        "rate",
        "person of person_versions",
        "manager_id of manager_versions",
    }
)
TABLES: Mapping[str, Mapping[str, type]] = {
    "person_versions": {
        "customer_id": TEXT,
        "person": TEXT,
        "person_role": TEXT,
        "person_level": TEXT,
        "person_birthday": DAY,
        "contact_address": TEXT,
    },
    "manager_versions": {
        "manager_id": TEXT,
        "name": TEXT,
        "deputy_id": TEXT,
        "absent_from_on": DAY,
        "absent_until_on": DAY,
        "address": TEXT,
    },
    "contacts": {
        "customer_id": TEXT,
        "contact_id": TEXT,
        "contacted_at": WHOLE,
        "channel": TEXT,
        "began_by": TEXT,
        "manager_id": TEXT,
        "person": TEXT,
        "words": TEXT,
        "listed_on": DAY,
    },
    "complaints": {
        "customer_id": TEXT,
        "complaint_id": TEXT,
        "complaint_kind": TEXT,
        "opened_at": WHOLE,
        "answered_at": WHOLE,
        "closed_at": WHOLE,
        "words": TEXT,
    },
    "surveys": {
        "customer_id": TEXT,
        "survey_id": TEXT,
        "answered_at": WHOLE,
        "score": WHOLE,
        "score_max": WHOLE,
        "words": TEXT,
    },
    "payments": {
        "customer_id": TEXT,
        "payment_id": TEXT,
        "invoiced_at": WHOLE,
        "due_on": DAY,
        "paid_on": DAY,
        "amount": WHOLE,
        "currency": TEXT,
    },
    "events": {
        "customer_id": TEXT,
        "event_id": TEXT,
        "event": TEXT,
        "happened_at": WHOLE,
        "until_on": DAY,
        "words": TEXT,
    },
    "calls": {
        "customer_id": TEXT,
        "call_id": TEXT,
        "called_at": WHOLE,
        "manager_id": TEXT,
        "listed_on": DAY,
        "arm": TEXT,
        "arm_probability": TEXT,
        "play": TEXT,
        "experiment": TEXT,
    },
    "outcomes": {
        "customer_id": TEXT,
        "outcome_id": TEXT,
        "call_id": TEXT,
        "happened_at": WHOLE,
        "outcome": TEXT,
        "reason_given": TEXT,
        "words": TEXT,
    },
    "rates": {"currency": TEXT, "rated_on": DAY, "rate": TEXT},
}
KEYS = {
    "contacts": "contact_id",
    "complaints": "complaint_id",
    "surveys": "survey_id",
    "payments": "payment_id",
    "events": "event_id",
    "calls": "call_id",
    "outcomes": "outcome_id",
}


def upgrade() -> None:
    """Create them, and widen that of customers."""
    for name, kind in NEW_OF_CUSTOMERS.items():
        op.add_column("customer_versions", sa.Column(name, kind))
    for table, columns in TABLES.items():
        op.create_table(
            table,
            sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.batch_id"), nullable=False),
            sa.Column("file_no", sa.Integer, nullable=False),
            sa.Column("line_no", sa.BigInteger, nullable=False),
            *(sa.Column(name, kind, nullable=not _is_required(table, name)) for name, kind in columns.items()),
            sa.Column("visible_from", sa.BigInteger, nullable=False),
        )
    op.create_table(
        "row_replacements",
        sa.Column("shelf", sa.String(32), primary_key=True),
        sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("by_row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
    )
    for table in ("order_lines", "customer_versions", *(name for name in TABLES if "customer_id" in TABLES[name])):
        op.create_index(f"{table}_by_customer", table, ["customer_id"])
    op.create_index("order_lines_by_line", "order_lines", ["order_id", "line_id"])
    for table, key in KEYS.items():
        op.create_index(f"{table}_by_key", table, [key])


def _is_required(table: str, name: str) -> bool:
    is_customer = name == "customer_id" and table != "events"
    return is_customer or name in REQUIRED or f"{name} of {table}" in REQUIRED


def downgrade() -> None:
    """Drop them."""
    op.drop_index("order_lines_by_line", "order_lines")
    op.drop_index("order_lines_by_customer", "order_lines")
    op.drop_index("customer_versions_by_customer", "customer_versions")
    for table in ("row_replacements", *TABLES):
        op.drop_table(table)
    for name in NEW_OF_CUSTOMERS:
        op.drop_column("customer_versions", name)
