"""The book stands: access keys, sessions of the page, published runs with their scores and lists."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create its tables."""
    op.create_table(
        "access_keys",
        sa.Column("key_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("key_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("manager_id", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.Integer, sa.ForeignKey("access_keys.key_id"), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("as_of_day", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("bundle_digest", sa.String(64), nullable=False),
        sa.Column("ledger_digest", sa.String(64), nullable=False),
        sa.Column("policy_digest", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("horizon_days", sa.Integer, nullable=False),
        sa.Column("made_up", sa.Boolean, nullable=False),
    )
    _create_scores()
    _create_lists()


def _create_scores() -> None:
    op.create_table(
        "published_scores",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("population", sa.Text, nullable=False),
        sa.Column("is_newcomer", sa.Boolean, nullable=False),
        sa.Column("churn_probability", sa.Double),
        sa.Column("churn_low", sa.Double),
        sa.Column("churn_high", sa.Double),
        sa.Column("decline_probability", sa.Double),
        sa.Column("reference_sales", sa.Double),
        sa.Column("expected_sales", sa.Double),
        sa.Column("value_at_risk", sa.Double),
        sa.Column("at_risk", sa.Boolean, nullable=False),
        sa.Column("at_risk_because", sa.Text),
        sa.Column("overdue_days", sa.Double),
        sa.Column("rung", sa.Text, nullable=False),
        sa.Column("is_key_account", sa.Boolean, nullable=False),
        sa.Column("key_reasons", sa.Text),
        sa.Column("reasons", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("manager_id", sa.Text),
        sa.Column("sales_365_days", sa.Double),
        sa.Column("last_order_on", sa.Integer),
        sa.Column("own_rhythm_days", sa.Double),
        sa.Column("silent_days", sa.Integer),
    )


def _create_lists() -> None:
    op.create_table(
        "published_lists",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("list_id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("manager_id", sa.Text),
    )
    op.create_table(
        "published_list_notes",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("list_id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("sentence", sa.Text, nullable=False),
    )
    op.create_table(
        "published_list_lines",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), primary_key=True),
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
        sa.Column("last_order_on", sa.Integer),
        sa.Column("own_rhythm_days", sa.Integer),
        sa.Column("silent_days", sa.Integer),
        sa.Column("play", sa.Text),
        sa.Column("contact_person", sa.Text),
        sa.Column("last_contact_on", sa.Integer),
        sa.Column("last_words", sa.Text),
        sa.Column("open_complaints", sa.Integer),
        sa.Column("language", sa.Text),
    )
