"""Which customer ids are one customer, as somebody said it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "same_customers",
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("same_as", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("same_customers")
