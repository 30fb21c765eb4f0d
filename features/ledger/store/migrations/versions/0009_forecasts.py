"""What each run said of its active customers is kept as it was, to be held against what came."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEEP = """
INSERT INTO forecasts (run_id, customer_id, churn_probability, reference_sales, value_at_risk, rank)
SELECT s.run_id, s.customer_id, s.churn_probability, s.reference_sales, s.value_at_risk,
       (SELECT min(l.rank) FROM published_list_lines l WHERE l.run_id = s.run_id AND l.customer_id = s.customer_id)
FROM published_scores s JOIN runs r ON r.run_id = s.run_id
WHERE s.population = 'active' AND s.churn_probability IS NOT NULL AND s.as_of = r.as_of
"""


def upgrade() -> None:
    """Make the table, and keep in it what runs so far said and no refresh has changed since."""
    op.create_table(
        "forecasts",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("churn_probability", sa.Double, nullable=False),
        sa.Column("reference_sales", sa.Double),
        sa.Column("value_at_risk", sa.Double),
        sa.Column("rank", sa.Integer),
    )
    op.execute(_KEEP)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("forecasts")
