"""The published tables: scores, call lists, their notes and their lines."""

from __future__ import annotations

import sqlalchemy as sa

from features.ledger.store.tables import METADATA, Day, Instant

published_scores = sa.Table(
    "published_scores",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("as_of", Instant, nullable=False, server_default="0"),  # the run's, or later: refreshed
    sa.Column("model_version", sa.Text, nullable=False, server_default=""),
    sa.Column("population", sa.Text, nullable=False),
    sa.Column("is_newcomer", sa.Boolean, nullable=False),
    sa.Column("churn_probability", sa.Double),
    sa.Column("churn_low", sa.Double),
    sa.Column("churn_high", sa.Double),
    sa.Column("decline_probability", sa.Double),
    sa.Column("reference_sales", sa.Double),
    sa.Column("expected_sales", sa.Double),
    sa.Column("value_at_risk", sa.Double),
    sa.Column("value_at_risk_low", sa.Double),
    sa.Column("value_at_risk_high", sa.Double),
    sa.Column("at_risk", sa.Boolean, nullable=False),
    sa.Column("at_risk_because", sa.Text),
    sa.Column("overdue_days", sa.Double),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("is_key_account", sa.Boolean, nullable=False),
    sa.Column("key_reasons", sa.Text),
    sa.Column("reasons", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("group_id", sa.Text),
    sa.Column("company_share", sa.Double),
    sa.Column("manager_id", sa.Text),
    sa.Column("sales_365_days", sa.Double),
    sa.Column("last_order_on", Day),
    sa.Column("own_rhythm_days", sa.Double),
    sa.Column("silent_days", sa.Integer),
)

published_lists = sa.Table(
    "published_lists",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("list_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("manager_id", sa.Text),
)

published_list_notes = sa.Table(
    "published_list_notes",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("list_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("sentence", sa.Text, nullable=False),
)

published_list_lines = sa.Table(
    "published_list_lines",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("list_id", sa.Text, primary_key=True),
    sa.Column("rank", sa.Integer, primary_key=True),
    sa.Column("section", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("is_key_account", sa.Boolean, nullable=False),
    sa.Column("at_risk_because", sa.Text),
    sa.Column("reasons", sa.Text),
    sa.Column("value_at_risk", sa.Double),
    sa.Column("sales_365_days", sa.Double),
    sa.Column("last_order_on", Day),
    sa.Column("own_rhythm_days", sa.Integer),
    sa.Column("silent_days", sa.Integer),
    sa.Column("play", sa.Text),
    sa.Column("contact_person", sa.Text),
    sa.Column("last_contact_on", Day),
    sa.Column("last_words", sa.Text),
    sa.Column("open_complaints", sa.Integer),
    sa.Column("language", sa.Text),
)
