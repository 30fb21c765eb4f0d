"""Rows may be pushed: keys have rights, customers are dirty until refreshed, each published score has its own as-of."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of dirty customers; give keys and published scores their new columns."""
    op.create_table(
        "dirty_customers",
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("batch_id", sa.Integer, nullable=False),
        sa.Column("known_from", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.add_column("access_keys", sa.Column("rights", sa.String(16), nullable=False, server_default="read"))
    for column in (
        sa.Column("as_of", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("model_version", sa.Text, nullable=False, server_default=""),
        sa.Column("group_id", sa.Text),
        sa.Column("company_share", sa.Double),
    ):
        op.add_column("published_scores", column)
    for name in ("as_of", "model_version"):
        of_run = f"SELECT {name} FROM runs WHERE runs.run_id = published_scores.run_id"
        op.execute(f"UPDATE published_scores SET {name} = ({of_run})")
