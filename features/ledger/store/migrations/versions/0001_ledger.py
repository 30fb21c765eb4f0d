"""The ledger's tables stand: settings, batches, order lines, replacements, customer versions, quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "ledger_settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("ingested_at", sa.BigInteger, nullable=False),
        sa.Column("history", sa.Boolean, nullable=False),
        sa.Column("accepted_rows", sa.BigInteger, nullable=False),
        sa.Column("known_at_given_rows", sa.BigInteger, nullable=False),
        sa.Column("first_row_id", sa.BigInteger),
        sa.Column("last_row_id", sa.BigInteger),
        sa.Column("first_on", sa.Integer),
        sa.Column("last_on", sa.Integer),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reconciliation", sa.Text, nullable=False),
    )
    op.create_table(
        "order_lines",
        sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.batch_id"), nullable=False),
        sa.Column("file_no", sa.Integer, nullable=False),
        sa.Column("line_no", sa.BigInteger, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("ordered_at", sa.BigInteger, nullable=False),
        sa.Column("visible_from", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("order_id", sa.Text),
        sa.Column("line_id", sa.Text),
        sa.Column("product_id", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("quantity", sa.BigInteger),
        sa.Column("unit_price", sa.BigInteger),
        sa.Column("cost", sa.BigInteger),
        sa.Column("discount", sa.BigInteger),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("manager_id", sa.Text),
        sa.Column("promised_on", sa.Integer),
        sa.Column("delivered_on", sa.Integer),
    )
    op.create_table(
        "order_replacements",
        sa.Column("row_id", sa.BigInteger, sa.ForeignKey("order_lines.row_id"), primary_key=True, autoincrement=False),
        sa.Column(
            "by_row_id", sa.BigInteger, sa.ForeignKey("order_lines.row_id"), primary_key=True, autoincrement=False
        ),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "customer_versions",
        sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.batch_id"), nullable=False),
        sa.Column("file_no", sa.Integer, nullable=False),
        sa.Column("line_no", sa.BigInteger, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("parent_id", sa.Text),
        sa.Column("department", sa.Text),
        sa.Column("manager_id", sa.Text),
        sa.Column("visible_from", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.batch_id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("line_no", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("original", sa.Text, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in (
        "quarantine",
        "customer_versions",
        "order_replacements",
        "order_lines",
        "batches",
        "ledger_settings",
    ):
        op.drop_table(name)
