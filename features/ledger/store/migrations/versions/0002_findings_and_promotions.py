"""The tables of findings and promotions stand."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("code_version", sa.String(64), nullable=False),
        sa.Column("ledger_digest", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
    )
    op.create_index("findings_by_kind", "findings", ["kind", "finding_id"])
    op.create_table(
        "promotions",
        sa.Column("promotion_id", sa.Integer, primary_key=True),
        sa.Column("bundle_sha256", sa.String(64), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("promoted_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("registered_version", sa.String(32), nullable=False),
        sa.Column("code_version", sa.String(64), nullable=False),
        sa.Column("ledger_digest", sa.String(64), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
    )
